using Hourglass.Bottlenecks;
using Hourglass.Data.Stores;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Networks.Recurrent;
using Hourglass.Networks.Transformer;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Training;
using Hourglass.Training.Steps;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>A model that trains by automatic differentiation, random samples for it, and a step.</summary>
internal sealed class EngineScene : IDisposable
{
    private const int Batches = 4;
    private readonly SampleStore _samples;
    private readonly BatchReader _reader;
    private readonly TrainingState _state;
    private readonly AutogradStep _step;
    private readonly long[] _numbers;
    private readonly int _batch;
    private int _next;

    public EngineScene(EngineModel model)
    {
        (_batch, Model) = (model.Batch, new Autoencoder(model.Options()));
        _samples = NoiseStore.Of(model.Shape, Batches * _batch);
        _reader = new BatchReader(_samples, CPU);
        var parameters = new FlatParameters(Model);
        _state = new TrainingState { Parameters = parameters, Optimizer = FlatOptimizer.Create(Model.Options.Training, parameters) };
        _step = new AutogradStep(Model, _reader);
        _numbers = [.. Enumerable.Range(0, Batches * _batch).Select(number => (long)number)];
    }

    /// <summary>The model.</summary>
    public Autoencoder Model { get; }

    /// <summary>One step on the next batch.</summary>
    public void Step()
    {
        Model.train();
        _step.Run(_state, Next(), epoch: 0);
    }

    /// <summary>One batch through encoder and decoder, its loss read.</summary>
    public double Evaluate()
    {
        Model.eval();
        using var scope = NewDisposeScope();
        return Model.Forward(_reader.ReadBatch(Next()), StepContext.Evaluation).Loss.item<float>();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _step.Dispose();
        _state.Dispose();
        _reader.Dispose();
        _samples.Dispose();
        Model.Dispose();
    }

    private ReadOnlySpan<long> Next() => _numbers.AsSpan(_next++ % Batches * _batch, _batch);
}

/// <summary>A model that trains by automatic differentiation.</summary>
/// <param name="Name">In words.</param>
/// <param name="Network">Its kind.</param>
/// <param name="Shape">Of a sample.</param>
/// <param name="Latents">Length of a latent.</param>
/// <param name="Batch">In a step.</param>
internal sealed record EngineModel(string Name, NetworkOptions Network, int[] Shape, int Latents, int Batch)
{
    /// <summary>What makes latents.</summary>
    public BottleneckOptions Bottleneck { get; init; } = new DeterministicOptions();

    /// <summary>One of each family that the fused step leaves alone.</summary>
    public static IReadOnlyList<EngineModel> All { get; } =
    [
        new("transformer of 28x28, width 64, batch 64", new TransformerNetworkOptions(), [1, 28, 28], 32, 64),
        new("residual 32,64 of 28x28, 2 blocks, batch 32", new ConvolutionalNetworkOptions { Blocks = 2 }, [1, 28, 28], 20, 32),
        new("resizing 32,64 of 28x28, batch 128", new ConvolutionalNetworkOptions { Upsampling = Upsampling.Resize }, [1, 28, 28], 20, 128),
        new("GRU 64 over 140 steps, batch 64", new RecurrentNetworkOptions(), [140, 1], 16, 64),
        new("gated dictionary 64 to 256, batch 64", new DenseNetworkOptions { Hidden = [] }, [64], 256, 64) { Bottleneck = new GatedOptions() },
    ];

    /// <summary>Its options.</summary>
    public AutoencoderOptions Options()
    {
        var length = Shape.Aggregate(1, (product, size) => product * size);
        return new AutoencoderOptions
        {
            Input = new InputOptions { Shape = Shape, IsUnitInterval = true, Blocks = [new FeatureBlock("values", 0, length, FeatureBlockKind.Numeric)] },
            Network = Network,
            LatentSize = Latents,
            Bottleneck = Bottleneck,
            Objective = new SquaredErrorOptions(),
            Training = new TrainingOptions { Epochs = 1, BatchSize = Batch, Patience = null, Engine = StepEngine.Autograd },
        };
    }
}
