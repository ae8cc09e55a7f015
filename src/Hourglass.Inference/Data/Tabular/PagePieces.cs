using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hourglass.Kernels;

namespace Hourglass.Data.Tabular;

/// <summary>A page unpacked in pieces that stay in the caches: Snappy, or bytes as they stand.</summary>
/// <remarks>Source: https://github.com/google/snappy/blob/main/format_description.txt. Its writers pack each 64 kB by themselves, so that no copy reaches back further; a page for which
/// that does not hold is refused here.</remarks>
/// <param name="bytes">Where the packed bytes come from.</param>
internal sealed unsafe class PagePieces(ParquetBytes bytes) : IDisposable
{
    private const int Fragment = 1 << 16; // bytes that are packed by themselves
    private const int Before = 512; // room for values that begin in the fragment before
    private const int Beyond = 64; // copies are made in whole registers
    private const int LongestElement = 5; // bytes of what says how much is copied from where
    private const int Register = 16;
    private readonly byte[] _window = ArrayPool<byte>.Shared.Rent(Before + Fragment + Beyond);
    private int _start = Before;
    private int _end = Before;
    private int _literal; // bytes to be taken as they stand
    private int _left; // bytes of the page that are not unpacked
    private int _packed; // bytes of the page that are not read

    /// <summary>Unpacked bytes that nobody has taken.</summary>
    public ReadOnlySpan<byte> Held => _window.AsSpan(_start, _end - _start);

    /// <summary>Begins a page.</summary>
    /// <param name="packed">Bytes in the file, from where the bytes stand.</param>
    /// <param name="size">Bytes once unpacked.</param>
    /// <param name="isSnappy">Whether they are packed.</param>
    /// <exception cref="InvalidDataException">They are not what they are said to be.</exception>
    public void Begin(int packed, int size, bool isSnappy)
    {
        (_start, _end, _packed, _left, _literal) = (Before, Before, packed, size, isSnappy ? 0 : size);
        if (!isSnappy)
        {
            return;
        }

        bytes.Hold(LongestElement);
        var (length, place) = (0L, 0);
        do
        {
            length |= (long)(bytes.Held[place] & 0x7f) << (7 * place);
        }
        while (bytes.Held[place++] >= 0x80 && place < LongestElement);

        Advance(place);
        if (length != size)
        {
            throw new InvalidDataException("A page of another size than its header says.");
        }
    }

    /// <summary>Unpacks until so many bytes are held, or more where elements end later; fewer at the end of a fragment.</summary>
    /// <param name="least">Fewer are not left at a fragment's end; at most 512.</param>
    /// <param name="most">Bytes that are wanted.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged, or end.</exception>
    public void Fill(int least, int most)
    {
        do
        {
            if (_end - _start < least && _end == Before + Fragment)
            {
                var held = _end - _start;
                Held.CopyTo(_window.AsSpan(Before - held));
                (_start, _end) = (Before - held, Before);
            }

            UnpackTo(Math.Min(Math.Min(_start + most, Before + Fragment), _end + _left));
        }
        while (_end - _start < least && _left > 0); // the fragment has ended meanwhile
    }

    /// <summary>Takes bytes that are held.</summary>
    public void Take(int count) => _start += count;

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_window);

    private void UnpackTo(int target)
    {
        while (_end < target)
        {
            if (_literal > 0)
            {
                TakeLiteral(Math.Min(_literal, Before + Fragment - _end)); // at once to its end: one call of the system for up to 64 kB
                continue;
            }

            bytes.Hold(LongestElement);
            Unpack(target);
        }
    }

    private void Advance(int count)
    {
        bytes.Skip(count);
        _packed = count <= _packed ? _packed - count : throw new InvalidDataException("A page longer than its header says.");
    }

    private void TakeLiteral(int count)
    {
        if (count > _left || count > _packed)
        {
            throw new InvalidDataException("A page shorter than its header says.");
        }

        bytes.Take(_window.AsSpan(_end, count));
        (_end, _left, _literal, _packed) = (_end + count, _left - count, _literal - count, _packed - count);
    }

    // Elements until enough is unpacked, a long literal comes, or fewer bytes are held than the longest element has.
    [MethodImpl(KernelCode.ByItself)]
    private void Unpack(int target)
    {
        var held = bytes.Held;
        var (place, end) = (0, _end);
        fixed (byte* source = held, window = _window)
        {
            while (end < target && _literal == 0 && (held.Length - place >= LongestElement || (place == 0 && held.Length > 0)))
            {
                var tag = source[place];
                if ((tag & 3) == 0)
                {
                    place += LiteralLength(held[place..], out _literal);
                    var whole = Math.Min(_literal, Math.Min(held.Length - place, Before + Fragment - end));
                    held.Slice(place, whole).CopyTo(_window.AsSpan(end));
                    (place, end, _literal) = (place + whole, end + whole, _literal - whole);
                    continue;
                }

                var (size, length, offset) = Copy(held[place..]);
                if (offset <= 0 || offset > end - Before || end + length > Before + Fragment)
                {
                    throw new InvalidDataException("A copy from before its fragment.");
                }

                place += size;
                Repeat(window + end, offset, length);
                end += length;
            }
        }

        if (place == 0 || end - _end > _left)
        {
            throw new InvalidDataException("A page of another size than its header says.");
        }

        Advance(place);
        (_left, _end) = (_left - (end - _end), end);
    }

    private static int LiteralLength(ReadOnlySpan<byte> element, out int length)
    {
        var (code, bits) = (element[0] >> 2, 0L);
        if (code < 60)
        {
            length = code + 1;
            return 1;
        }

        for (var place = 0; place < code - 59; place++)
        {
            bits |= (long)element[place + 1] << (8 * place);
        }

        length = bits < int.MaxValue ? (int)bits + 1 : throw new InvalidDataException("A literal of more than 2 GB.");
        return code - 58;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (int Size, int Length, int Offset) Copy(ReadOnlySpan<byte> element) => (element[0] & 3) switch
    {
        1 => (2, 4 + ((element[0] >> 2) & 7), ((element[0] >> 5) << 8) | element[1]),
        2 => (3, 1 + (element[0] >> 2), element[1] | (element[2] << 8)),
        _ => (5, 1 + (element[0] >> 2), element[1] | (element[2] << 8) | (element[3] << 16) | (element[4] << 24)),
    };

    // At most 64 bytes; what a copy has written it may read again.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Repeat(byte* target, int offset, int length)
    {
        if (offset < Register)
        {
            for (var place = 0; place < length; place++)
            {
                target[place] = target[place - offset];
            }

            return;
        }

        for (var place = 0; place < length; place += Register)
        {
            Vector128.Load(target + place - offset).Store(target + place);
        }
    }
}
