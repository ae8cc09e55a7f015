using System.IO.Compression;
using System.Text;

namespace Hourglass.Bundles;

/// <summary>A .hourglass file: a zip of data, never code. docs/bundle-format.md describes it byte by byte.</summary>
public static class BundleFile
{
    /// <summary>The version that this program writes, and the newest that it reads.</summary>
    public const int FormatVersion = 1;

    /// <summary>Longest text entry, in bytes.</summary>
    public const int MaximumText = 32 << 20;

    /// <summary>Longest entry of weights, in bytes.</summary>
    public const long MaximumWeights = int.MaxValue - (1 << 16);

    private const string Weights = "weights.safetensors";
    private const string Detector = "detector.json";
    private static readonly string[] Texts = ["model.json", "preprocessing.json", "training.json", "card.md"];
    private static readonly DateTimeOffset FixedTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes a bundle; the same contents give the same bytes.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="contents">What it holds.</param>
    public static void Write(string path, BundleContents contents) => AtomicFile.Write(path, stream =>
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var (name, text) in new (string, string?)[]
            { ("model.json", contents.Model), ("preprocessing.json", contents.Preprocessing), ("training.json", contents.Training), ("card.md", contents.Card), (Detector, contents.Detector) })
        {
            if (text is not null)
            {
                using var entry = Create(zip, name, CompressionLevel.Optimal);
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        using var weights = Create(zip, Weights, CompressionLevel.NoCompression);
        SafeTensors.Write(weights, [.. contents.Weights.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)]);
    });

    /// <summary>Reads a bundle; runs nothing, allocates what the file really holds.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="BundleException">Truncated, altered, oversized, of a newer version, or no bundle; the message names file and entry.</exception>
    public static BundleContents Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var zip = new ZipArchive(stream, ZipArchiveMode.Read);
            var entries = Entries(path, zip);
            var texts = Texts.ToDictionary(name => name, name => Encoding.UTF8.GetString(ReadEntry(path, entries[name], MaximumText)), StringComparer.Ordinal);
            RequireVersion(path, texts["model.json"]);
            var tensors = SafeTensors.Read(ReadEntry(path, entries[Weights], MaximumWeights), $"{path}, {Weights}");
            return new BundleContents(texts["model.json"], texts["preprocessing.json"], tensors.Tensors, texts["training.json"], texts["card.md"])
            {
                Detector = entries.TryGetValue(Detector, out var detector) ? Encoding.UTF8.GetString(ReadEntry(path, detector, MaximumText)) : null,
            };
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException or OverflowException)
        {
            throw new BundleException($"{path}: {(File.Exists(path) ? "not a whole .hourglass file" : "there is no such file")}: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }

    private static void RequireVersion(string path, string model)
    {
        var json = BundleJson.Deserialize<System.Text.Json.JsonElement>(model, $"{path}, model.json");
        if (json.ValueKind != System.Text.Json.JsonValueKind.Object || !json.TryGetProperty("formatVersion", out var member) || member.ValueKind != System.Text.Json.JsonValueKind.Number || !member.TryGetInt32(out var version))
        {
            throw new BundleException($"{path}, model.json: has no formatVersion. The file is altered or no model.");
        }

        if (version != FormatVersion)
        {
            throw new BundleException($"{path}: format version {version}; this program reads version {FormatVersion}.{(version > FormatVersion ? " The file was made by a newer Hourglass: update this one." : " The file is altered.")}");
        }
    }

    private static Stream Create(ZipArchive zip, string name, CompressionLevel level)
    {
        var entry = zip.CreateEntry(name, level);
        entry.LastWriteTime = FixedTime;
        return entry.Open();
    }

    private static Dictionary<string, ZipArchiveEntry> Entries(string path, ZipArchive zip)
    {
        var entries = new Dictionary<string, ZipArchiveEntry>(StringComparer.Ordinal);
        foreach (var entry in zip.Entries)
        {
            if ((!Texts.Contains(entry.FullName, StringComparer.Ordinal) && entry.FullName is not (Weights or Detector or "model.onnx")) || !entries.TryAdd(entry.FullName, entry))
            {
                throw new BundleException($"{path}: the entry '{Shown(entry.FullName)}' does not belong in a .hourglass file, or stands there twice. The file is altered.");
            }
        }

        string[] missing = [.. Texts.Append(Weights).Where(name => !entries.ContainsKey(name))];
        return missing.Length == 0 ? entries : throw new BundleException($"{path}: lacks {string.Join(", ", missing)}. The file is truncated or no .hourglass file.");
    }

    // Neither the claimed size nor the inflated stream is trusted: reading stops at the limit, and grows only with real bytes.
    private static byte[] ReadEntry(string path, ZipArchiveEntry entry, long limit)
    {
        if (entry.Length > limit || entry.Length > Math.Max(1 << 16, entry.CompressedLength * 1100))
        {
            throw new BundleException($"{path}, {entry.FullName}: claims {entry.Length} bytes from {entry.CompressedLength} compressed; at most {limit} are read and no data shrinks so far. The file is altered.");
        }

        using var source = entry.Open();
        using var memory = new MemoryStream();
        var room = new byte[1 << 16];
        while (source.Read(room) is var read and > 0)
        {
            memory.Write(room, 0, read);
            if (memory.Length > entry.Length)
            {
                throw new BundleException($"{path}, {entry.FullName}: holds more than the {entry.Length} bytes it claims. The file is altered.");
            }
        }

        return memory.Length == entry.Length && System.IO.Hashing.Crc32.HashToUInt32(memory.GetBuffer().AsSpan(0, (int)memory.Length)) == entry.Crc32
            ? memory.ToArray()
            : throw new BundleException($"{path}, {entry.FullName}: the checksum or length does not match ({memory.Length} of {entry.Length} bytes). The file is truncated or altered.");
    }

    private static string Shown(string name) => name.Length > 60 ? name[..60] + "..." : name;
}

/// <summary>What a bundle holds.</summary>
/// <param name="Model">model.json: format version and options.</param>
/// <param name="Preprocessing">preprocessing.json.</param>
/// <param name="Weights">weights.safetensors: parameters, running statistics, and the PCA ("pca.*") and mixture ("mixture.*") fitted beside.</param>
/// <param name="Training">training.json: history, seeds, data hash, versions.</param>
/// <param name="Card">card.md: the same for people.</param>
public sealed record BundleContents(string Model, string Preprocessing, IReadOnlyDictionary<string, StoredTensor> Weights, string Training, string Card)
{
    /// <summary>detector.json, where the file holds an anomaly detector; else null.</summary>
    public string? Detector { get; init; }
}
