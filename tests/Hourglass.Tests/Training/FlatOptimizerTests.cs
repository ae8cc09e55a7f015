using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass.Tests.Training;

/// <summary>Step rules over runs of the flat buffer, held against the engine's own optimisers.</summary>
public sealed class FlatOptimizerTests
{
    // 2,100 x 1,013 weights: more than 2,048 runs of 1,024, so that threads share them; of all of more than a run, the last is short.
    [Theory]
    [InlineData(OptimizerKind.Adam, 13, 7)]
    [InlineData(OptimizerKind.Adam, 2100, 1013)]
    [InlineData(OptimizerKind.AdamW, 131, 1013)]
    [InlineData(OptimizerKind.Sgd, 131, 1013)]
    public void Ten_steps_agree_with_the_engine(OptimizerKind kind, int inputs, int outputs)
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(7);
        const double Rate = 0.01, Decay = 0.1, Momentum = 0.8;
        var (ours, theirs) = (nn.Linear(inputs, outputs), nn.Linear(inputs, outputs));
        theirs.load_state_dict(ours.state_dict());
        using var parameters = new FlatParameters(ours);
        using var rule = FlatOptimizer.Create(new TrainingOptions { Optimizer = kind, WeightDecay = Decay, Momentum = Momentum }, parameters);
        using optim.Optimizer reference = kind switch
        {
            OptimizerKind.Adam => optim.Adam(theirs.parameters(), Rate),
            OptimizerKind.AdamW => optim.AdamW(
                [new TorchSharp.Modules.AdamW.ParamGroup([theirs.weight!], new() { LearningRate = Rate, weight_decay = Decay }), new([theirs.bias!], new() { LearningRate = Rate, weight_decay = 0 })], Rate),
            _ => optim.SGD(theirs.parameters(), Rate, Momentum),
        };
        for (var step = 0; step < 10; step++)
        {
            foreach (var (own, other) in ours.parameters().Zip(theirs.parameters()))
            {
                var gradient = randn(own.shape, generator: noise);
                own.grad!.copy_(gradient);
                other.grad = gradient;
            }

            rule.Step(Rate);
            reference.step();
        }

        foreach (var (own, other) in ours.parameters().Zip(theirs.parameters()))
        {
            Assert.True((own - other).abs().max().item<float>() < 1e-6f, $"{(own - other).abs().max().item<float>()}");
        }
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Sgd)]
    public void Threads_change_no_bit(OptimizerKind kind)
    {
        var threads = get_num_threads();
        try
        {
            var results = new[] { 1, 2 }.Select(count =>
            {
                set_num_threads(count);
                using var scope = NewDisposeScope();
                using var noise = new Generator(7);
                var map = nn.Linear(2100, 1013);
                map.weight!.detach().copy_(randn(map.weight.shape, generator: noise));
                using var parameters = new FlatParameters(map);
                using var rule = FlatOptimizer.Create(new TrainingOptions { Optimizer = kind }, parameters);
                parameters.Gradients.copy_(randn(parameters.Gradients.shape, generator: noise));
                rule.Step(0.1);
                rule.Step(0.1);
                return map.weight.data<float>().ToArray();
            }).ToArray();
            Assert.True(results[0].AsSpan().SequenceEqual(results[1]));
        }
        finally
        {
            set_num_threads(threads);
        }
    }
}
