using Hourglass.Bottlenecks;
using Hourglass.Networks.Convolutional;
using Hourglass.Objectives;

namespace Hourglass.Benchmarks;

/// <summary>A convolutional VAE of pictures of MNIST's size.</summary>
internal static class SpeedPictures
{
    public static IEnumerable<SpeedWork> Works()
    {
        foreach (var threads in new[] { 2, 1 })
        {
            yield return Variational([32, 64], latents: 20, batch: 128, samples: 2048, threads);
        }
    }

    private static SpeedWork Variational(int[] channels, int latents, int batch, int samples, int threads) =>
        new($"convolutional VAE 28x28, batch {batch}, {threads} thread{(threads == 1 ? "" : "s")}", threads, () =>
        {
            var model = new AutoencoderOptions
            {
                LatentSize = latents,
                Network = new ConvolutionalNetworkOptions { Channels = channels },
                Bottleneck = new GaussianOptions(),
                Objective = new BinaryCrossEntropyOptions(),
            };
            return SpeedTraining.Contest(model, [1, 28, 28], samples, batch, epochs: 3, data =>
                SpeedTraining.TorchSharp(UsualLoop.ConvolutionalVariational(channels, latents), data, batch, 1.2)
                + PythonPeer.PyTorch(new { model = "convolutional", channels, latents, batch, samples, threads }, threads, samples, 1));
        });
}
