using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Evaluation;

/// <summary>How far a set of made samples is from a set of real ones, in some features.</summary>
public static class SampleDistances
{
    private const int Neighbour = 3; // as in Kynkäänniemi et al.
    private const double Ridge = 1e-6;

    /// <summary>Squared Frechet distance between the normal distributions fitted to two sets of features.</summary>
    /// <remarks>Dowson and Landau 1982; with Inception features it is known as FID, and only then: here the features are a project's own, so that the number
    /// compares models measured with the same classifier and nothing else.</remarks>
    /// <param name="real">[sample, feature].</param>
    /// <param name="made">[sample, feature].</param>
    public static double Frechet(Tensor real, Tensor made)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (mean1, covariance1) = Moments(real);
        var (mean2, covariance2) = Moments(made);
        // Trace of the root of C1 C2, by the symmetric root of C1: eigenvalues of C1^1/2 C2 C1^1/2.
        var (values, vectors) = linalg.eigh(covariance1);
        var root = vectors.matmul(values.clamp_min(HeldScalar.Of(0)).sqrt().diag()).matmul(vectors.t());
        var cross = linalg.eigvalsh(root.matmul(covariance2).matmul(root)).clamp_min(HeldScalar.Of(0)).sqrt().sum();
        return ((mean1 - mean2).Squared().sum() + covariance1.diagonal().sum() + covariance2.diagonal().sum() - (cross * HeldScalar.Of(2))).item<double>();
    }

    /// <summary>Share of made samples that lie near real ones, and of real ones that lie near made ones.</summary>
    /// <remarks>Kynkäänniemi et al. 2019, https://arxiv.org/abs/1904.06991: "near" is within the distance of a sample's third neighbour in its own set.</remarks>
    /// <param name="real">[sample, feature].</param>
    /// <param name="made">[sample, feature].</param>
    public static (double Precision, double Recall) PrecisionRecall(Tensor real, Tensor made)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return (Covered(real, made), Covered(made, real));
    }

    // Share of the points that fall into a ball around some centre.
    private static double Covered(Tensor centres, Tensor points)
    {
        var (radii, _) = cdist(centres, centres).topk(Neighbour + 1, 1, largest: false); // the nearest is itself
        return cdist(points, centres).le(radii.narrow(1, Neighbour, 1).t()).any(1).to(ScalarType.Float32).mean().item<float>();
    }

    private static (Tensor Mean, Tensor Covariance) Moments(Tensor features)
    {
        var values = features.to(ScalarType.Float64);
        var mean = values.mean([0L]);
        var centred = values - mean;
        return (mean, (centred.t().matmul(centred) / (values.shape[0] - 1)) + (eye(values.shape[1], dtype: ScalarType.Float64) * Ridge));
    }
}
