using static TorchSharp.torch;

namespace Hourglass.Networks.Dense;

/// <summary>Flattens a sample and runs it through the hidden layers.</summary>
internal sealed class DenseEncoder : Encoder
{
    private readonly DenseLayers _layers;
    private readonly double _inputDropout;

    public DenseEncoder(DenseNetworkOptions options, int inputSize)
        : base(nameof(DenseEncoder))
    {
        _inputDropout = options.InputDropout;
        _layers = new DenseLayers(options, inputSize, options.Hidden);
        RegisterComponents();
    }

    public override int FeatureSize => _layers.OutputSize;

    /// <summary>The hidden layers, for tying.</summary>
    public DenseLayers Layers => _layers;

    public override Tensor Forward(Tensor samples, StepContext context) =>
        ReducedPrecision.Full(_layers.Forward(NoiseDropout.Apply(samples.flatten(1), _inputDropout, context), context));
}
