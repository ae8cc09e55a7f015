using System.Runtime.InteropServices;

namespace Hourglass.Kernels;

/// <summary>Zeroed float32 memory that starts at 64 bytes, outside the collector's reach.</summary>
internal sealed unsafe class AlignedFloats : IDisposable
{
    private float* _memory;

    public AlignedFloats(long length)
    {
        Length = length;
        _memory = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1) * sizeof(float), 64);
        NativeMemory.Clear(_memory, (nuint)length * sizeof(float));
    }

    public long Length { get; }

    public float* Pointer => _memory;

    public Span<float> Span(long start, int count) => new(_memory + start, count);

    public void Dispose()
    {
        if (_memory is not null)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
        }
    }
}
