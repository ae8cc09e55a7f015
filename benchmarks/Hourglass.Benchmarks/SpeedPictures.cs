using Hourglass.Bottlenecks;
using Hourglass.Bundles;
using Hourglass.Networks.Convolutional;
using Hourglass.Objectives;
using Hourglass.Scoring;
using Hourglass.Tasks;
using Hourglass.Training;

namespace Hourglass.Benchmarks;

/// <summary>A convolutional VAE of pictures of MNIST's size, and what encoding and decoding such pictures costs.</summary>
internal static class SpeedPictures
{
    public static IEnumerable<SpeedWork> Works()
    {
        foreach (var threads in new[] { 2, 1 })
        {
            yield return Variational([32, 64], latents: 20, batch: 128, samples: 2048, threads);
            yield return Reconstruction("convolutional", new ConvolutionalNetworkOptions(), latents: 20, samples: 3072, threads);
            yield return Reconstruction("residual", new ConvolutionalNetworkOptions { Blocks = 2 }, latents: 20, samples: 512, threads);
            yield return Reconstruction("resizing", new ConvolutionalNetworkOptions { Upsampling = Upsampling.Resize }, latents: 20, samples: 1024, threads);
        }
    }

    // The same bundle on the kernels and on the training engine.
    private static SpeedWork Reconstruction(string name, ConvolutionalNetworkOptions network, int latents, int samples, int threads) =>
        new($"reconstruct 28x28, {name}, {threads} thread{(threads == 1 ? "" : "s")}", threads, () =>
        {
            var folder = Directory.CreateTempSubdirectory().FullName;
            var path = Path.Combine(folder, "model.hourglass");
            var outcome = TrainTask.Run(new TrainRequest
            {
                Data = "glyphs-test", // a short epoch: what is learnt does not matter here
                Out = path,
                Options = new AutoencoderOptions { LatentSize = latents, Network = network, Training = new TrainingOptions { Epochs = 1 } },
            });
            var kernels = KernelReconstructor.TryCreate(BundleFile.Read(path), path, out var obstacle, threads) ?? throw new InvalidOperationException(obstacle);
            Directory.Delete(folder, recursive: true);
            var values = new float[samples * kernels.SampleLength];
            outcome.Data.Samples.Read(0, samples, values);
            var (latent, again) = (new float[samples * latents], new float[values.Length]);
            return new SpeedContest(
                "samples/s", SpeedContest.Rate(samples, () => kernels.Reconstruct(values, latent, again)),
                [new SpeedPeer("libtorch", 1, SpeedContest.Rate(samples, () => outcome.Trained.Reconstruct(values, latent, again)))], kernels, outcome);
        });

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
