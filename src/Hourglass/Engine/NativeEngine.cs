using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Hourglass.Engine;

/// <summary>Lets TorchSharp load where the system's C++ library is older than it asks for, and tells what happened.</summary>
/// <remarks>The handler runs only after the normal load has failed: a machine that needs nothing stays untouched.</remarks>
public static class NativeEngine
{
    private const string LibraryName = "LibTorchSharp";
    private static readonly Lock Gate = new();
    private static bool _registered;
    private static nint _handle;

    /// <summary>The mended copy in use; null where nothing had to be mended (or nothing was loaded yet).</summary>
    public static string? MendedCopy { get; private set; }

    /// <summary>Registers the handler; to be called before anything touches <c>torch</c>. Calling it again does nothing.</summary>
    public static void Load()
    {
        lock (Gate)
        {
            if (!_registered)
            {
                AssemblyLoadContext.Default.ResolvingUnmanagedDll += Resolve;
                _registered = true;
            }
        }
    }

    /// <summary>Loads the engine now, and says in plain words why it does not load.</summary>
    /// <exception cref="HourglassException">The natives are missing or cannot be loaded; the message has the remedy.</exception>
    public static void Require()
    {
        Load();
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception fault) when (fault is TypeInitializationException or NotSupportedException or DllNotFoundException)
        {
            throw new HourglassException(Explain(), fault);
        }
    }

    /// <summary>Runs when this assembly is loaded.</summary>
#pragma warning disable CA2255 // The handler has to stand before the first tensor, whatever the caller does first.
    [ModuleInitializer]
    internal static void Initialize() => Load();
#pragma warning restore CA2255

    private static nint Resolve(Assembly assembly, string name)
    {
        if (!OperatingSystem.IsLinux() || name is not (LibraryName or "lib" + LibraryName + ".so"))
        {
            return 0;
        }

        lock (Gate)
        {
            return _handle != 0 ? _handle : _handle = LoadMended();
        }
    }

    private static nint LoadMended()
    {
        if (Find($"lib{LibraryName}.so") is not { } original || MendOrNull(original) is not { } mended)
        {
            return 0;
        }

        // The copy lies apart from its neighbours, so they are loaded first by full path; the linker then finds them by name.
        foreach (var neighbour in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" })
        {
            if (Find(neighbour) is { } path)
            {
                NativeLibrary.TryLoad(path, out _);
            }
        }

        var copy = LibraryMend.StoreAnywhere(mended, Path.GetFileName(original));
        if (!NativeLibrary.TryLoad(copy, out var handle))
        {
            return 0;
        }

        MendedCopy = copy;
        return handle;
    }

    private static byte[]? MendOrNull(string original)
    {
        try
        {
            return LibraryMend.Mend(File.ReadAllBytes(original));
        }
        catch (Exception fault) when (fault is InvalidDataException or OverflowException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Full path of a native library as the host would find it.</summary>
    internal static string? Find(string fileName)
    {
        var listed = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string[] folders =
        [
            .. listed, AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"),
            Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"),
        ];
        return folders.Select(folder => Path.Combine(folder, fileName)).FirstOrDefault(File.Exists);
    }

    private static string Explain()
    {
        var library = OperatingSystem.IsWindows() ? $"{LibraryName}.dll" : OperatingSystem.IsMacOS() ? $"lib{LibraryName}.dylib" : $"lib{LibraryName}.so";
        if (Find(library) is not { } path)
        {
            return $"The engine's native library {library} is not beside the program ({AppContext.BaseDirectory}). Reference libtorch-cpu for {RuntimeInformation.RuntimeIdentifier} (packages exist for linux-x64, win-x64 and osx-arm64) and build again.";
        }

        try
        {
            NativeLibrary.Load(path);
            return $"The engine's native library {path} loads alone, but TorchSharp could not use it. Delete the build output and build again.";
        }
        catch (DllNotFoundException fault)
        {
            return $"The engine's native library does not load: {fault.Message.ReplaceLineEndings(" ")} Run 'hourglass doctor' for what this machine has.";
        }
    }
}
