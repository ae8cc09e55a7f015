using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Hourglass.Bundles;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Stores;

/// <summary>What is known about the samples of a kept store, in a file beside it; docs/sample-store.md has the layout.</summary>
internal static class StoredData
{
    private const int HashSize = 16;
    private static ReadOnlySpan<byte> Magic => "HGLDATA1"u8;

    /// <summary>Writes it.</summary>
    public static void Write(string path, StoreKey key, PreparedData data) => File.WriteAllBytes(path, ToBytes(key, data));

    /// <summary>What the file holds.</summary>
    public static byte[] ToBytes(StoreKey key, PreparedData data)
    {
        using var memory = new MemoryStream();
        using (var writer = new BinaryWriter(memory, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(key.Text);
            writer.Write(data.Samples.ContentHash);
            writer.Write(BundleJson.Serialize(data.Preprocessing));
            writer.Write(BundleJson.Serialize(data.Description));
            writer.Write(data.Samples.Count);
            writer.Write(HeldBits(data));
            WriteAll(writer, data.Labels?.Names, writer.Write);
            writer.Write(MemoryMarshal.AsBytes<int>(data.Labels?.Codes ?? []));
            WriteAll(writer, data.Identifiers, writer.Write);
            WriteAll(writer, data.Times, writer.Write);
        }

        memory.Write(XxHash128.Hash(memory.GetBuffer().AsSpan(0, (int)memory.Length)));
        return memory.ToArray();
    }

    /// <summary>Reads it, and opens the store.</summary>
    /// <param name="path">The file.</param>
    /// <param name="store">The store.</param>
    /// <param name="key">What it must have been made for.</param>
    /// <exception cref="DataException">One of both is damaged, or is another's.</exception>
    public static PreparedData Read(string path, string store, StoreKey key) => Of(File.ReadAllBytes(path), path, key, () => SampleStore.Open(store));

    /// <summary>Takes what such a file holds.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="path">What to call it in faults.</param>
    /// <param name="key">What it must have been made for.</param>
    /// <param name="open">Opens the store.</param>
    /// <exception cref="DataException">One of both is damaged, or is another's.</exception>
    public static PreparedData Of(byte[] bytes, string path, StoreKey key, Func<SampleStore> open)
    {
        if (bytes.Length < Magic.Length + HashSize || !bytes.AsSpan().StartsWith(Magic) || !XxHash128.Hash(bytes.AsSpan(0, bytes.Length - HashSize)).AsSpan().SequenceEqual(bytes.AsSpan(bytes.Length - HashSize)))
        {
            throw new DataException($"{path}: damaged, or not what lies beside a kept sample store.");
        }

        using var reader = new BinaryReader(new MemoryStream(bytes, Magic.Length, bytes.Length - Magic.Length - HashSize), Encoding.UTF8);
        if (reader.ReadString() != key.Text)
        {
            throw new DataException($"{path}: made for another source.");
        }

        var hash = reader.ReadString();
        var preprocessing = BundleJson.Deserialize<SamplePreprocessing>(reader.ReadString(), path);
        var description = BundleJson.Deserialize<DataDescription>(reader.ReadString(), path);
        var count = checked((int)reader.ReadInt64());
        var split = HoldOut.Split(IsHeld(reader.ReadBytes((count + 7) / 8), count));
        var names = ReadAll(reader, reader.ReadString);
        var codes = MemoryMarshal.Cast<byte, int>(reader.ReadBytes(names is null ? 0 : sizeof(int) * count)).ToArray();
        var (identifiers, times) = (ReadAll(reader, reader.ReadString), ReadAll(reader, reader.ReadDouble));
        var samples = open();
        if (samples.Count == count && samples.ContentHash == hash)
        {
            return new PreparedData { Samples = samples, Preprocessing = preprocessing, Description = description, Split = split, Labels = names is null ? null : new SampleLabels(names, codes), Identifiers = identifiers, Times = times, IsReused = true };
        }

        samples.Dispose();
        throw new DataException($"{samples.Path}: not the store that {path} tells of.");
    }

    /// <summary>The path in the key of such a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">It is none.</exception>
    public static string SourceOf(string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path), Encoding.UTF8);
        return reader.ReadBytes(Magic.Length).AsSpan().SequenceEqual(Magic)
            ? reader.ReadString().Split('\n')[StoreKey.PathLine].TrimEnd()
            : throw new DataException($"{path}: damaged, or not what lies beside a kept sample store.");
    }

    private static byte[] HeldBits(PreparedData data)
    {
        var bits = new byte[(data.Samples.Count + 7) / 8];
        foreach (var sample in data.Split.Validation)
        {
            bits[sample / 8] |= (byte)(1 << (int)(sample % 8));
        }

        return bits;
    }

    private static List<bool> IsHeld(byte[] bits, int count) => [.. Enumerable.Range(0, count).Select(sample => (bits[sample / 8] & (1 << (sample % 8))) != 0)];

    // The number of items, -1 for none at all, then they.
    private static void WriteAll<T>(BinaryWriter writer, IReadOnlyList<T>? items, Action<T> write)
    {
        writer.Write(items?.Count ?? -1);
        foreach (var item in items ?? [])
        {
            write(item);
        }
    }

    private static T[]? ReadAll<T>(BinaryReader reader, Func<T> read)
    {
        var items = reader.ReadInt32() is var count and >= 0 ? new T[count] : null;
        for (var item = 0; item < items?.Length; item++)
        {
            items[item] = read();
        }

        return items;
    }
}
