using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Evaluation;

/// <summary>A map in two dimensions that keeps neighbours together: t-distributed stochastic neighbour embedding, exact.</summary>
/// <remarks>van der Maaten and Hinton 2008, https://www.jmlr.org/papers/v9/vandermaaten08a.html; started from PCA (Kobak and Berens 2019,
/// https://doi.org/10.1038/s41467-019-13056-x) with step n / 12 (Belkina et al. 2019). Time and memory grow with the square of the points.</remarks>
public static class TSne
{
    /// <summary>Most points.</summary>
    public const int MaximumPoints = 5000;

    private const int Iterations = 500;
    private const int Exaggerated = 125; // iterations in which attraction counts twelvefold
    private const double Exaggeration = 12;

    /// <summary>Computes the map.</summary>
    /// <param name="points">Float32, [point, value].</param>
    /// <param name="perplexity">Effective number of neighbours; lowered to a third of the points where there are few.</param>
    /// <param name="progress">Told the share done.</param>
    /// <returns>Float32, [point, 2].</returns>
    /// <exception cref="HourglassException">More points than <see cref="MaximumPoints"/>, or fewer than 4.</exception>
    public static Tensor Map(Tensor points, double perplexity = 30, IProgress<double>? progress = null)
    {
        var count = points.shape[0];
        if (count is < 4 or > MaximumPoints)
        {
            throw new HourglassException($"t-SNE maps 4 to {MaximumPoints} points, got {count}. Map fewer with --count.");
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var joint = Affinities(points, Math.Min(perplexity, (count - 1) / 3.0));
        var places = Start(points);
        var (velocity, gains) = (zeros_like(places), ones_like(places));
        var rate = Math.Max(count / Exaggeration, 50);
        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            using var round = NewDisposeScope();
            var gradient = Gradient(joint, places, iteration < Exaggerated ? Exaggeration : 1);
            var isAgainst = gradient.sign().ne(velocity.sign());
            gains.copy_(where(isAgainst, gains + HeldScalar.Of(0.2), gains * HeldScalar.Of(0.8)).clamp_min(HeldScalar.Of(0.01)));
            velocity.mul_(HeldScalar.Of(iteration < Exaggerated ? 0.5 : 0.8)).sub_(gains * gradient * HeldScalar.Of(rate));
            places.add_(velocity);
            places.sub_(places.mean([0L], keepdim: true));
            progress?.Report((iteration + 1.0) / Iterations);
        }

        return places.MoveToOuterDisposeScope();
    }

    /// <summary>Symmetric probabilities that two points are neighbours, each point's width set so that its entropy is that of the perplexity.</summary>
    internal static Tensor Affinities(Tensor points, double perplexity)
    {
        using var scope = NewDisposeScope();
        var count = points.shape[0];
        var distances = Distances(points);
        var never = eye(count, dtype: ScalarType.Bool);
        var (low, high, precision) = (zeros(count, 1), full([count, 1], float.PositiveInfinity), distances.mean([1L], keepdim: true).clamp_min(HeldScalar.Of(1e-12)).reciprocal());
        var wanted = Math.Log(perplexity);
        var conditional = distances;
        for (var halving = 0; halving < 60; halving++)
        {
            var logits = (-distances * precision).masked_fill(never, HeldScalar.Of(-1e30));
            var logs = logits.log_softmax(1);
            conditional = logs.exp();
            var isWide = -(conditional * logs.masked_fill(never, HeldScalar.Of(0))).sum([1L], keepdim: true) > HeldScalar.Of(wanted); // entropy above the wish: narrower
            (low, high) = (where(isWide, precision, low), where(isWide, high, precision));
            precision = where(high.isinf(), precision * HeldScalar.Of(2), (low + high) * HeldScalar.Of(0.5));
        }

        return ((conditional + conditional.t()) * HeldScalar.Of(0.5 / count)).clamp_min(HeldScalar.Of(1e-12)).MoveToOuterDisposeScope();
    }

    private static Tensor Gradient(Tensor joint, Tensor places, double exaggeration)
    {
        var kernel = (Distances(places) + HeldScalar.Of(1)).reciprocal();
        kernel.diagonal().fill_(HeldScalar.Of(0));
        var forces = ((joint * HeldScalar.Of(exaggeration)) - (kernel / kernel.sum()).clamp_min(HeldScalar.Of(1e-12))) * kernel;
        return ((forces.sum([1L], keepdim: true) * places) - forces.matmul(places)) * HeldScalar.Of(4);
    }

    private static Tensor Distances(Tensor points)
    {
        var norms = points.Squared().sum([1L]);
        return (norms.unsqueeze(1) + norms.unsqueeze(0) - (points.matmul(points.t()) * HeldScalar.Of(2))).clamp_min(HeldScalar.Of(0));
    }

    private static Tensor Start(Tensor points)
    {
        var places = PlaneOf(points);
        return places * (HeldScalar.Of(1e-4) / places.std(0, unbiased: true, keepdim: false)[0].clamp_min(HeldScalar.Of(1e-12)));
    }

    /// <summary>The two directions in which points differ most.</summary>
    /// <param name="points">[point, value].</param>
    /// <returns>[point, 2].</returns>
    public static Tensor PlaneOf(Tensor points)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var centred = points - points.mean([0L], keepdim: true);
        if (points.shape[1] == 1)
        {
            return cat([centred, zeros_like(centred)], 1).MoveToOuterDisposeScope();
        }

        var (_, vectors) = linalg.eigh(centred.t().matmul(centred));
        return centred.matmul(vectors.flip(1).narrow(1, 0, 2)).MoveToOuterDisposeScope();
    }
}
