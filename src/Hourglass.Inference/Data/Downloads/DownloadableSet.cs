using System.Diagnostics.CodeAnalysis;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Hourglass.Bundles;

namespace Hourglass.Data.Downloads;

/// <summary>A published set: where it is, what its files are, and where they are kept.</summary>
/// <param name="Name">Its word on the command line.</param>
/// <param name="Description">What it is and whose.</param>
/// <param name="Address">Folder of the files.</param>
/// <param name="Files">Names and MD5 checksums as the publisher gives them.</param>
public sealed record DownloadableSet(string Name, string Description, Uri Address, IReadOnlyList<DownloadableFile> Files)
{
    /// <summary>Where sets are kept.</summary>
    public static string CacheRoot { get; } = Path.Combine(UserCaches(), "data");

    /// <summary>Where this set's files are kept.</summary>
    public string Folder { get; init; } = Path.Combine(CacheRoot, Name);

    /// <summary>Whether all files are there.</summary>
    public bool IsCached => Files.All(file => File.Exists(Path.Combine(Folder, file.Name)));

    /// <summary>Where all of the program's caches stand: in XDG_CACHE_HOME, or where the system has them.</summary>
    internal static string UserCaches() => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } root ? root
        : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "hourglass");

    /// <summary>Fetches what is missing, checks it, unpacks archives.</summary>
    /// <param name="client">Its handler may be a test's.</param>
    /// <param name="progress">Told a line for each file.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="HourglassException">No network, or a file with another checksum; the message says what to put where.</exception>
    public async Task GetAsync(HttpClient client, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        foreach (var file in Files)
        {
            var path = Path.Combine(Folder, file.Name);
            if (!File.Exists(path))
            {
                progress?.Report($"Downloading {new Uri(Address, file.Name)}");
                var bytes = await DownloadAsync(client, file, path, cancellationToken);
                AtomicFile.Write(path, stream => stream.Write(bytes));
            }

            if (path.EndsWith(".tar.gz", StringComparison.Ordinal))
            {
                await using var archive = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
                await TarFile.ExtractToDirectoryAsync(archive, Folder, overwriteFiles: true, cancellationToken);
            }
        }
    }

    [SuppressMessage("Security", "CA5351", Justification = "The publishers give MD5; it guards against damage, and the files are data only.")]
    private async Task<byte[]> DownloadAsync(HttpClient client, DownloadableFile file, string path, CancellationToken cancellationToken)
    {
        byte[] bytes;
        try
        {
            bytes = await client.GetByteArrayAsync(new Uri(Address, file.Name), cancellationToken);
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new HourglassException($"{new Uri(Address, file.Name)} cannot be reached ({fault.Message.ReplaceLineEndings(" ")}). Where the network is closed, fetch that file elsewhere and put it at {path}", fault);
        }

        var found = Convert.ToHexStringLower(MD5.HashData(bytes));
        return found == file.Md5
            ? bytes
            : throw new HourglassException($"{new Uri(Address, file.Name)}: expected the MD5 checksum {file.Md5}, found {found}. Nothing was kept; try again later.");
    }
}

/// <summary>One file of a set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Md5">Its checksum.</param>
public sealed record DownloadableFile(string Name, string Md5);
