using System.Runtime.InteropServices;

namespace Hourglass.Kernels;

/// <summary>Zeroed float32 memory that starts at 64 bytes and that the collector frees but never moves.</summary>
internal sealed unsafe class PinnedFloats
{
    private const int Alignment = 16; // values in 64 bytes
    private readonly float[] _memory;

    public PinnedFloats(long length)
    {
        _memory = GC.AllocateArray<float>(checked((int)(length + Alignment)), pinned: true);
        var start = (float*)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0);
        Pointer = start + ((Alignment - (int)((nint)start / sizeof(float) % Alignment)) % Alignment);
    }

    /// <summary>Valid as long as this object is reachable.</summary>
    public float* Pointer { get; }

    public Span<float> Span(long start, int count) => new(Pointer + start, count);
}
