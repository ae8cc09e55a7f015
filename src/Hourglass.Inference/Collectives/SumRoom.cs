using Hourglass.Kernels;

namespace Hourglass.Collectives;

/// <summary>Zeroed room for float32 values whose sum over ranks is cheapest: on one machine the ranks add them up where they lie.</summary>
public sealed unsafe class SumRoom : IDisposable
{
    private readonly AlignedFloats? _own;
    private readonly Action<SumRoom>? _ended;
    private bool _disposed;

    internal SumRoom(long length) => _own = new AlignedFloats(length);

    internal SumRoom(SharedSlots slots, Action<SumRoom> ended) => (Slots, _ended) = (slots, ended);

    /// <summary>The first values.</summary>
    /// <param name="length">How many.</param>
    public Span<float> Values(int length) => new((void*)Address, length);

    /// <summary>Where the first value lies.</summary>
    internal nint Address => (nint)(Slots is null ? _own!.Pointer : Slots.Own);

    internal SharedSlots? Slots { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ended?.Invoke(this);
            _own?.Dispose();
            Slots?.Dispose();
        }
    }
}
