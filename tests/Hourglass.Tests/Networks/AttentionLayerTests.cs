using Hourglass.Networks.Transformer;
using static TorchSharp.torch;

namespace Hourglass.Tests.Networks;

/// <summary>The engine's attention in one operation, held against the long way that may be differentiated twice.</summary>
public sealed class AttentionLayerTests
{
    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(5, 37, false)]
    [InlineData(5, 37, true)]
    public void Outputs_and_all_gradients_agree_in_training_and_outside(int batch, int tokens, bool hides)
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(7);
        var layer = new AttentionLayer(new TransformerNetworkOptions { Width = 21, Heads = 3 });
        var (given, direction) = (randn([batch, tokens, 21], generator: noise).requires_grad_(true), randn([batch, tokens, 21], generator: noise));
        var visible = hides ? rand([batch, 1, 1, tokens], generator: noise).ge(0.3) : null;
        Tensor[] leaves = [given, .. layer.parameters()];
        var (once, longer) = (layer.Forward(given, visible, new StepContext(noise, 0)), layer.Forward(given, visible, StepContext.Evaluation));
        Close(longer, once);
        foreach (var (reference, gradient) in autograd.grad([(longer * direction).sum()], leaves).Zip(autograd.grad([(once * direction).sum()], leaves)))
        {
            Close(reference, gradient);
        }

        using var noGrad = no_grad();
        Close(longer, layer.Forward(given, visible, StepContext.Evaluation));
    }

    private static void Close(Tensor expected, Tensor actual) =>
        Assert.True((expected - actual).norm().item<float>() <= 1e-5f * (1 + expected.norm().item<float>()), $"{(expected - actual).norm().item<float>()} of {expected.norm().item<float>()}");
}
