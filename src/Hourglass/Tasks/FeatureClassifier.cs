using System.Runtime.InteropServices;
using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Engine;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Tasks;

/// <summary>A small classifier whose features measure how far made samples are from real ones.</summary>
/// <remarks>An encoder of the family (convolutions for pictures), one layer of features, one of classes; trained by cross-entropy.</remarks>
public sealed class FeatureClassifier : IDisposable
{
    private const int Features = 64;
    private const int Batch = 128;
    private readonly Network _network;

    private FeatureClassifier(Network network, InputOptions input, IReadOnlyList<string> classes, double accuracy) => (_network, Input, Classes, Accuracy) = (network, input, classes, accuracy);

    /// <summary>What a sample is.</summary>
    public InputOptions Input { get; }

    /// <summary>Names of the classes.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Share of held-out samples that it names rightly.</summary>
    public double Accuracy { get; }

    /// <summary>Trains a classifier.</summary>
    /// <param name="data">Labelled data.</param>
    /// <param name="epochs">Passes over the training part.</param>
    /// <param name="seed">Seed of weights and order.</param>
    /// <param name="progress">Told the share done.</param>
    /// <exception cref="HourglassException">The data has no labels.</exception>
    public static FeatureClassifier Train(PreparedData data, int epochs, int seed, IProgress<double>? progress = null)
    {
        NativeEngine.Require();
        var labels = data.Labels ?? throw new HourglassException($"{data.Description.Source}: a classifier needs labels. Name their column with --label.");
        var input = new InputOptions { Shape = data.Preprocessing.SampleShape, Blocks = data.Preprocessing.Blocks, IsUnitInterval = data.Preprocessing.IsUnitInterval };
        var network = new Network(input, labels.Names.Count);
        WeightInitialization.Apply(network, Activation.Relu, seed);
        var training = data.Split.Training.Where(sample => labels.Codes[sample] >= 0).ToArray();
        using (var reader = new BatchReader(data.Samples, CPU))
        using (var parameters = new FlatParameters(network))
        using (var optimizer = FlatOptimizer.Create(new TrainingOptions(), parameters))
        {
            for (var epoch = 0; epoch < epochs; epoch++)
            {
                using var order = SeededOrder.Shuffle(training, seed, epoch);
                foreach (var part in order.Samples.Chunk(Batch))
                {
                    using var scope = NewDisposeScope();
                    parameters.Gradients.zero_();
                    nn.functional.cross_entropy(network.Forward(reader.Read(part)).Logits, Targets(labels, part)).backward();
                    using var noGrad = no_grad();
                    optimizer.Step(1e-3 * 0.5 * (1 + Math.Cos(Math.PI * epoch / epochs)));
                }

                progress?.Report((epoch + 1.0) / epochs);
            }

            network.Detach(parameters);
        }

        var classifier = new FeatureClassifier(network, input, labels.Names, 0);
        return new FeatureClassifier(network, input, labels.Names, classifier.Measure(data.Samples, data.Split.Validation.Length > 0 ? data.Split.Validation : data.Split.Training, labels));
    }

    /// <summary>Reads a classifier.</summary>
    /// <param name="path">Written by <see cref="Save"/>.</param>
    /// <exception cref="BundleException">The file is broken.</exception>
    public static FeatureClassifier Load(string path)
    {
        NativeEngine.Require();
        var (metadata, tensors) = CheckpointFile.Read(path);
        var facts = BundleJson.Deserialize<Facts>(metadata.GetValueOrDefault("classifier") ?? throw new BundleException($"{path}: not a classifier. Make one with 'hourglass classifier'."), path);
        if (facts.Input.Faults().ToList() is { Count: > 0 } faults || facts.Classes.Count is < 1 or > 100_000)
        {
            throw new BundleException($"{path}: the classifier's facts contradict each other. The file is altered.");
        }

        if (facts.Input.Length > tensors.Values.Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size)))
        {
            throw new BundleException($"{path}: holds fewer weights than its input asks for. The file is altered.");
        }

        var network = new Network(facts.Input, facts.Classes.Count);
        foreach (var (name, parameter) in network.named_parameters())
        {
            if (!tensors.TryGetValue(name, out var stored) || !stored.Shape.SequenceEqual(parameter.shape))
            {
                throw new BundleException($"{path}: lacks the weights '{name}' of shape [{string.Join(", ", parameter.shape)}]. The file is altered.");
            }

            TensorStorage.CopyTo(stored, parameter);
        }

        return new FeatureClassifier(network, facts.Input, facts.Classes, facts.Accuracy);
    }

    /// <summary>Writes the classifier.</summary>
    /// <param name="path">Where it goes.</param>
    public void Save(string path) => CheckpointFile.Write(
        path, new Dictionary<string, string>(StringComparer.Ordinal) { ["classifier"] = BundleJson.Serialize(new Facts(Input, Classes, Accuracy)) },
        [.. _network.named_parameters().Select(entry => TensorStorage.ToStored(entry.name, entry.parameter))]);

    /// <summary>Features of samples.</summary>
    /// <param name="samples">[sample, value], row-major, in model-input units.</param>
    /// <returns>Float32, [sample, feature].</returns>
    public Tensor FeaturesOf(ReadOnlySpan<float> samples)
    {
        if (samples.Length == 0 || samples.Length % Input.Length != 0)
        {
            throw new ShapeException($"Expected rows of {Input.Length} values, got {samples.Length} values.");
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var parts = new List<Tensor>();
        for (var start = 0; start < samples.Length; start += 512 * Input.Length)
        {
            var part = samples.Slice(start, Math.Min(512 * Input.Length, samples.Length - start));
            var batch = empty([part.Length / Input.Length, .. Input.Shape.Select(size => (long)size)]);
            part.CopyTo(MemoryMarshal.Cast<byte, float>(batch.bytes));
            parts.Add(_network.Forward(batch).Features);
        }

        return cat(parts, 0).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();

    private static Tensor Targets(SampleLabels labels, long[] samples) => tensor(samples.Select(sample => (long)labels.Codes[sample]).ToArray());

    private double Measure(SampleStore samples, long[] indices, SampleLabels labels)
    {
        using var reader = new BatchReader(samples, CPU);
        var (right, all) = (0L, 0L);
        foreach (var part in indices.Where(sample => labels.Codes[sample] >= 0).Chunk(512))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            right += _network.Forward(reader.Read(part)).Logits.argmax(1L).eq(Targets(labels, part)).sum().item<long>();
            all += part.Length;
        }

        return all > 0 ? (double)right / all : 0;
    }

    private sealed record Facts(InputOptions Input, IReadOnlyList<string> Classes, double Accuracy);

    private sealed class Network : nn.Module
    {
        private readonly Encoder _encoder;
        private readonly Linear _features;
        private readonly Linear _output;

        public Network(InputOptions input, int classes)
            : base(nameof(FeatureClassifier))
        {
            using var scope = NewDisposeScope();
            NetworkOptions options = input.Shape.Count == 3 ? new ConvolutionalNetworkOptions { Channels = [32, 64] } : new DenseNetworkOptions { Hidden = [256] };
            _encoder = options.BuildEncoder(input);
            _features = nn.Linear(_encoder.FeatureSize, FeatureClassifier.Features);
            _output = nn.Linear(FeatureClassifier.Features, classes);
            RegisterComponents();
            foreach (var parameter in parameters())
            {
                parameter.DetachFromDisposeScope();
            }
        }

        public (Tensor Features, Tensor Logits) Forward(Tensor samples)
        {
            var features = _features.call(_encoder.Forward(samples, StepContext.Evaluation)).relu();
            return (features, _output.call(features));
        }

        /// <summary>Gives each parameter memory of its own again.</summary>
        public void Detach(FlatParameters flat)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            foreach (var (parameter, place) in parameters().Zip(flat.Layout))
            {
                parameter.grad = null;
                parameter.set_(flat.Values.narrow(0, place.Offset, place.Count).clone().view(place.Shape));
            }
        }
    }
}
