using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Networks.Dense;

/// <summary>Hidden layers, then one linear map to the sample's values.</summary>
internal sealed class DenseDecoder : Decoder
{
    private readonly DenseLayers _layers;
    private readonly Linear _output;
    private readonly Activation _outputActivation;

    public DenseDecoder(DenseNetworkOptions options, int latentSize, int outputSize)
        : base(nameof(DenseDecoder))
    {
        _outputActivation = options.OutputActivation;
        _layers = new DenseLayers(options, latentSize, options.DecoderHidden ?? [.. options.Hidden.Reverse()]);
        _output = Linear(_layers.OutputSize, outputSize);
        RegisterComponents();
    }

    public override Linear Dictionary => _layers.Linears.Count > 0 ? _layers.Linears[0] : _output;

    public override Tensor Forward(Tensor latents, StepContext context) =>
        _outputActivation.Apply(ReducedPrecision.Full(ReducedPrecision.Map(_output, _layers.Forward(latents, context))));
}
