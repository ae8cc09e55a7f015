using System.Collections.Concurrent;
using Hourglass.Data;
using Hourglass.Kernels;
using Hourglass.Preprocessing;

namespace Hourglass.Scoring;

/// <summary>Reconstruction errors of a file while it is read: each thread decodes, prepares and measures blocks of its own.</summary>
public static class StreamedErrors
{
    /// <summary>Figures as <see cref="ReconstructionErrors"/> makes them, block after block, in order.</summary>
    /// <param name="samples">The file.</param>
    /// <param name="model">The model.</param>
    /// <param name="blocks">Runs whose error stands by itself.</param>
    public static IEnumerable<float[]> Of(StreamedSamples samples, KernelReconstructor model, IReadOnlyList<FeatureBlock> blocks)
    {
        var free = new ConcurrentBag<(KernelReconstructor Model, ReconstructionErrors Errors)>();
        var takesTiles = samples.HasTiles && new ReconstructionErrors(model, blocks).TakesTiles;
        try
        {
            foreach (var figures in takesTiles ? samples.SelectTiles(MeasureTiles) : samples.Select(Measure))
            {
                yield return figures;
            }
        }
        finally
        {
            foreach (var (own, _) in free)
            {
                own.Dispose();
            }
        }

        float[] Measure(float[] values) => WithOwn(values.Length / model.SampleLength, (errors, figures) => errors.Measure(values, figures));

        float[] MeasureTiles(RowTiles tiles) => WithOwn(tiles.Rows, (errors, figures) => errors.Measure(tiles, figures));

        float[] WithOwn(int rows, Action<ReconstructionErrors, float[]> measure)
        {
            if (!free.TryTake(out var mine))
            {
                var own = model.ForOneThread();
                mine = (own, new ReconstructionErrors(own, blocks));
            }

            var figures = new float[rows * mine.Errors.Width];
            measure(mine.Errors, figures);
            free.Add(mine);
            return figures;
        }
    }
}
