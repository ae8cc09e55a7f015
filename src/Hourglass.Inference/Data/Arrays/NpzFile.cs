using System.Globalization;
using System.IO.Compression;

namespace Hourglass.Data.Arrays;

/// <summary>An .npz file: a zip of .npy arrays, one of which holds the samples and perhaps one the labels.</summary>
internal static class NpzFile
{
    private static readonly string[] SampleKeys = ["X", "x", "images", "data", "samples", "X_train", "x_train", "train", "arr_0"];
    private static readonly string[] LabelKeys = ["y", "labels", "label", "Y", "target", "y_train"];

    /// <summary>Opens the samples of an .npz file.</summary>
    public static ArraySource Open(string path, ReadOptions read)
    {
        ZipArchive? archive = null;
        try
        {
            archive = ZipFile.OpenRead(path);
            if (read.Key is null && SparseNpzSource.Is(archive))
            {
                return SparseNpzSource.Open(path, archive);
            }

            var arrays = new Dictionary<string, NpzEntry>(StringComparer.Ordinal);
            foreach (var entry in archive.Entries.Where(entry => entry.FullName.EndsWith(".npy", StringComparison.Ordinal)))
            {
                using var probe = entry.Open();
                arrays[entry.FullName[..^4]] = new NpzEntry(entry, NpyHeader.Read(probe, $"{path}, {entry.FullName}"));
            }

            var key = ChooseKey(path, arrays, read.Key);
            var labelKey = read.Label ?? LabelKeys.FirstOrDefault(name => name != key && arrays.TryGetValue(name, out var found) && IsLabels(found.Header, arrays[key].Header));
            var (chosen, header) = arrays[key];
            var labels = labelKey is null ? null : Labels(path, arrays, labelKey, header);
            var stream = chosen.Open();
            NpyHeader.Read(stream, path);
            return NpySource.Create(path, "npz", header, stream, chosen.Length - header.HeaderLength, labels, [stream, archive]);
        }
        catch (Exception fault)
        {
            archive?.Dispose();
            throw fault is InvalidDataException or EndOfStreamException or NotSupportedException or ArgumentException
                ? new DataException($"{path}: not a whole .npz file (a zip of .npy arrays): {fault.Message}", fault)
                : fault;
        }
    }

    private static bool IsLabels(NpyHeader labels, NpyHeader samples) =>
        labels.Shape.Length > 0 && labels.Shape[0] == samples.Shape[0] && labels.Shape.Skip(1).All(size => size == 1);

    private static string ChooseKey(string path, Dictionary<string, NpzEntry> arrays, string? wanted)
    {
        if (wanted is not null)
        {
            return arrays.ContainsKey(wanted) ? wanted : throw new DataException($"{path}: has no array '{wanted}'. It has: {List(arrays)}.");
        }

        var candidates = arrays.Where(pair => pair.Value.Header.Shape.Length >= 2 && pair.Value.Header.Shape.Skip(1).Any(size => size > 1)).Select(pair => pair.Key).ToList();
        return candidates.Count == 1 ? candidates[0]
            : SampleKeys.FirstOrDefault(candidates.Contains)
            ?? throw new DataException($"{path}: {(candidates.Count == 0 ? "no array holds samples" : "several arrays could hold the samples")}. It has: {List(arrays)}. Say which with --key NAME.");
    }

    private static SampleLabels Labels(string path, Dictionary<string, NpzEntry> arrays, string key, NpyHeader samples)
    {
        if (!arrays.TryGetValue(key, out var found) || !IsLabels(found.Header, samples))
        {
            throw new DataException($"{path}: the labels '{key}' must be an array of {samples.Shape[0]} values. It has: {List(arrays)}.");
        }

        using var stream = found.Entry.Open();
        var header = NpyHeader.Read(stream, path);
        return LabelCodes.From(new NpyValues(stream, header, $"{path}, {key}").ReadAll().Select(value => value.ToString(CultureInfo.InvariantCulture)));
    }

    private static string List(Dictionary<string, NpzEntry> arrays) =>
        arrays.Count == 0 ? "no .npy array" : string.Join(", ", arrays.Select(pair => $"{pair.Key} [{string.Join(", ", pair.Value.Header.Shape)}]"));

    private readonly record struct NpzEntry(ZipArchiveEntry Entry, NpyHeader Header);
}
