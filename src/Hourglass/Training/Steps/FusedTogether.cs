using System.Diagnostics;
using Hourglass.Collectives;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>The update of weights that ranks of one machine have in common: each moves its share of every map, in the tile that makes its own part of the gradient.</summary>
/// <remarks>A step has four stages of each rank: what the others need of the first map's gradient is kept, that of the other maps is, the rank's share of the first map has moved, that of the others has.
/// Before a stage is built upon, it is waited for: gradients before they are added up, the first map before the next batch's first product, the others before what follows. Weights move only when all ranks are
/// through with the step's passes, gradients are replaced only when all have moved.</remarks>
internal sealed unsafe class FusedTogether(CommonRoom room, FusedWeights weights, DenseFusedMap[] maps, FusedRoom scratch, WorkCrew crew, WeightPenalty penalty, TrainingClock clock)
{
    private const int Stages = 4;
    private long _before; // stages of steps that are over
    private long _awaited;

    /// <summary>Whether ranks may move a model's weights so: a gradient's norm would have to be known before any moves, and batches that are accumulated are kept whole.</summary>
    public static bool Takes(FusedPlan plan, TrainingOptions options, int ranks) =>
        ranks > 1 && options is { ClipNorm: null, Accumulate: 1 } && plan.Maps.All(layer => layer is { Layout: WeightLayout.Panels, Convolution: null });

    /// <summary>Until all ranks have moved the first map.</summary>
    public void AwaitFirst() => Await(_before - 1);

    /// <summary>Until all ranks have moved all maps.</summary>
    /// <param name="thread">Which thread of the crew waits: the first one's time stands for all.</param>
    public void AwaitAll(int thread)
    {
        if (thread > 0)
        {
            room.Await(_before);
        }
        else if (_awaited < _before)
        {
            Await(_before);
        }
    }

    /// <summary>Keeps what the other ranks need of the gradient.</summary>
    /// <param name="rows">Samples here.</param>
    /// <param name="share">What they count for in the step.</param>
    /// <param name="told">Numbers to be added up over the ranks.</param>
    public void Keep(int rows, double share, ReadOnlySpan<double> told)
    {
        AwaitAll(thread: 0);
        var mark = Stopwatch.GetTimestamp();
        Array.ForEach(maps, map => map.BeginGradient(rows));
        var rule = new KeepRule(weights.Values, room.Part(room.Rank), Of(share), isFirst: true);
        crew.Run(thread => Others(0, 1, rows, rule, thread));
        room.Advance();
        crew.Run(thread => Others(1, maps.Length, rows, rule, thread));
        room.Tell(told);
        room.Advance();
        clock.End(TrainingPhase.Update, mark);
    }

    /// <summary>Moves this rank's share of the weights.</summary>
    /// <param name="rows">Samples here.</param>
    /// <param name="share">What they count for in the step.</param>
    /// <param name="step">The optimiser's step.</param>
    /// <param name="told">Receives the sums.</param>
    public void Move<TRule>(int rows, double share, TRule step, Span<double> told)
        where TRule : struct, IGradientRule
    {
        var rule = new TogetherRule<TRule>(step, weights.Values, room, Of(share));
        MoveMaps(0, 1, rows, rule, _before + 1);
        MoveMaps(1, maps.Length, rows, rule, _before + 2);
        room.Sum(told);
        _before += Stages;
    }

    private void MoveMaps<TRule>(int first, int last, int rows, TRule rule, long stage)
        where TRule : struct, IGradientRule
    {
        Await(stage);
        var mark = Stopwatch.GetTimestamp();
        crew.Run(thread => Own(first, last, rows, rule, thread));
        room.Advance();
        clock.End(TrainingPhase.Update, mark);
    }

    private void Await(long stage)
    {
        var mark = Stopwatch.GetTimestamp();
        room.Await(stage);
        _awaited = stage;
        clock.End(TrainingPhase.Exchange, mark);
    }

    private WeightPenalty Of(double share) => new((float)(penalty.L1 * share), (float)(penalty.L2 * share));

    private void Others<TRule>(int first, int last, int rows, TRule rule, int thread)
        where TRule : struct, IGradientRule
    {
        for (var number = first; number < last; number++)
        {
            var map = maps[number];
            var (start, end) = Share(map);
            var others = map.SharedPieces - (end - start);
            var (from, to) = (Run(others, thread, crew.Size), Run(others, thread + 1, crew.Size));
            Pieces(map, Math.Min(from, start), Math.Min(to, start), rows, rule, thread);
            Pieces(map, Math.Max(from, start) + end - start, Math.Max(to, start) + end - start, rows, rule, thread);
            if (thread == 0 && !MovesBias(number))
            {
                DenseKernels.Widest.BiasGradient(map.Map, map.Gradient, map.BiasRows(rows), rule);
            }
        }
    }

    private void Own<TRule>(int first, int last, int rows, TRule rule, int thread)
        where TRule : struct, IGradientRule
    {
        for (var number = first; number < last; number++)
        {
            var map = maps[number];
            var (start, end) = Share(map);
            var (from, to) = (start + Run(end - start, thread, crew.Size), start + Run(end - start, thread + 1, crew.Size));
            Pieces(map, from, to, rows, rule, thread);
            if (from < to && !map.Layer.IsBiasOnly)
            {
                map.RenewSharedBack(from, to);
            }

            if (thread == 0 && MovesBias(number))
            {
                DenseKernels.Widest.BiasGradient(map.Map, map.Gradient, map.BiasRows(rows), rule);
            }
        }
    }

    private void Pieces<TRule>(DenseFusedMap map, int from, int to, int rows, TRule rule, int thread)
        where TRule : struct, IGradientRule
    {
        if (from >= to || map.Layer.IsBiasOnly)
        {
            return;
        }

        if (map.Stretches is null || rows == 0)
        {
            map.SharedGradient(from, to, rows, rule, scratch.ScratchOf(thread));
        }
        else
        {
            map.SharedGradient(from, to, rows, new StretchRule<TRule>(rule, map.Map.Weights, map.Map.PanelLength, map.Stretches), scratch.ScratchOf(thread));
        }
    }

    // Ranks take the biases in turn.
    private bool MovesBias(int number) => number % room.Size == room.Rank;

    private (int Start, int End) Share(DenseFusedMap map) => (Run(map.SharedPieces, room.Rank, room.Size), Run(map.SharedPieces, room.Rank + 1, room.Size));

    private static int Run(int pieces, int number, int count) => (int)((long)pieces * number / count);
}
