using System.Buffers;
using System.Runtime.InteropServices;

namespace Hourglass.Data.Tabular;

/// <summary>A column's numbers in memory that is lent.</summary>
/// <param name="memory">From the shared pool.</param>
/// <param name="length">Values.</param>
internal readonly struct RealValues<T>(byte[] memory, int length)
    where T : unmanaged
{
    /// <summary>Where they lie.</summary>
    public byte[] Memory => memory;

    /// <summary>How many there are.</summary>
    public int Length => length;

    /// <summary>They.</summary>
    public ReadOnlySpan<T> Span => MemoryMarshal.Cast<byte, T>(memory.AsSpan())[..length];

    /// <summary>Gives the memory back; nobody reads the values afterwards.</summary>
    public void Release() => ArrayPool<byte>.Shared.Return(memory);
}
