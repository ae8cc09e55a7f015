using System.Runtime.InteropServices;

namespace Hourglass.Collectives;

/// <summary>An MPI library found at run time: the six calls that are needed, and the constants in which the two families differ.</summary>
/// <remarks>Handles are passed as machine words: Open MPI's are addresses of its exports, MPICH's are integers, of which a callee reads the lower half.</remarks>
internal sealed unsafe class MpiLibrary
{
    /// <summary>Environment variable with the path of the library to take instead of searching.</summary>
    public const string PathVariable = "HOURGLASS_MPI";

    private const int Serialized = 2; // MPI_THREAD_SERIALIZED: any thread calls, one at a time
    private const nint MpichWorld = 0x44000000;
    private const nint MpichByte = 0x4c00010d;
    private readonly nint _library;
    private readonly nint _world;
    private readonly nint _byte;
    private readonly nint _noStatus;
    private readonly int _nobody;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, void*, int, nint, int, int, nint, nint, int> _exchange;

    private MpiLibrary(nint library, string path)
    {
        (_library, Path) = (library, path);
        Family = NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out var world) ? MpiFamily.OpenMpi : MpiFamily.Mpich;
        (_world, _byte, _noStatus, _nobody) = Family == MpiFamily.OpenMpi ? (world, NativeLibrary.GetExport(library, "ompi_mpi_byte"), 0, -2) : (MpichWorld, MpichByte, 1, -1);
        _exchange = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, void*, int, nint, int, int, nint, nint, int>)NativeLibrary.GetExport(library, "MPI_Sendrecv");
    }

    /// <summary>Where it was found.</summary>
    public string Path { get; }

    public MpiFamily Family { get; }

    /// <summary>Finds a family's library, or the one that <see cref="PathVariable"/> names.</summary>
    /// <param name="family">Of the launcher.</param>
    /// <param name="chosen">Value of <see cref="PathVariable"/>.</param>
    /// <exception cref="HourglassException">There is none.</exception>
    public static MpiLibrary Load(MpiFamily family, string? chosen)
    {
        var names = chosen is not null ? [chosen] : Names(family);
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return NativeLibrary.TryGetExport(library, "MPI_Sendrecv", out _) ? new MpiLibrary(library, name)
                    : throw new HourglassException($"{name} is no MPI library: it has no MPI_Sendrecv. Let {PathVariable} name libmpi or libmpich, or leave it unset.");
            }
        }

        throw new HourglassException($"This process is one of several, started by {MpiLauncher.FamilyName(family)}, but its library was not found (looked for {string.Join(", ", names)}). Install it (Debian: {(family == MpiFamily.OpenMpi ? "libopenmpi3" : "libmpich12")}) or name its file in {PathVariable}.");
    }

    /// <summary>MPI_Init_thread.</summary>
    /// <returns>This process's rank and the number of ranks.</returns>
    public (int Rank, int Size) Start()
    {
        PreferLongMessages();
        var (given, rank, size) = (0, 0, 0);
        Require(((delegate* unmanaged[Cdecl]<nint, nint, int, int*, int>)Call("MPI_Init_thread"))(0, 0, Serialized, &given), "MPI_Init_thread");
        Require(((delegate* unmanaged[Cdecl]<nint, int*, int>)Call("MPI_Comm_rank"))(_world, &rank), "MPI_Comm_rank");
        Require(((delegate* unmanaged[Cdecl]<nint, int*, int>)Call("MPI_Comm_size"))(_world, &size), "MPI_Comm_size");
        return (rank, size);
    }

    /// <summary>MPI_Sendrecv of bytes; a negative rank is nobody.</summary>
    public void Exchange(int to, void* sent, int sentLength, int from, void* received, int receivedLength) =>
        Require(_exchange(sent, sentLength, _byte, to < 0 ? _nobody : to, 0, received, receivedLength, _byte, from < 0 ? _nobody : from, 0, _world, _noStatus), "MPI_Sendrecv");

    /// <summary>MPI_Finalize.</summary>
    public void Stop() => ((delegate* unmanaged[Cdecl]<int>)Call("MPI_Finalize"))();

    /// <summary>MPI_Abort.</summary>
    public void Abort(int exitCode) => ((delegate* unmanaged[Cdecl]<nint, int, int>)Call("MPI_Abort"))(_world, exitCode);

    // Open MPI hands a message of up to 4 kB over at once between ranks of one machine and asks first for longer ones, in pieces of 32 kB.
    // Sums of 100,000 to 500,000 values take a fifth less time when it never asks for a piece (docs/scale.md). What the user has set stays. The runtime's own environment is not the one that native code reads.
    private void PreferLongMessages()
    {
        if (Family != MpiFamily.OpenMpi || !OperatingSystem.IsLinux())
        {
            return;
        }

        var set = (delegate* unmanaged[Cdecl]<byte*, byte*, int, int>)NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "setenv");
        fixed (byte* name = "OMPI_MCA_btl_vader_eager_limit\0"u8, value = "32768\0"u8)
        {
            _ = set(name, value, 0);
        }
    }

    private static string[] Names(MpiFamily family) => (family, OperatingSystem.IsMacOS()) switch
    {
        (MpiFamily.OpenMpi, false) => ["libmpi.so.40", "libmpi.so"],
        (MpiFamily.OpenMpi, true) => ["libmpi.40.dylib", "/opt/homebrew/lib/libmpi.40.dylib"],
        (MpiFamily.Mpich, false) => ["libmpich.so.12", "libmpi.so.12", "libmpich.so"],
        _ => ["libmpi.12.dylib", "/opt/homebrew/lib/libmpi.12.dylib"],
    };

    private static void Require(int code, string call)
    {
        if (code != 0)
        {
            throw new HourglassException($"{call} failed with code {code}.");
        }
    }

    private nint Call(string name) => NativeLibrary.GetExport(_library, name);
}
