using Hourglass.Data.Downloads;

namespace Hourglass.Data.Stores;

/// <summary>Sample stores kept from run to run, so that an unchanged source is read once. docs/sample-store.md tells what a store depends on.</summary>
/// <remarks>Safe for several processes: stores appear whole under their name, and a damaged one is made anew.</remarks>
public sealed class StoreCache
{
    private const long MostBytes = 10L << 30;
    private const int DiskShare = 4; // of what is free, at most one part in so many
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    /// <summary>A cache in a folder.</summary>
    /// <param name="folder">Made when the first store is kept.</param>
    /// <param name="limit">Bytes that all stores may take; those not used for longest go first.</param>
    public StoreCache(string folder, long limit) => (Folder, Limit) = (Path.GetFullPath(folder), limit);

    /// <summary>Where the stores are.</summary>
    public string Folder { get; }

    /// <summary>Bytes that all stores may take.</summary>
    public long Limit { get; }

    /// <summary>The user's own: under XDG_CACHE_HOME or what the system has for caches, 10 GiB and at most a quarter of the free disk.</summary>
    public static StoreCache OfUser()
    {
        var folder = Path.Combine(DownloadableSet.UserCaches(), "stores");
        try
        {
            var root = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(folder)! : NearestFolder(folder));
            return new StoreCache(folder, Math.Min(MostBytes, root.AvailableFreeSpace / DiskShare));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new StoreCache(folder, 0);
        }
    }

    /// <summary>What is kept, last used first.</summary>
    public IReadOnlyList<KeptStore> Stores() => !Directory.Exists(Folder) ? [] :
    [
        .. new DirectoryInfo(Folder).EnumerateDirectories().Where(entry => entry.Name.Length == 32).Select(entry => new KeptStore(
            entry.Name, Source(entry), entry.EnumerateFiles().Sum(file => file.Length), entry.LastWriteTimeUtc)).OrderByDescending(store => store.Used),
    ];

    /// <summary>Removes all stores.</summary>
    /// <returns>Bytes freed.</returns>
    public long Clear()
    {
        var stores = Stores();
        foreach (var store in stores)
        {
            Remove(store.Name);
        }

        return stores.Sum(store => store.Bytes);
    }

    /// <summary>The kept store of a source; made and kept where there is none.</summary>
    /// <param name="path">The source.</param>
    /// <param name="read">What was said about it.</param>
    /// <param name="purpose">What is made of it.</param>
    /// <param name="make">Reads the source.</param>
    internal PreparedData Through(string path, ReadOptions read, string purpose, Func<ReadOptions, PreparedData> make)
    {
        if (StoreKey.Of(path, read, purpose) is not { } key || !CanWrite())
        {
            return make(read);
        }

        if (Find(key) is { } kept)
        {
            return kept;
        }

        var data = make(read with { StoreFolder = Folder });
        var isUnchanged = StoreKey.Of(path, read, purpose) == key; // a source that was written to while it was read is no one's
        return isUnchanged && new FileInfo(data.Samples.Path).Length <= Limit ? Keep(key, data) ?? make(read) : data;
    }

    private PreparedData? Find(StoreKey key)
    {
        var entry = Path.Combine(Folder, key.Name);
        try
        {
            if (!Directory.Exists(entry))
            {
                return null;
            }

            var data = StoredData.Read(DataPath(entry), StorePath(entry), key);
            Directory.SetLastWriteTimeUtc(entry, DateTime.UtcNow);
            return data;
        }
        catch (Exception fault) when (fault is HourglassException or IOException or UnauthorizedAccessException or OverflowException or ArgumentException)
        {
            Remove(key.Name);
            return null;
        }
    }

    // Under another name first, whole, then renamed: whoever comes second finds the first one's.
    // Null where others have removed it in the same moment.
    private PreparedData? Keep(StoreKey key, PreparedData data)
    {
        var fresh = Path.Combine(Folder, $"new-{Guid.NewGuid():n}");
        var path = data.Samples.Path;
        try
        {
            Directory.CreateDirectory(fresh);
            StoredData.Write(DataPath(fresh), key, data);
            data.Samples.Release();
            File.Move(path, StorePath(fresh));
            if (!Directory.Exists(Path.Combine(Folder, key.Name)))
            {
                Directory.Move(fresh, Path.Combine(Folder, key.Name));
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A full disk, or another process that was quicker: what was read serves this run.
        }

        var kept = Find(key);
        if (kept is null)
        {
            data.Samples.Release();
            path = File.Exists(path) ? path : StorePath(fresh);
            return File.Exists(path) ? data.With(SampleStore.Open(path, verifyContent: false, deleteOnDispose: true)) : null;
        }

        TryDelete(fresh);
        Evict(key.Name);
        return kept.With(kept.Samples, isReused: false);
    }

    private void Evict(string latest)
    {
        var stores = Stores();
        var bytes = stores.Sum(store => store.Bytes);
        foreach (var store in stores.Reverse().TakeWhile(store => bytes > Limit && store.Name != latest))
        {
            Remove(store.Name);
            bytes -= store.Bytes;
        }

        foreach (var left in new DirectoryInfo(Folder).EnumerateDirectories("*-*").Where(left => DateTime.UtcNow - left.LastWriteTimeUtc > Abandoned))
        {
            TryDelete(left.FullName);
        }
    }

    // Out of sight at once, so that nobody finds half of it.
    private void Remove(string name)
    {
        var away = Path.Combine(Folder, $"old-{Guid.NewGuid():n}");
        try
        {
            Directory.Move(Path.Combine(Folder, name), away);
            TryDelete(away);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // In use, or gone already.
        }
    }

    private bool CanWrite()
    {
        try
        {
            Directory.CreateDirectory(Folder);
            return Limit > 0;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Another process is at it; the next one sweeps.
        }
    }

    private static string Source(DirectoryInfo entry)
    {
        try
        {
            return StoredData.SourceOf(DataPath(entry.FullName));
        }
        catch (Exception fault) when (fault is HourglassException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "damaged";
        }
    }

    private static string NearestFolder(string folder) => Directory.Exists(folder) ? folder : NearestFolder(Path.GetDirectoryName(folder)!);

    private static string StorePath(string entry) => Path.Combine(entry, "samples");

    private static string DataPath(string entry) => Path.Combine(entry, "data");
}

/// <summary>A kept store.</summary>
/// <param name="Name">Of its folder.</param>
/// <param name="Source">The file or folder that was read.</param>
/// <param name="Bytes">What it takes on the disk.</param>
/// <param name="Used">When it was last made or reused, UTC.</param>
public sealed record KeptStore(string Name, string Source, long Bytes, DateTime Used);
