using System.IO.Hashing;

namespace Hourglass.Bundles;

/// <summary>A safetensors file that ends in a checksum, so that a torn file is known as such.</summary>
public static class CheckpointFile
{
    /// <summary>Writes a checkpoint; a kill at any moment leaves the old file or the new one.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="metadata">Texts.</param>
    /// <param name="tensors">Arrays.</param>
    public static void Write(string path, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<StoredTensor> tensors)
    {
        AtomicFile.Write(path, stream =>
        {
            var hash = new XxHash128();
            SafeTensors.Write(Take, tensors, metadata);
            stream.Write(hash.GetCurrentHash());

            void Take(ReadOnlySpan<byte> bytes)
            {
                hash.Append(bytes);
                stream.Write(bytes);
            }
        });
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="BundleException">Torn, altered or not a checkpoint.</exception>
    public static (IReadOnlyDictionary<string, string> Metadata, IReadOnlyDictionary<string, StoredTensor> Tensors) Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new BundleException($"Cannot read {path}: {fault.Message}", fault);
        }

        var body = bytes.AsSpan(0, Math.Max(0, bytes.Length - 16));
        if (bytes.Length < 24 || !XxHash128.Hash(body).AsSpan().SequenceEqual(bytes.AsSpan(bytes.Length - 16)))
        {
            throw new BundleException($"{path}: the checksum does not match; the checkpoint is torn or altered. Delete it to start anew.");
        }

        var contents = SafeTensors.Read(body, path);
        return (contents.Metadata, contents.Tensors);
    }
}
