using System.Runtime.InteropServices;

namespace Hourglass.Kernels;

/// <summary>While it lasts, the thread's arithmetic takes numbers nearer to zero than float32's least normal one (1.2e-38) for zero.</summary>
/// <remarks>Where a unit has died or a gradient has vanished, Adam's first moment is multiplied by 0.9 step after step; near 1e-44 it is rounded back to what it was and never becomes zero. Steps
/// then take longer: docs/results/speed.md. The processor's word for this (MXCSR, its bits "flush to zero" and "denormals are zero") is reached through the C library on Linux x64;
/// elsewhere nothing changes. No thread keeps it, so that a caller's own numbers are as precise as before.</remarks>
internal readonly unsafe ref struct FlushedDenormals : IDisposable
{
    private const int EnvironmentLength = 32; // bytes of fenv_t, in glibc and musl
    private const int ControlPlace = 28; // where it holds MXCSR
    private const uint Flush = 0x8040;
    private static readonly nint Library = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 && NativeLibrary.TryLoad("libm.so.6", out var library) ? library : 0;
    private static readonly delegate* unmanaged[SuppressGCTransition]<byte*, int> Get = (delegate* unmanaged[SuppressGCTransition]<byte*, int>)Find("fegetenv");
    private static readonly delegate* unmanaged[SuppressGCTransition]<byte*, int> Set = (delegate* unmanaged[SuppressGCTransition]<byte*, int>)Find("fesetenv");
    [ThreadStatic]
    private static bool _flushes; // asking the processor costs a tenth of a microsecond
    private readonly bool _isMine;

    private FlushedDenormals(bool isMine) => _isMine = isMine;

    /// <summary>Whether this machine's arithmetic can be told.</summary>
    public static bool IsSupported => Get is not null && Set is not null;

    /// <summary>Begins, unless the thread flushes already.</summary>
    public static FlushedDenormals Begin() => new(IsSupported && !_flushes && Change(flushes: true));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isMine)
        {
            Change(flushes: false);
        }
    }

    private static bool Change(bool flushes)
    {
        var environment = stackalloc byte[EnvironmentLength];
        Get(environment);
        ref var control = ref *(uint*)(environment + ControlPlace);
        var wanted = flushes ? control | Flush : control & ~Flush;
        if (wanted == control)
        {
            return false;
        }

        control = wanted;
        Set(environment);
        _flushes = flushes;
        return true;
    }

    private static nint Find(string name) => Library != 0 && NativeLibrary.TryGetExport(Library, name, out var function) ? function : 0;
}
