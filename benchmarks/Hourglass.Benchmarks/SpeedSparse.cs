using Hourglass.Bottlenecks;
using Hourglass.Networks;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Training;
using Hourglass.Training.Steps;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Works in which most values are zero, beside TorchSharp's usual loop, which multiplies the zeros too. Steps against steps: both models stand ready.</summary>
internal static class SpeedSparse
{
    private const int Steps = 2;

    public static IEnumerable<SpeedWork> Works()
    {
        foreach (var threads in new[] { 2, 1 })
        {
            var suffix = $"{threads} thread{(threads == 1 ? "" : "s")}";
            yield return new SpeedWork($"multinomial 20000-600-200, 100 filled, batch 500, {suffix}", threads, () => Multinomial(threads));
            yield return new SpeedWork($"TopK 768 x 16384, k = 32, batch 1024, {suffix}", threads, () => TopK(threads));
        }
    }

    private static SpeedContest TopK(int threads)
    {
        const int Batch = 1024, Length = 768, Units = 16_384, Active = 32;
        manual_seed(1);
        var data = randn(Batch * Steps, Length);
        var options = new AutoencoderOptions
        {
            Input = Input(Length),
            LatentSize = Units,
            Network = new DenseNetworkOptions { Hidden = [] },
            Bottleneck = new TopKOptions { Active = Active },
            Objective = new SquaredErrorOptions(),
            Training = new TrainingOptions { BatchSize = Batch },
        };
        var (encoder, decoder) = (nn.Linear(Length, Units), nn.Linear(Units, Length));
        var optimizer = optim.Adam([.. encoder.parameters(), .. decoder.parameters()]);
        return Contest(options, data, Batch, threads, samples =>
        {
            optimizer.zero_grad();
            var (values, places) = encoder.call(samples).topk(Active, 1);
            var latents = zeros(samples.shape[0], Units).scatter(1, places, values.relu());
            nn.functional.mse_loss(decoder.call(latents), samples).backward();
            optimizer.step();
        }, encoder, decoder, optimizer);
    }

    private static SpeedContest Multinomial(int threads)
    {
        const int Batch = 500, Items = 20_000, Filled = 100;
        manual_seed(1);
        var data = zeros(Batch * Steps, Items);
        for (var row = 0; row < data.shape[0]; row++)
        {
            using var places = randperm(Items).narrow(0, 0, Filled);
            data[row].index_fill_(0, places, 1);
        }

        var options = new AutoencoderOptions
        {
            Input = Input(Items),
            LatentSize = 200,
            Network = new DenseNetworkOptions { Hidden = [600], Activation = Activation.Tanh },
            Objective = new MultinomialOptions(),
            Training = new TrainingOptions { BatchSize = Batch },
        };
        var model = nn.Sequential(nn.Linear(Items, 600), nn.Tanh(), nn.Linear(600, 200), nn.Linear(200, 600), nn.Tanh(), nn.Linear(600, Items));
        var optimizer = optim.Adam(model.parameters());
        return Contest(options, data, Batch, threads, samples =>
        {
            optimizer.zero_grad();
            (-(nn.functional.log_softmax(model.call(samples), 1) * samples).sum(1).mean()).backward();
            optimizer.step();
        }, model, optimizer);
    }

    private static SpeedContest Contest(AutoencoderOptions options, Tensor data, int batch, int threads, Action<Tensor> peer, params IDisposable[] resources)
    {
        var store = SpeedTraining.Store(data, [(int)data.shape[1]]);
        var model = new Autoencoder(options);
        model.train();
        var parameters = new FlatParameters(model);
        var state = new TrainingState { Parameters = parameters, Optimizer = FlatOptimizer.Create(options.Training, parameters) };
        var reader = new BatchReader(store, CPU);
        var step = new FusedStep(model, store, reader, batch, threads);
        step.Begin(state);
        var ours = SpeedContest.Rate(data.shape[0], () => EachBatch(data.shape[0], batch, indices => step.Run(state, indices, 0)));
        var theirs = SpeedContest.Rate(data.shape[0], () => EachBatch(data.shape[0], batch, indices =>
        {
            using var scope = NewDisposeScope();
            peer(data.index_select(0, tensor(indices)));
        }));
        return new SpeedContest("samples/s", ours, [new SpeedPeer("TorchSharp", 3, theirs)], [step, reader, state, model, store, data, .. resources]);
    }

    private static void EachBatch(long samples, int batch, Action<long[]> step)
    {
        var order = Enumerable.Range(0, (int)samples).Select(sample => (long)sample).ToArray();
        Random.Shared.Shuffle(order);
        foreach (var indices in order.Chunk(batch))
        {
            step(indices);
        }
    }

    private static InputOptions Input(int length) => new() { Shape = [length], Blocks = [new FeatureBlock("values", 0, length, FeatureBlockKind.Numeric)] };
}
