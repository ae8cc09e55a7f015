using Hourglass.Data.Stores;
using static TorchSharp.torch;

namespace Hourglass.Baselines;

/// <summary>How much of the latent space a trained model uses.</summary>
internal static class LatentFigures
{
    private const int MaximumSamples = 10_000;

    /// <summary>Named figures on some samples.</summary>
    public static IReadOnlyDictionary<string, double> Of(TrainedAutoencoder trained, SampleStore samples, ReadOnlyMemory<long> indices)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (trained.Model.Options.Bottleneck is Bottlenecks.OpenOptions)
        {
            return new Dictionary<string, double>(StringComparer.Ordinal);
        }

        var latents = trained.Latents(samples, indices[..Math.Min(MaximumSamples, indices.Length)]);
        return trained.Model.Bottleneck.Figures(latents).ToDictionary(figure => figure.Name, figure => figure.Value, StringComparer.Ordinal);
    }
}
