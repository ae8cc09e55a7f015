using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Hourglass.Bundles;

/// <summary>The safetensors format: an 8-byte length, a JSON header of names, types, shapes and offsets, then the values.</summary>
/// <remarks>https://github.com/huggingface/safetensors#format. Types F32 and I64 are read. Every size is checked against the
/// bytes at hand before anything is allocated.</remarks>
public static class SafeTensors
{
    /// <summary>Longest header that is read, in bytes.</summary>
    public const int MaximumHeader = 16 << 20;

    /// <summary>Writes tensors in the given order.</summary>
    /// <param name="destination">Receives the file.</param>
    /// <param name="tensors">Names must differ.</param>
    /// <param name="metadata">Texts for the header's __metadata__.</param>
    public static void Write(Stream destination, IReadOnlyList<StoredTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null) => Write(destination.Write, tensors, metadata);

    /// <summary>Writes tensors in the given order, piece by piece.</summary>
    /// <param name="write">Takes the file's bytes in order.</param>
    /// <param name="tensors">Names must differ.</param>
    /// <param name="metadata">Texts for the header's __metadata__.</param>
    internal static void Write(Action<ReadOnlySpan<byte>> write, IReadOnlyList<StoredTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            var offset = 0L;
            foreach (var tensor in tensors)
            {
                WriteEntry(json, tensor, ref offset);
            }

            json.WriteEndObject();
        }

        while (header.Length % 8 != 0)
        {
            header.WriteByte((byte)' '); // values start at a multiple of 8, as the format asks
        }

        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        write(length);
        write(header.GetBuffer().AsSpan(0, (int)header.Length));
        foreach (var tensor in tensors)
        {
            write(tensor.Bytes);
        }
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="file">All of its bytes.</param>
    /// <param name="place">File and entry, for errors.</param>
    /// <exception cref="BundleException">The bytes are not such a file; the message says in what.</exception>
    public static SafeTensorsContents Read(ReadOnlySpan<byte> file, string place)
    {
        var length = file.Length < 8 ? ulong.MaxValue : BinaryPrimitives.ReadUInt64LittleEndian(file);
        if (length > MaximumHeader || length > (ulong)(file.Length - 8))
        {
            throw new BundleException($"{place}: the header claims {length} bytes, but the file has {file.Length} and headers may have {MaximumHeader}. The file is truncated or altered.");
        }

        var values = file[(8 + (int)length)..];
        try
        {
            using var header = JsonDocument.Parse(Encoding.UTF8.GetString(file.Slice(8, (int)length)), new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            return ReadEntries(header.RootElement, values, place);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or OverflowException)
        {
            throw new BundleException($"{place}: the header is not what safetensors has: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }

    private static void WriteEntry(Utf8JsonWriter json, StoredTensor tensor, ref long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.IsInteger ? "I64" : "F32");
        json.WriteStartArray("shape");
        foreach (var size in tensor.Shape)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset += tensor.Bytes.Length);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static SafeTensorsContents ReadEntries(JsonElement header, ReadOnlySpan<byte> values, string place)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var entries = new List<(long Start, long End, string Name, JsonElement Entry)>();
        foreach (var member in header.EnumerateObject())
        {
            if (member.NameEquals("__metadata__"))
            {
                foreach (var text in member.Value.EnumerateObject())
                {
                    metadata.Add(text.Name, text.Value.GetString() ?? "");
                }

                continue;
            }

            var offsets = member.Value.GetProperty("data_offsets");
            if (offsets.GetArrayLength() != 2)
            {
                throw new BundleException($"{place}: tensor '{member.Name}' must have two data_offsets, got {offsets.GetArrayLength()}.");
            }

            entries.Add((offsets[0].GetInt64(), offsets[1].GetInt64(), member.Name, member.Value));
        }

        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        var next = 0L;
        foreach (var (start, end, name, entry) in entries.OrderBy(entry => entry.Start).ThenBy(entry => entry.End))
        {
            if (start != next || end < start || end > values.Length)
            {
                throw new BundleException($"{place}: tensor '{name}' claims bytes {start} to {end} of {values.Length}, expected to start at {next}. Tensors must follow each other without gaps.");
            }

            tensors.Add(name, ReadTensor(name, entry, values[(int)start..(int)end], place));
            next = end;
        }

        return next == values.Length
            ? new SafeTensorsContents(tensors, metadata)
            : throw new BundleException($"{place}: {values.Length - next} bytes after the last tensor belong to nothing. The file is altered.");
    }

    private static StoredTensor ReadTensor(string name, JsonElement entry, ReadOnlySpan<byte> bytes, string place)
    {
        var type = entry.GetProperty("dtype").GetString();
        var shape = entry.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        var width = type switch
        {
            "F32" => 4,
            "I64" => 8,
            _ => throw new BundleException($"{place}: tensor '{name}' is of type {type}; this reader knows F32 and I64."),
        };
        var count = shape.Aggregate((UInt128)1, (product, size) => size < 0 || product > long.MaxValue ? UInt128.MaxValue >> 64 : product * (UInt128)size);
        if (shape.Length > 8 || count * (UInt128)width != (UInt128)bytes.Length)
        {
            throw new BundleException($"{place}: tensor '{name}' of type {type} and shape [{string.Join(", ", shape.Take(8))}] does not fill its {bytes.Length} bytes.");
        }

        return type == "I64"
            ? new StoredTensor(name, shape, MemoryMarshal.Cast<byte, long>(bytes).ToArray())
            : new StoredTensor(name, shape, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
    }
}

/// <summary>What a safetensors file holds.</summary>
/// <param name="Tensors">By name.</param>
/// <param name="Metadata">Texts of the header.</param>
public sealed record SafeTensorsContents(IReadOnlyDictionary<string, StoredTensor> Tensors, IReadOnlyDictionary<string, string> Metadata);
