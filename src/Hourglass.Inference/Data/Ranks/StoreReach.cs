using System.Globalization;
using System.Text;
using Hourglass.Collectives;
using Hourglass.Data.Stores;

namespace Hourglass.Data.Ranks;

/// <summary>Sample stores of one rank, where others can read them.</summary>
/// <remarks>Ranks that see the file map it as it is; on each machine that does not, one rank writes a copy for all.</remarks>
internal static class StoreReach
{
    /// <summary>The store of rank 0 on every rank.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="own">Of rank 0; null elsewhere.</param>
    /// <param name="folder">Where copies go.</param>
    /// <exception cref="AgreedFaultException">A rank cannot have it.</exception>
    public static SampleStore Everywhere(ICollective ranks, SampleStore? own, string? folder)
    {
        var store = Facts.Parse(Agreement.Told(ranks, own is null ? [] : Facts.Of(own).ToBytes()));
        var opened = own ?? store.Open();
        var blind = ranks.Gather(Encoding.UTF8.GetBytes(opened is null ? Environment.MachineName : "")).Select(Encoding.UTF8.GetString).ToList();
        var lead = opened is null ? blind.IndexOf(blind[ranks.Rank]) : -1; // who writes this machine's copy
        var copy = lead == ranks.Rank ? TemporaryStores.NewPath(folder) : "";
        if (blind.TrueForAll(machine => machine.Length == 0))
        {
            return opened!;
        }

        Agreement.Together(ranks, () => Copy(own?.Path, copy, store.Length, ranks.Broadcast));
        var copies = ranks.Gather(Encoding.UTF8.GetBytes(copy)).Select(Encoding.UTF8.GetString).ToList();
        return Agreement.Together(ranks, () => opened ?? OpenCopy(copies[lead], lead, ranks.Rank == lead));
    }

    /// <summary>A store of one rank, at rank 0.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="from">Whose.</param>
    /// <param name="own">The store, on its rank.</param>
    /// <param name="folder">Where a copy goes.</param>
    /// <returns>Null on other ranks.</returns>
    public static SampleStore? AtFirst(ICollective ranks, int from, SampleStore? own, string? folder)
    {
        var told = PassBytes(ranks, from, own is null ? [] : Facts.Of(own).ToBytes());
        var store = ranks.Rank == 0 ? Facts.Parse(told) : null;
        var opened = store?.Open();
        byte[] isWanted = [opened is null ? (byte)1 : (byte)0];
        ranks.Pass(0, from, isWanted);
        if (isWanted[0] == 0 || (ranks.Rank != 0 && ranks.Rank != from))
        {
            return opened;
        }

        var path = ranks.Rank == 0 ? TemporaryStores.NewPath(folder) : "";
        Copy(own?.Path, path, store?.Length ?? new FileInfo(own!.Path).Length, piece => ranks.Pass(from, 0, piece));
        return ranks.Rank == 0 ? OpenCopy(path, 0, isOwn: true) : null;
    }

    /// <summary>Bytes of one rank, at rank 0; nothing elsewhere.</summary>
    public static byte[] PassBytes(ICollective ranks, int from, byte[] bytes)
    {
        var length = BitConverter.GetBytes(bytes.Length);
        ranks.Pass(from, 0, length);
        var passed = ranks.Rank == 0 ? new byte[BitConverter.ToInt32(length)] : bytes;
        ranks.Pass(from, 0, passed);
        return ranks.Rank == 0 ? passed : [];
    }

    // Whole under its name, or not at all. Who cannot write takes all pieces nevertheless, for others wait with theirs.
    private static string Copy(string? path, string copy, long length, SharedFile.Handing hand) => DataFile.Guard(copy, () =>
    {
        var part = copy + ".part";
        var (target, fault) = (default(FileStream), default(Exception));
        try
        {
            target = copy.Length > 0 ? File.Create(part) : null;
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            fault = full;
        }

        using (var source = path is null ? null : File.OpenRead(path))
        using (target)
        {
            SharedFile.Transfer(source, target, length, hand);
        }

        if (target is not null)
        {
            File.Move(part, copy);
        }

        return fault is null ? copy : throw new IOException(fault.Message, fault);
    });

    private static SampleStore OpenCopy(string path, int lead, bool isOwn)
    {
        try
        {
            return SampleStore.Open(path, verifyContent: false, deleteOnDispose: isOwn);
        }
        catch (DataException fault)
        {
            throw new DataException($"The copy of the samples that rank {lead} wrote on this machine cannot be read here: {fault.Message} Ranks of one machine need one folder for temporary files (TMPDIR).", fault);
        }
    }

    // What a store is known by.
    private sealed record Facts(string Path, string Hash, long Length)
    {
        public static Facts Of(SampleStore store) => new(System.IO.Path.GetFullPath(store.Path), store.ContentHash, new FileInfo(store.Path).Length);

        public static Facts Parse(byte[] bytes) => Encoding.UTF8.GetString(bytes).Split('\n', 3) is [var hash, var length, var path] ? new Facts(path, hash, long.Parse(length, CultureInfo.InvariantCulture)) : throw new InvalidDataException("No store was told of.");

        public byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Hash}\n{Length}\n{Path}"));

        // The same file, or one with the same samples; null where there is none.
        public SampleStore? Open()
        {
            try
            {
                var store = new FileInfo(Path) is { Exists: true } file && file.Length == Length ? SampleStore.Open(Path) : null;
                if (store?.ContentHash == Hash)
                {
                    return store;
                }

                store?.Dispose();
                return null;
            }
            catch (DataException)
            {
                return null;
            }
        }
    }
}
