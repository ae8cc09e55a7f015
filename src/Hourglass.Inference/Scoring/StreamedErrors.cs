using System.Collections.Concurrent;
using Hourglass.Data;
using Hourglass.Preprocessing;

namespace Hourglass.Scoring;

/// <summary>Reconstruction errors of a file while it is read: each thread decodes, prepares and measures blocks of its own.</summary>
public static class StreamedErrors
{
    /// <summary>Figures as <see cref="ReconstructionErrors"/> makes them, block after block, in order.</summary>
    /// <param name="samples">The file.</param>
    /// <param name="model">The model.</param>
    /// <param name="blocks">Runs whose error stands by itself.</param>
    public static IEnumerable<float[]> Of(StreamedSamples samples, DenseReconstructor model, IReadOnlyList<FeatureBlock> blocks)
    {
        var free = new ConcurrentBag<(DenseReconstructor Model, ReconstructionErrors Errors)>();
        try
        {
            foreach (var figures in samples.Select(Measure))
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

        float[] Measure(float[] values)
        {
            if (!free.TryTake(out var mine))
            {
                var own = model.ForOneThread();
                mine = (own, new ReconstructionErrors(own, blocks));
            }

            var figures = new float[values.Length / model.SampleLength * mine.Errors.Width];
            mine.Errors.Measure(values, figures);
            free.Add(mine);
            return figures;
        }
    }
}
