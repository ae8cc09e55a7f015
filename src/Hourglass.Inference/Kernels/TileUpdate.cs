using System.Runtime.CompilerServices;

namespace Hourglass.Kernels;

/// <summary>What is done between the rows of a tile's product.</summary>
internal interface IBetweenRows
{
    /// <summary>How many pieces it comes in.</summary>
    static abstract int Pieces { get; }

    /// <summary>Does one of them.</summary>
    /// <param name="number">From 0.</param>
    void Do<TLanes, TVector>(int number)
        where TLanes : ILanes<TVector>
        where TVector : struct;
}

/// <summary>Nothing.</summary>
internal readonly struct NothingBetween : IBetweenRows
{
    public static int Pieces => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Do<TLanes, TVector>(int number)
        where TLanes : ILanes<TVector>
        where TVector : struct
    {
    }
}

/// <summary>The update of the tile before, a register of parameters at a time: the processor does it beside the product, and what the next tile's update needs comes meanwhile.</summary>
/// <param name="parameters">The earlier tile's parameters; null for none.</param>
/// <param name="gradients">Their gradients.</param>
/// <param name="next">Parameters of the tile that is multiplied now.</param>
/// <param name="rule">What happens to gradients.</param>
internal readonly unsafe struct TileUpdate<TRule>(float* parameters, float* gradients, float* next, TRule rule) : IBetweenRows
    where TRule : struct, IGradientRule
{
    public static int Pieces => DenseMap.TileRows * DenseMap.PanelWidth / LanesOfWidest;

    private const int LanesOfWidest = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Do<TLanes, TVector>(int number)
        where TLanes : ILanes<TVector>
        where TVector : struct
    {
        var place = number * LanesOfWidest;
        rule.Ask(next + place);
        if (parameters is not null)
        {
            rule.Take<TLanes, TVector>(parameters + place, TLanes.Load(gradients + place), isBias: false);
        }
    }
}
