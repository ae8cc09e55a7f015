using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Hourglass.Data.Arrays;

/// <summary>The header of a .npy file. Format: NumPy Enhancement Proposal 1, versions 1 to 3.</summary>
/// <param name="Type">"f4", "u1", ...: kind and width in bytes.</param>
/// <param name="BigEndian">Byte order of values.</param>
/// <param name="FortranOrder">Whether the first axis runs fastest.</param>
/// <param name="Shape">Sizes of the axes.</param>
/// <param name="HeaderLength">Bytes before the first value.</param>
internal sealed partial record NpyHeader(string Type, bool BigEndian, bool FortranOrder, long[] Shape, long HeaderLength)
{
    private const int MaximumLength = 1 << 16;
    private static readonly string[] Types = ["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"];

    /// <summary>Bytes of one value.</summary>
    public int ValueSize => Type[1] - '0';

    /// <summary>Bytes of all values.</summary>
    public UInt128 ByteLength => Shape.Aggregate((UInt128)ValueSize, (product, size) => product > long.MaxValue ? product : product * (UInt128)size);

    /// <summary>Reads the header and leaves the stream at the first value.</summary>
    public static NpyHeader Read(Stream stream, string place)
    {
        var start = new byte[12];
        if (stream.ReadAtLeast(start.AsSpan(0, 10), 10, throwOnEndOfStream: false) < 10 || start[0] != 0x93 || !start.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
        {
            throw new DataException($"{place}: not a .npy array (expected the bytes 93 'NUMPY' at its start).");
        }

        long length = start[8] | (start[9] << 8);
        var fixedLength = start[6] > 1 ? 12 : 10;
        if (start[6] > 1)
        {
            stream.ReadExactly(start, 10, 2);
            length |= ((long)start[10] << 16) | ((long)start[11] << 24);
        }

        if (start[6] is 0 or > 3 || length > MaximumLength)
        {
            throw new DataException($"{place}: .npy version {start[6]} with a header of {length} bytes; versions 1 to 3 and at most {MaximumLength} bytes are read.");
        }

        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return Parse(Encoding.UTF8.GetString(bytes), fixedLength + length, place);
    }

    private static NpyHeader Parse(string text, long headerLength, string place)
    {
        var (type, order, shape) = (TypePattern().Match(text), OrderPattern().Match(text), ShapePattern().Match(text));
        if (!type.Success || !order.Success || !shape.Success || !Types.Contains(type.Groups["type"].Value))
        {
            throw new DataException($"{place}: the header '{text.Trim()[..Math.Min(80, text.Trim().Length)]}' does not describe an array of numbers (bool, int, uint or float). Save it with astype('float32').");
        }

        var sizes = new List<long>();
        foreach (var size in shape.Groups["sizes"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            sizes.Add(long.TryParse(size.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? value
                : throw new DataException($"{place}: '{size}' in the shape is no size."));
        }

        return new NpyHeader(type.Groups["type"].Value, type.Groups["order"].Value == ">", order.Groups["fortran"].Value == "True", [.. sizes], headerLength);
    }

    [GeneratedRegex("""['"]descr['"]\s*:\s*['"](?<order>[<>|=]?)(?<type>[a-zA-Z]\d+)['"]""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TypePattern();

    [GeneratedRegex("""['"]fortran_order['"]\s*:\s*(?<fortran>True|False)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OrderPattern();

    [GeneratedRegex("""['"]shape['"]\s*:\s*\((?<sizes>[^)]*)\)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ShapePattern();
}
