using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Temporal;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using TorchSharp;

namespace Hourglass.Tests.Networks;

public sealed class PictureNormalizationTests
{
    [Theory]
    [InlineData(Normalization.Batch)]
    [InlineData(Normalization.Layer)]
    public void Normalisation_of_pictures_starts_from_a_gain_of_1_and_a_shift_of_0(Normalization normalization)
    {
        var pixels = new InputOptions { Shape = [1, 9, 7], Blocks = [new FeatureBlock("pixels", 0, 63, FeatureBlockKind.Numeric)] };
        using var model = new Autoencoder(new AutoencoderOptions { Input = pixels, LatentSize = 2, Objective = new SquaredErrorOptions(), Network = new ConvolutionalNetworkOptions { Channels = [33, 5], Blocks = 1, Normalization = normalization } });
        var learnt = model.named_parameters().Where(entry => entry.name.Contains("_normalizations", StringComparison.Ordinal)).ToList();
        Assert.Equal(14, learnt.Count); // gain and shift of two layers there, one back, and four blocks
        Assert.All(learnt, entry => Assert.All(entry.parameter.data<float>().ToArray(), value => Assert.Equal(entry.name.EndsWith(".weight", StringComparison.Ordinal) ? 1f : 0f, value)));
    }

    [Theory]
    [InlineData(Normalization.Batch)]
    [InlineData(Normalization.Layer)]
    public void Normalisation_of_series_starts_from_a_gain_of_1_and_a_shift_of_0(Normalization normalization)
    {
        for (var round = 0; round < 50; round++)
        {
            torch.full(33, 7f).Dispose(); // memory that is free again holds something else
        }

        var steps = new InputOptions { Shape = [12, 2], Blocks = [new FeatureBlock("steps", 0, 24, FeatureBlockKind.Numeric)] };
        using var model = new Autoencoder(new AutoencoderOptions { Input = steps, LatentSize = 2, Objective = new SquaredErrorOptions(), Network = new TemporalNetworkOptions { Channels = [33, 5], Normalization = normalization } });
        var learnt = model.named_parameters().Where(entry => entry.name.Contains("_normalizations", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(learnt);
        Assert.All(learnt, entry => Assert.All(entry.parameter.data<float>().ToArray(), value => Assert.Equal(entry.name.EndsWith(".weight", StringComparison.Ordinal) ? 1f : 0f, value)));
    }
}
