using System.Runtime.CompilerServices;

namespace Hourglass.Kernels;

/// <summary>How the compiler is to treat loops that fill a processor.</summary>
internal static class KernelCode
{
    /// <summary>Compiled fully at once, and by itself: a profile may lead the compiler to draw a loop into its callers, up to whatever goes over a batch's rows, until there is no room left to
    /// expand what each register does. That came over some processes and not over others, and halved the rate of a VAE's training in three runs of ten.</summary>
    public const MethodImplOptions ByItself = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;
}
