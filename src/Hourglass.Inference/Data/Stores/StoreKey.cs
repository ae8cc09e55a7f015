using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Hourglass.Bundles;

namespace Hourglass.Data.Stores;

/// <summary>What a sample store depends on: the source's files with their sizes and times, the options, and the program that made it.</summary>
/// <param name="Text">All of it, in words.</param>
internal sealed record StoreKey(string Text)
{
    /// <summary>Which line of <see cref="Text"/> is the source's full path, counted from 0.</summary>
    public const int PathLine = 2;

    private const long SmallestSource = 1 << 20; // bytes; smaller ones are read in the time that a look into the cache takes

    /// <summary>The name of the store's folder.</summary>
    public string Name => Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(Text)));

    /// <summary>The key of a source; null where its store is not worth keeping: small, or not a file.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <param name="read">What was said about the source.</param>
    /// <param name="purpose">What is made of it.</param>
    public static StoreKey? Of(string path, ReadOptions read, string purpose)
    {
        try
        {
            var files = File.Exists(path) ? [new FileInfo(path)]
                : Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(file => file.FullName, StringComparer.Ordinal).ToArray()
                : [];
            if (files.Sum(file => file.Length) < SmallestSource)
            {
                return null;
            }

            var text = new StringBuilder();
            text.AppendLine(typeof(StoreKey).Module.ModuleVersionId.ToString()).AppendLine(path).AppendLine(Path.GetFullPath(path));
            foreach (var file in files)
            {
                text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}"));
            }

            return new StoreKey(text.AppendLine(BundleJson.Serialize(read with { StoreFolder = null })).Append(purpose).ToString());
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // the reader will say what is wrong
        }
    }
}
