using Hourglass.Engine;
using Hourglass.Networks.Recurrent;
using static TorchSharp.torch;

namespace Hourglass.Tests.Networks;

/// <summary>The hand-derived GRU layer, held against the engine's own.</summary>
public sealed class GatedSequenceTests
{
    [Theory]
    [InlineData(1, 2, 1, 3)]
    [InlineData(5, 7, 3, 20)]
    [InlineData(70, 4, 40, 33)] // three parts of rows, the last of them ragged
    public void Outputs_and_all_gradients_agree_with_the_engine(int batch, int steps, int inputs, int width)
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(7);
        var layer = nn.GRU(inputs, width, batchFirst: true);
        var (given, state) = (randn([batch, steps, inputs], generator: noise).requires_grad_(true), randn([batch, width], generator: noise).requires_grad_(true));
        var direction = randn([batch, steps, width], generator: noise);
        var weights = layer.parameters().ToList();
        Tensor[] leaves = [given, state, .. weights];

        var ours = GatedSequence.Apply(given, state, weights);
        var theirs = layer.call(given, state.unsqueeze(0)).Item1;
        Close(theirs, ours);
        var gradients = autograd.grad([(ours * direction).sum()], leaves);
        var expected = autograd.grad([(theirs * direction).sum()], leaves);
        foreach (var (gradient, reference) in gradients.Zip(expected))
        {
            Close(reference, gradient);
        }

        using var noGrad = no_grad();
        Close(theirs, GatedSequence.Apply(given, state, weights));
    }

    [Fact]
    public void A_graph_may_be_walked_twice()
    {
        using var scope = NewDisposeScope();
        var given = randn(3, 4, 2).requires_grad_(true);
        var output = GatedSequence.Apply(given, zeros(3, 5), [.. nn.GRU(2, 5, batchFirst: true).parameters()]).sum();
        var first = autograd.grad([output], [given], retain_graph: true)[0];
        Close(first, autograd.grad([output], [given])[0]);
    }

    [Fact]
    public void Threads_change_no_bit()
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(7);
        var (given, weights) = (randn([80, 5, 3], generator: noise).requires_grad_(true), nn.GRU(3, 9, batchFirst: true).parameters().ToList());
        var threads = get_num_threads();
        try
        {
            var results = new[] { (1, false), (2, false), (2, true) }.Select(way =>
            {
                set_num_threads(way.Item1);
                using var alone = way.Item2 ? EngineThreads.One() : null;
                var output = GatedSequence.Apply(given, zeros(80, 9), weights);
                return (Tensor[])[output, .. autograd.grad([output.square().sum()], [given, .. weights])];
            }).ToList();
            Assert.All(results.Skip(1), other => Assert.All(results[0].Zip(other), pair => Assert.True(pair.First.eq(pair.Second).all().item<bool>())));
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static void Close(Tensor expected, Tensor actual) =>
        Assert.True(expected.allclose(actual, rtol: 1e-3, atol: 1e-5), $"off by up to {(expected - actual).abs().max().item<float>()}, values up to {expected.abs().max().item<float>()}");
}
