using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Hourglass.Engine;

/// <summary>Makes a copy of TorchSharp's Linux library that loads where libstdc++ is older than GCC 13.</summary>
/// <remarks>
/// The library asks libstdc++ for version GLIBCXX_3.4.32. The only symbol behind that name,
/// _ZSt21ios_base_library_initv, is called by nothing and named by no relocation, so that marking the one entry as weak
/// (one 16-bit field) lets the dynamic linker go on. See docs/decisions/0003-native-mend.md.
/// </remarks>
internal static class LibraryMend
{
    /// <summary>The version that libraries built with GCC 13 ask for and Debian 12 or RHEL 9 lack.</summary>
    public const string Version = "GLIBCXX_3.4.32";

    /// <summary>A mended copy of a library, or null when it does not ask for <see cref="Version"/>.</summary>
    /// <param name="library">A whole ELF file; left as it is.</param>
    /// <exception cref="InvalidDataException">Not an ELF library, or truncated.</exception>
    public static byte[]? Mend(ReadOnlySpan<byte> library)
    {
        var needs = ElfVersionNeeds.Read(library).Where(need => need.Version == Version && (need.Flags & ElfVersionNeeds.WeakFlag) == 0).ToList();
        if (needs.Count == 0)
        {
            return null;
        }

        var mended = library.ToArray();
        foreach (var need in needs)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(mended.AsSpan((int)need.FlagsOffset), (ushort)(need.Flags | ElfVersionNeeds.WeakFlag));
        }

        return mended;
    }

    /// <summary>Puts mended bytes into a private cache and returns the path.</summary>
    /// <param name="mended">The bytes to load.</param>
    /// <param name="name">File name of the library.</param>
    /// <param name="cacheFolder">The user's cache folder.</param>
    /// <remarks>What lies in the cache already is used only when it equals <paramref name="mended"/> byte for byte.</remarks>
    public static string Store(byte[] mended, string name, string cacheFolder)
    {
        var folder = Path.Combine(cacheFolder, Convert.ToHexStringLower(SHA256.HashData(mended))[..16]);
        var path = Path.Combine(folder, name);
        if (File.Exists(path) && new FileInfo(path).Length == mended.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(mended))
        {
            return path;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var temporary = Path.Combine(folder, $".{name}.{Guid.NewGuid():n}");
        File.WriteAllBytes(temporary, mended);
        File.Move(temporary, path, overwrite: true);
        return path;
    }

    /// <summary>Like <see cref="Store"/>, in a fresh private folder when the user's cache cannot be written.</summary>
    public static string StoreAnywhere(byte[] mended, string name)
    {
        try
        {
            return Store(mended, name, CacheFolder());
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Store(mended, name, Directory.CreateTempSubdirectory("hourglass-native-").FullName);
        }
    }

    /// <summary>Where mended copies are kept.</summary>
    public static string CacheFolder()
    {
        var root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(root))
        {
            root = OperatingSystem.IsWindows()
                ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        }

        return Path.Combine(root, "hourglass", "native");
    }
}
