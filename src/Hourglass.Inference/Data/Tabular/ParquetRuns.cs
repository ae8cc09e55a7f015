namespace Hourglass.Data.Tabular;

/// <summary>Parquet's hybrid of runs and packed bits, in which levels and numbers of a dictionary are written.</summary>
/// <remarks>Source: https://parquet.apache.org/docs/file-format/data-pages/encodings/, RLE.</remarks>
internal static class ParquetRuns
{
    /// <summary>Reads numbers.</summary>
    /// <param name="bytes">The runs.</param>
    /// <param name="width">Bits of a number, 0 to 32.</param>
    /// <param name="numbers">Receives as many as it has room for.</param>
    /// <exception cref="InvalidDataException">There are fewer, or wider ones.</exception>
    public static void Read(ReadOnlySpan<byte> bytes, int width, Span<int> numbers)
    {
        if (width is < 0 or > 32)
        {
            throw new InvalidDataException($"Numbers of {width} bits.");
        }

        while (numbers.Length > 0)
        {
            var head = Head(ref bytes);
            if ((head & 1) == 0)
            {
                var (length, size) = ((int)Math.Min(head >> 1, (uint)numbers.Length), (width + 7) / 8);
                numbers[..length].Fill((int)Bits(bytes[..size]));
                bytes = bytes[size..];
                numbers = numbers[length..];
            }
            else
            {
                var size = checked((int)(head >> 1) * width); // bytes of groups of eight numbers
                var length = (int)Math.Min((long)(head >> 1) * 8, numbers.Length);
                Unpack(bytes[..Math.Min(size, bytes.Length)], width, numbers[..length]);
                bytes = bytes[Math.Min(size, bytes.Length)..];
                numbers = numbers[length..];
            }
        }
    }

    /// <summary>Whether all numbers are one and the same, in a single run.</summary>
    /// <param name="bytes">The runs.</param>
    /// <param name="count">How many numbers there are.</param>
    /// <param name="number">The number, of at most 8 bits.</param>
    public static bool IsOneRun(ReadOnlySpan<byte> bytes, int count, int number) => (Head(ref bytes) is var head) && (head & 1) == 0 && head >> 1 >= (uint)count && bytes[0] == number;

    private static uint Head(ref ReadOnlySpan<byte> bytes)
    {
        var head = 0u;
        for (var place = 0; place < 5; place++)
        {
            head |= (uint)(bytes[place] & 0x7f) << (7 * place);
            if (bytes[place] < 0x80)
            {
                bytes = bytes[(place + 1)..];
                return head;
            }
        }

        throw new InvalidDataException("A run of more than 32 bits.");
    }

    private static uint Bits(ReadOnlySpan<byte> bytes)
    {
        var value = 0u;
        for (var place = 0; place < bytes.Length; place++)
        {
            value |= (uint)bytes[place] << (8 * place);
        }

        return value;
    }

    private static void Unpack(ReadOnlySpan<byte> bytes, int width, Span<int> numbers)
    {
        var (bits, held, next, mask) = (0UL, 0, 0, (1UL << width) - 1);
        for (var number = 0; number < numbers.Length; number++)
        {
            for (; held < width; held += 8)
            {
                bits |= (ulong)bytes[next++] << held;
            }

            numbers[number] = (int)(bits & mask);
            bits >>= width;
            held -= width;
        }
    }
}
