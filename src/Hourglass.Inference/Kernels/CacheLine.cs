using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Hourglass.Kernels;

/// <summary>What the processor moves between memory and itself.</summary>
internal static unsafe class CacheLine
{
    /// <summary>Asks for the line that a number lies in, and does not wait; nothing happens where nothing lies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ask(void* place)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(place);
        }
    }
}
