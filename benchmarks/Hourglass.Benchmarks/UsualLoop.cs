using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Benchmarks;

/// <summary>Autoencoders as TorchSharp's examples write them: modules, an optimiser of its own, a dispose scope a step.</summary>
/// <param name="modules">All layers.</param>
/// <param name="loss">From a batch to the loss.</param>
internal sealed class UsualLoop(IReadOnlyList<Module> modules, Func<Tensor, Tensor> loss) : IDisposable
{
    private readonly optim.Optimizer _optimizer = optim.Adam(modules.SelectMany(module => module.parameters()));

    /// <summary>One pass over the data in a random order.</summary>
    public void Epoch(Tensor data, int batch)
    {
        using var order = randperm(data.shape[0]);
        for (var start = 0L; start < data.shape[0]; start += batch)
        {
            using var scope = NewDisposeScope();
            var samples = data.index_select(0, order.narrow(0, start, Math.Min(batch, data.shape[0] - start)));
            _optimizer.zero_grad();
            loss(samples).backward();
            _optimizer.step();
        }
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        foreach (var module in modules)
        {
            module.Dispose();
        }
    }

    /// <summary>A dense autoencoder.</summary>
    /// <param name="widths">From the sample's length to the latents'.</param>
    /// <param name="distance">Between the decoder's output and the samples.</param>
    public static UsualLoop Dense(int[] widths, UsualDistance distance)
    {
        Sequential encoder = Sequential([.. Hidden(widths), Linear(widths[^2], widths[^1])]), decoder = Decoder(widths);
        return new UsualLoop([encoder, decoder], samples => distance(decoder.call(encoder.call(samples)), samples, Reduction.Mean));
    }

    /// <summary>A dense VAE.</summary>
    public static UsualLoop DenseVariational(int[] widths, UsualDistance distance)
    {
        Sequential encoder = Sequential(Hidden(widths)), decoder = Decoder(widths);
        return Variational(encoder, widths[^2], widths[^1], decoder, distance);
    }

    /// <summary>Binary cross-entropy as examples write it: a sigmoid ends the decoder, and the loss takes probabilities.</summary>
    public static Tensor Probabilities(Tensor output, Tensor samples, Reduction reduction) => functional.binary_cross_entropy(output.sigmoid(), samples, reduction: reduction);

    /// <summary>The same from logits, which is faster and less common.</summary>
    public static Tensor Logits(Tensor output, Tensor samples, Reduction reduction) => functional.binary_cross_entropy_with_logits(output, samples, reduction: reduction);

    /// <summary>Squared error.</summary>
    public static Tensor SquaredError(Tensor output, Tensor samples, Reduction reduction) => functional.mse_loss(output, samples, reduction);

    /// <summary>A convolutional VAE of 28 x 28 pictures: two strided convolutions each way.</summary>
    public static UsualLoop ConvolutionalVariational(int[] channels, int latents)
    {
        var features = channels[1] * 7 * 7;
        var encoder = Sequential(Conv2d(1, channels[0], 3, 2, 1), ReLU(), Conv2d(channels[0], channels[1], 3, 2, 1), ReLU(), Flatten());
        var decoder = Sequential(
            Linear(latents, features), ReLU(), Unflatten(1, [channels[1], 7, 7]), ConvTranspose2d(channels[1], channels[0], 3, 2, 1, 1), ReLU(), ConvTranspose2d(channels[0], 1, 3, 2, 1, 1));
        return Variational(encoder, features, latents, decoder, Probabilities);
    }

    /// <summary>A GRU reads a series into a state, another writes it from the latents at every step; squared error.</summary>
    public static UsualLoop Recurrent(int steps, int width, int latents)
    {
        GRU encoder = GRU(1, width, batchFirst: true), decoder = GRU(latents, width, batchFirst: true);
        Linear toLatents = Linear(width, latents), toSteps = Linear(width, 1);
        return new UsualLoop([encoder, decoder, toLatents, toSteps], samples =>
        {
            var state = encoder.call(samples).Item2; // [1, batch, width]
            var given = toLatents.call(state.squeeze(0)).unsqueeze(1).expand(-1, steps, -1);
            return functional.mse_loss(toSteps.call(decoder.call(given).Item1), samples);
        });
    }

    private static UsualLoop Variational(Sequential encoder, int features, int latents, Sequential decoder, UsualDistance distance)
    {
        Linear toMean = Linear(features, latents), toLogVariance = Linear(features, latents);
        return new UsualLoop([encoder, toMean, toLogVariance, decoder], samples =>
        {
            var values = encoder.call(samples);
            var (mean, logVariance) = (toMean.call(values), toLogVariance.call(values));
            var drawn = mean + ((0.5 * logVariance).exp() * randn_like(mean));
            var divergence = -0.5 * (1 + logVariance - mean.pow(2) - logVariance.exp()).sum();
            return distance(decoder.call(drawn), samples, Reduction.Sum) + divergence;
        });
    }

    private static IEnumerable<Module<Tensor, Tensor>> Hidden(int[] widths) =>
        widths[..^2].SelectMany((width, layer) => new Module<Tensor, Tensor>[] { Linear(width, widths[layer + 1]), ReLU() });

    private static Sequential Decoder(int[] widths)
    {
        int[] mirrored = [.. widths.Reverse()];
        return Sequential([.. Hidden(mirrored), Linear(mirrored[^2], mirrored[^1])]);
    }
}

/// <summary>Distance of a decoder's output from samples.</summary>
internal delegate Tensor UsualDistance(Tensor output, Tensor samples, Reduction reduction);
