using System.Runtime.InteropServices;
using Hourglass.Bottlenecks;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>The works, each with TorchSharp's usual loop: a Sequential, an optimiser of its own, a dispose scope a step.</summary>
internal static class SpeedWorks
{
    public static IEnumerable<SpeedWork> All()
    {
        foreach (var threads in new[] { 1, 2 })
        {
            foreach (var (batch, floor) in new[] { (32, threads == 1 ? 3.5 : 4), (256, threads == 1 ? 2.5 : 3) })
            {
                yield return Dense($"textbook 784-128-32, batch {batch}, {threads} thread{(threads == 1 ? "" : "s")}", [784, 128, 32], batch, threads, floor, 8192, isGaussian: false);
            }
        }

        yield return Dense("table 30-64-16, batch 256, 1 thread", [30, 64, 16], 256, 1, 6, 65_536, isGaussian: false);
        yield return Dense("table 30-64-16, batch 256, 2 threads", [30, 64, 16], 256, 2, 6, 65_536, isGaussian: false);
        yield return Dense("VAE 784-400-20, batch 128, 2 threads", [784, 400, 20], 128, 2, 3, 4096, isGaussian: true);
    }

    private static SpeedWork Dense(string name, int[] widths, int batch, int threads, double floor, int samples, bool isGaussian) => new(name, "TorchSharp", threads, floor, () =>
    {
        manual_seed(1);
        var data = rand(samples, widths[0]);
        var store = Store(data, widths[0]);
        var model = new Autoencoder(new AutoencoderOptions
        {
            Input = new InputOptions { Shape = [widths[0]], IsUnitInterval = true, Blocks = [new FeatureBlock("values", 0, widths[0], FeatureBlockKind.Numeric)] },
            LatentSize = widths[^1],
            Network = new DenseNetworkOptions { Hidden = widths[1..^1] },
            Bottleneck = isGaussian ? new GaussianOptions() : new DeterministicOptions(),
            Objective = new BinaryCrossEntropyOptions(),
            Training = new TrainingOptions { Epochs = 1, BatchSize = batch, Patience = null },
        });
        var all = Enumerable.Range(0, samples).Select(number => (long)number).ToArray();
        var peer = new UsualLoop(widths, isGaussian);
        return new SpeedContest(samples, () =>
        {
            using var trainer = new Trainer(model, store, new SampleSplit(all, []));
            trainer.Run();
        }, () => peer.Epoch(data, batch), store, model, data, peer);
    });

    private static SampleStore Store(Tensor data, int length)
    {
        using var writer = SampleStore.CreateTemporary(null, [length], ElementType.Float32);
        writer.Append(MemoryMarshal.Cast<byte, float>(data.bytes));
        return writer.Finish();
    }
}

/// <summary>A dense autoencoder or VAE as TorchSharp's examples write them.</summary>
internal sealed class UsualLoop : IDisposable
{
    private readonly Sequential _encoder;
    private readonly Linear? _mean;
    private readonly Linear? _logVariance;
    private readonly Sequential _decoder;
    private readonly optim.Optimizer _optimizer;

    public UsualLoop(int[] widths, bool isGaussian)
    {
        var (encoder, decoder) = (new List<nn.Module<Tensor, Tensor>>(), new List<nn.Module<Tensor, Tensor>>());
        for (var layer = 0; layer + 2 < widths.Length; layer++)
        {
            encoder.AddRange([nn.Linear(widths[layer], widths[layer + 1]), nn.ReLU()]);
        }

        if (isGaussian)
        {
            (_mean, _logVariance) = (nn.Linear(widths[^2], widths[^1]), nn.Linear(widths[^2], widths[^1]));
        }
        else
        {
            encoder.Add(nn.Linear(widths[^2], widths[^1]));
        }

        for (var layer = widths.Length - 1; layer > 0; layer--)
        {
            decoder.Add(nn.Linear(widths[layer], widths[layer - 1]));
            if (layer > 1)
            {
                decoder.Add(nn.ReLU());
            }
        }

        (_encoder, _decoder) = (nn.Sequential(encoder), nn.Sequential(decoder));
        _optimizer = optim.Adam([.. _encoder.parameters(), .. _mean?.parameters() ?? [], .. _logVariance?.parameters() ?? [], .. _decoder.parameters()]);
    }

    public void Epoch(Tensor data, int batch)
    {
        using var order = randperm(data.shape[0]);
        for (var start = 0L; start < data.shape[0]; start += batch)
        {
            using var scope = NewDisposeScope();
            var samples = data.index_select(0, order.narrow(0, start, Math.Min(batch, data.shape[0] - start)));
            _optimizer.zero_grad();
            Loss(samples).backward();
            _optimizer.step();
        }
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _encoder.Dispose();
        _decoder.Dispose();
        _mean?.Dispose();
        _logVariance?.Dispose();
    }

    private Tensor Loss(Tensor samples)
    {
        var features = _encoder.call(samples);
        if (_mean is null)
        {
            return nn.functional.binary_cross_entropy_with_logits(_decoder.call(features), samples);
        }

        var (mean, logVariance) = (_mean.call(features), _logVariance!.call(features));
        var latents = mean + ((0.5 * logVariance).exp() * randn_like(mean));
        var divergence = -0.5 * (1 + logVariance - mean.pow(2) - logVariance.exp()).sum();
        return nn.functional.binary_cross_entropy_with_logits(_decoder.call(latents), samples, reduction: nn.Reduction.Sum) + divergence;
    }
}
