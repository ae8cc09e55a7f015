using Hourglass.Networks.Recurrent;
using Hourglass.Objectives;

namespace Hourglass.Benchmarks;

/// <summary>A recurrent autoencoder of series as long as ECG5000's.</summary>
internal static class SpeedSeries
{
    private const int Steps = 140;

    public static IEnumerable<SpeedWork> Works()
    {
        foreach (var threads in new[] { 2, 1 })
        {
            yield return Gated(width: 64, latents: 16, batch: 64, samples: 1024, threads);
        }
    }

    private static SpeedWork Gated(int width, int latents, int batch, int samples, int threads) =>
        new($"GRU {width} over {Steps} steps, batch {batch}, {threads} thread{(threads == 1 ? "" : "s")}", threads, () =>
        {
            var model = new AutoencoderOptions
            {
                LatentSize = latents,
                Network = new RecurrentNetworkOptions { Width = width },
                Objective = new SquaredErrorOptions(),
            };
            return SpeedTraining.Contest(model, [Steps, 1], samples, batch, epochs: 1, data =>
                SpeedTraining.TorchSharp(UsualLoop.Recurrent(Steps, width, latents), data, batch, 1.2)
                + PythonPeer.PyTorch(new { model = "recurrent", steps = Steps, width, latents, batch, samples, threads }, threads, samples, 1));
        });
}
