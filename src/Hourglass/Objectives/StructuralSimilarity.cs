using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>One minus the structural similarity of two pictures, mixed with their absolute difference.</summary>
/// <remarks>Wang et al. 2004, https://doi.org/10.1109/TIP.2003.819861; several scales: Wang et al. 2003; the mixture with L1: Zhao et al. 2017,
/// https://arxiv.org/abs/1511.08861.</remarks>
public sealed record StructuralSimilarityOptions : ObjectiveOptions
{
    /// <summary>Scales, each half as wide as the one before; 1 is SSIM, more are MS-SSIM.</summary>
    public int Scales { get; init; } = 1;

    /// <summary>Share of the absolute difference, 0 to 1.</summary>
    public double Absolute { get; init; } = 0.16;

    internal override Objective Build(AutoencoderOptions options) => new StructuralSimilarity(this, options.Input!);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        if (options.Input is { Shape.Count: not 3 } input)
        {
            yield return $"objective structural-similarity needs pictures [channel, height, width], but a sample is [{string.Join(", ", input.Shape)}].";
        }

        if (options.Input is { Shape: [_, var height, var width] } && Scales >= 1 && (Math.Min(height, width) >> (Math.Min(Scales, 20) - 1)) < StructuralSimilarity.Window)
        {
            yield return $"objective structural-similarity: {Scales} scales need pictures of at least {StructuralSimilarity.Window << (Math.Min(Scales, 16) - 1)} pixels each way, these are {height} x {width}.";
        }

        if (Scales is < 1 or > 5)
        {
            yield return $"objective structural-similarity: scales must be from 1 to 5, got {Scales}.";
        }

        if (Absolute is not (>= 0 and <= 1))
        {
            yield return $"objective structural-similarity: absolute must be from 0 to 1, got {Absolute}.";
        }
    }
}

/// <summary>Local means, variances and covariances under a Gaussian window, for each channel.</summary>
internal sealed class StructuralSimilarity : Objective
{
    /// <summary>Width of the window.</summary>
    public const int Window = 7;

    private const double Deviation = 1.5;
    private const double MeanFloor = 0.01 * 0.01; // (K1 L)^2 with L = 1
    private const double VarianceFloor = 0.03 * 0.03;

    // Weights of the scales in Wang et al. 2003, renormalised over those in use.
    private static readonly double[] ScaleWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

    private readonly StructuralSimilarityOptions _options;
    private readonly long[] _shape;
    private readonly float[] _window;

    public StructuralSimilarity(StructuralSimilarityOptions options, InputOptions input)
        : base(nameof(StructuralSimilarity))
    {
        _options = options;
        _shape = [-1, .. input.Shape.Select(size => (long)size)];
        var line = Enumerable.Range(0, Window).Select(place => Math.Exp(-Math.Pow((place - (Window / 2)) / Deviation, 2) / 2)).ToArray();
        var total = line.Sum() * line.Sum();
        _window = [.. line.SelectMany(down => line.Select(across => (float)(down * across / total)))];
    }

    private protected override Tensor Compare(Tensor output, Tensor target)
    {
        var (first, second) = (output.view(_shape), target.view(_shape));
        var dissimilarity = _options.Scales == 1 ? HeldScalar.Of(1) - Maps(first, second).Full : HeldScalar.Of(1) - MultiScale(first, second);
        var spread = dissimilarity.expand(first.shape).flatten(1);
        return (spread * HeldScalar.Of((1 - _options.Absolute) / 2)) + ((output - target).abs() * HeldScalar.Of(_options.Absolute));
    }

    // One number a sample, shaped [batch, 1, 1, 1] so that it spreads evenly over the values.
    private Tensor MultiScale(Tensor first, Tensor second)
    {
        var weights = ScaleWeights.Take(_options.Scales).ToArray();
        var product = ones(first.shape[0], 1, 1, 1, device: first.device);
        for (var scale = 0; scale < _options.Scales; scale++)
        {
            var (full, contrast) = Maps(first, second);
            var mean = (scale == _options.Scales - 1 ? full : contrast).mean([1L, 2L, 3L], keepdim: true).clamp_min(HeldScalar.Of(1e-4));
            product *= mean.pow(HeldScalar.Of(weights[scale] / weights.Sum()));
            (first, second) = (nn.functional.avg_pool2d(first, 2), nn.functional.avg_pool2d(second, 2));
        }

        return product;
    }

    private (Tensor Full, Tensor Contrast) Maps(Tensor first, Tensor second)
    {
        EngineConvolutions.Require();
        var channels = first.shape[1];
        var window = tensor(_window, 1, 1, Window, Window, device: first.device).expand(channels, 1, Window, Window);
        Tensor Local(Tensor values) => nn.functional.conv2d(nn.functional.pad(values, (Window / 2, Window / 2, Window / 2, Window / 2), TorchSharp.PaddingModes.Replicate), window, groups: channels);
        var (mean1, mean2) = (Local(first), Local(second));
        var (variance1, variance2) = (Local(first.Squared()) - mean1.Squared(), Local(second.Squared()) - mean2.Squared());
        var covariance = Local(first * second) - (mean1 * mean2);
        var contrast = ((covariance * HeldScalar.Of(2)) + HeldScalar.Of(VarianceFloor)) / (variance1 + variance2 + HeldScalar.Of(VarianceFloor));
        var luminance = ((mean1 * mean2 * HeldScalar.Of(2)) + HeldScalar.Of(MeanFloor)) / (mean1.Squared() + mean2.Squared() + HeldScalar.Of(MeanFloor));
        return (contrast * luminance, contrast);
    }
}
