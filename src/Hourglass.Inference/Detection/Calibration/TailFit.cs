using System.Numerics.Tensors;

namespace Hourglass.Detection.Calibration;

/// <summary>A generalised Pareto distribution of what exceeds a level: P(excess > y) = (1 + shape y / scale)^(-1 / shape).</summary>
/// <param name="Level">Scores above it are peaks.</param>
/// <param name="Peaks">How many peaks were fitted.</param>
/// <param name="Shape">Above 0 a heavy tail, 0 an exponential one, below 0 a tail that ends.</param>
/// <param name="Scale">In units of the score.</param>
/// <param name="Distance">Largest distance between the distributions of the peaks and of the fit (Kolmogorov-Smirnov).</param>
/// <param name="Goodness">Share of tails drawn from the fit, and fitted themselves, that lie farther away: below 0.05 the fit is poor.</param>
public sealed record TailFit(double Level, long Peaks, double Shape, double Scale, double Distance, double Goodness)
{
    private const double SmallestShape = -0.5; // below, the likelihood has no regular maximum: Smith 1985
    private const double LargestShape = 2;

    /// <summary>The excess that a share of peaks goes beyond.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    public double Excess(double share) => Excess(share, Shape, Scale);

    internal static double Excess(double share, double shape, double scale) =>
        Math.Abs(shape) < 1e-8 ? -scale * Math.Log(share) : scale / shape * (Math.Pow(share, -shape) - 1);

    /// <summary>Shape and scale of the greatest likelihood.</summary>
    /// <remarks>Grimshaw 1993: with theta = shape / scale, the likelihood at its best shape depends on theta alone, and shape = mean log(1 + theta y).</remarks>
    /// <param name="excesses">Positive, ascending.</param>
    internal static (double Shape, double Scale) Fit(ReadOnlySpan<double> excesses)
    {
        var mean = TensorPrimitives.Sum(excesses) / excesses.Length;
        var room = new double[excesses.Length];
        var best = Profile(excesses, 0, mean, room);
        var (low, high) = (-1 / excesses[^1], 50 / mean);
        const int Steps = 40; // cubes: densest about theta = 0, the exponential tail
        for (var step = -Steps; step <= Steps; step++)
        {
            var share = Math.Pow(step / (double)Steps, 3);
            Better(Profile(excesses, share < 0 ? -share * low * (1 - 1e-9) : share * high, mean, room), ref best);
        }

        for (var width = Math.Max(Math.Abs(best.Theta), 1e-3 / mean) / 4; width > 1e-7 / mean; width /= 2)
        {
            var middle = best.Theta;
            Better(Profile(excesses, Math.Max(middle - width, low * (1 - 1e-9)), mean, room), ref best);
            Better(Profile(excesses, middle + width, mean, room), ref best);
        }

        return (best.Shape, best.Scale);
    }

    /// <summary>Largest distance between the distributions of some excesses and of a fit.</summary>
    /// <param name="excesses">Ascending.</param>
    /// <param name="shape">Shape of the fit.</param>
    /// <param name="scale">Scale of the fit.</param>
    internal static double DistanceTo(ReadOnlySpan<double> excesses, double shape, double scale)
    {
        var distance = 0.0;
        for (var place = 0; place < excesses.Length; place++)
        {
            var inside = 1 + (shape * excesses[place] / scale);
            var below = 1 - (inside <= 0 ? 0 : Math.Abs(shape) < 1e-8 ? Math.Exp(-excesses[place] / scale) : Math.Pow(inside, -1 / shape));
            distance = Math.Max(distance, Math.Max(below - (place / (double)excesses.Length), ((place + 1) / (double)excesses.Length) - below));
        }

        return distance;
    }

    private static void Better((double Theta, double Shape, double Scale, double LogLikelihood) candidate, ref (double Theta, double Shape, double Scale, double LogLikelihood) best) =>
        best = candidate.LogLikelihood > best.LogLikelihood ? candidate : best;

    // Log-likelihood per peak.
    private static (double Theta, double Shape, double Scale, double LogLikelihood) Profile(ReadOnlySpan<double> excesses, double theta, double mean, double[] room)
    {
        if (Math.Abs(theta) * mean < 1e-9)
        {
            return (0, 0, mean, -Math.Log(mean) - 1);
        }

        TensorPrimitives.Multiply(excesses, theta, room);
        TensorPrimitives.Add(room, 1, room);
        TensorPrimitives.Log(room, room);
        var shape = TensorPrimitives.Sum<double>(room) / room.Length;
        var scale = shape / theta;
        return shape is < SmallestShape or > LargestShape || !(scale > 0) ? (theta, shape, scale, double.NegativeInfinity) : (theta, shape, scale, -Math.Log(scale) - shape - 1);
    }
}
