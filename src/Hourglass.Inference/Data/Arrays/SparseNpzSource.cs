using System.IO.Compression;
using System.Text;

namespace Hourglass.Data.Arrays;

/// <summary>A matrix in compressed rows, as scipy.sparse.save_npz writes it: ratings, bags of words.</summary>
internal sealed class SparseNpzSource : ArraySource
{
    private static readonly string[] Parts = ["data", "indices", "indptr", "format", "shape"];
    private readonly NpyValues _places;
    private readonly NpyValues _values;
    private readonly long[] _starts; // of each row's values
    private readonly IReadOnlyList<IDisposable> _owned;
    private float[] _room = [];
    private float[] _placeRoom = [];
    private long _next;

    private SparseNpzSource(NpyValues places, NpyValues values, long[] starts, IReadOnlyList<IDisposable> owned) => (_places, _values, _starts, _owned) = (places, values, starts, owned);

    /// <summary>Whether an archive has the parts of such a matrix.</summary>
    public static bool Is(ZipArchive archive) => Parts.All(part => archive.GetEntry(part + ".npy") is not null);

    /// <summary>Opens the matrix; the source takes the archive over.</summary>
    public static SparseNpzSource Open(string path, ZipArchive archive)
    {
        RequireRows(path, archive.GetEntry("format.npy")!);
        var shape = Numbers(path, archive, "shape", 2, 2);
        var sample = SampleShapeOf(shape, path);
        var starts = Numbers(path, archive, "indptr", shape[0] + 1, shape[0] + 1);
        if (starts[0] != 0 || starts.Zip(starts.Skip(1), (start, end) => end - start).Any(count => count < 0 || count > shape[1]))
        {
            throw new DataException($"{path}, indptr: must start at 0 and rise by at most {shape[1]} (the columns) a row. The file is damaged.");
        }

        var (places, placeStream) = Values(path, archive, "indices", starts[^1]);
        var (values, valueStream) = Values(path, archive, "data", starts[^1]);
        return new SparseNpzSource(places, values, starts, [placeStream, valueStream, archive])
        {
            Name = path,
            Format = "npz, compressed rows",
            Count = shape[0],
            Shape = sample,
            IsBytes = false,
            IsSparse = true,
        };
    }

    public override string Hash() => FileHash.Of(Name);

    public override void Next(Span<byte> bytes, Span<float> floats)
    {
        var count = (int)(_starts[_next + 1] - _starts[_next]);
        if (_room.Length < count)
        {
            (_room, _placeRoom) = (new float[count], new float[count]);
        }

        _values.Read(_room.AsSpan(0, count));
        _places.Read(_placeRoom.AsSpan(0, count)); // whole numbers up to 2^24, the longest sample, are exact in float32
        floats.Clear();
        for (var entry = 0; entry < count; entry++)
        {
            var place = _placeRoom[entry];
            floats[place >= 0 && place < floats.Length ? (int)place : throw new DataException($"{Name}: row {_next} has a value in column {place}, of {floats.Length}. The file is damaged.")] += _room[entry];
        }

        _next++;
    }

    protected override void Close()
    {
        foreach (var owned in _owned)
        {
            owned.Dispose();
        }
    }

    // A string array, which NpyHeader does not read: "csr" stands in it as bytes or as UTF-32.
    private static void RequireRows(string path, ZipArchiveEntry entry)
    {
        var bytes = new byte[Math.Min(entry.Length, 256)];
        using var stream = entry.Open();
        var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        var text = Encoding.ASCII.GetString(bytes, 0, read).Replace("\0", "", StringComparison.Ordinal);
        if (!text.EndsWith("csr", StringComparison.Ordinal))
        {
            throw new DataException($"{path}: a sparse matrix of format '{text[Math.Max(0, text.Length - 3)..]}'; compressed rows (csr) are read. Save it with scipy.sparse.save_npz(path, matrix.tocsr()).");
        }
    }

    private static long[] Numbers(string path, ZipArchive archive, string part, long least, long most)
    {
        var entry = archive.GetEntry(part + ".npy")!;
        using var stream = entry.Open();
        var header = NpyHeader.Read(stream, $"{path}, {part}");
        if (header.Shape is not [var count] || count < least || count > most || (UInt128)(entry.Length - header.HeaderLength) != header.ByteLength)
        {
            throw new DataException($"{path}, {part}: expected {least} numbers, found shape [{string.Join(", ", header.Shape)}] in {entry.Length} bytes. The file is damaged.");
        }

        return [.. new NpyValues(stream, header, $"{path}, {part}").ReadAll().Select(value => (long)value)];
    }

    private static (NpyValues Values, Stream Stream) Values(string path, ZipArchive archive, string part, long count)
    {
        var entry = archive.GetEntry(part + ".npy")!;
        var stream = entry.Open();
        var header = NpyHeader.Read(stream, $"{path}, {part}");
        return header.Shape is [var found] && found == count && (UInt128)(entry.Length - header.HeaderLength) == header.ByteLength
            ? (new NpyValues(stream, header, $"{path}, {part}"), stream)
            : throw new DataException($"{path}, {part}: expected {count} values, found shape [{string.Join(", ", header.Shape)}] in {entry.Length} bytes. The file is damaged.");
    }
}
