using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hourglass.Kernels;

namespace Hourglass.Baselines;

/// <summary>What a pass over samples gives a mixture's next step, by deviations from the component's mean; responsibilities are shares of a sample.</summary>
/// <param name="components">Components.</param>
/// <param name="width">Features, padded.</param>
internal sealed class MixtureSums(int components, int width)
{
    /// <summary>Samples of each component.</summary>
    public double[] Mass { get; } = new double[components];

    /// <summary>Sums of deviations, [component, feature].</summary>
    public double[] First { get; } = new double[components * width];

    /// <summary>Sums of their products, [component, feature, feature], on and below the diagonal.</summary>
    public double[] Second { get; } = new double[components * width * width];

    /// <summary>Sum of the samples' log densities.</summary>
    public double LogLikelihood { get; set; }

    /// <summary>Adds others.</summary>
    public void Add(MixtureSums other)
    {
        foreach (var (own, more) in new[] { (Mass, other.Mass), (First, other.First), (Second, other.Second) })
        {
            MixtureRows.AddScaled(more, 1, own);
        }

        LogLikelihood += other.LogLikelihood;
    }
}

/// <summary>One thread's passes over pieces of samples that lie side by side, [feature, sample].</summary>
/// <remarks>Loops of its own, compiled fully at once: a mixture is fitted before general ones would have been.</remarks>
/// <param name="components">Components.</param>
/// <param name="width">Features, a multiple of <see cref="Tile"/>.</param>
internal sealed unsafe class MixturePass(int components, int width)
{
    /// <summary>Samples of a piece.</summary>
    public const int Rows = 256;

    /// <summary>Features that are worked on at once.</summary>
    public const int Tile = 4;

    private static readonly int Lanes = Vector512<double>.Count;
    private readonly double[] _deviations = new double[width * Rows];
    private readonly double[] _weighted = new double[width * Rows];
    private readonly double[] _shares = new double[components * Rows]; // first squared distances

    /// <summary>Sums of what was passed over.</summary>
    public MixtureSums Sums { get; } = new(components, width);

    /// <summary>Passes over a piece, each sample of which belongs to all components by its density.</summary>
    /// <param name="samples">[feature, sample].</param>
    /// <param name="count">Samples; what stands behind them counts nothing.</param>
    /// <param name="mixture">The components.</param>
    public void Pass(ReadOnlySpan<double> samples, int count, MixtureState mixture)
    {
        fixed (double* values = samples, means = mixture.Means, inverses = mixture.Inverses, constants = mixture.Constants, deviations = _deviations, shares = _shares)
        {
            for (var component = 0; component < components; component++)
            {
                Deviate(values, means + (component * width), deviations);
                Distances(inverses + (component * width * width), deviations, shares + (component * Rows));
            }

            Sums.LogLikelihood += Share(shares, constants, count);
        }

        Array.ForEach([.. Enumerable.Range(0, components)], component => _shares.AsSpan((component * Rows) + count, Rows - count).Clear());
        AddAll(samples, mixture);
    }

    /// <summary>Passes over a piece, each sample of which belongs to one component.</summary>
    /// <param name="samples">[feature, sample].</param>
    /// <param name="chosen">The component of each.</param>
    /// <param name="mixture">The components' means.</param>
    public void Pass(ReadOnlySpan<double> samples, ReadOnlySpan<long> chosen, MixtureState mixture)
    {
        Array.Clear(_shares);
        for (var row = 0; row < chosen.Length; row++)
        {
            _shares[((int)chosen[row] * Rows) + row] = 1;
        }

        AddAll(samples, mixture);
    }

    private void AddAll(ReadOnlySpan<double> samples, MixtureState mixture)
    {
        fixed (double* values = samples, means = mixture.Means, deviations = _deviations, weighted = _weighted, shares = _shares, mass = Sums.Mass, first = Sums.First, second = Sums.Second)
        {
            for (var component = 0; component < components; component++)
            {
                Deviate(values, means + (component * width), deviations);
                mass[component] += Weigh(deviations, shares + (component * Rows), weighted, first + (component * width));
                Products(weighted, deviations, second + (component * width * width));
            }
        }
    }

    [MethodImpl(KernelCode.ByItself)]
    private void Deviate(double* values, double* means, double* deviations)
    {
        for (var feature = 0; feature < width; feature++)
        {
            var mean = Vector512.Create(means[feature]);
            for (var row = feature * Rows; row < (feature + 1) * Rows; row += Lanes)
            {
                (Vector512.Load(values + row) - mean).Store(deviations + row);
            }
        }
    }

    // From squared distances to each component's share of each sample; gives the sum of the log densities.
    [MethodImpl(KernelCode.ByItself)]
    private double Share(double* shares, double* constants, int count)
    {
        var sum = 0.0;
        for (var row = 0; row < count; row += Lanes)
        {
            var (most, total) = (Vector512.Create(double.NegativeInfinity), Vector512<double>.Zero);
            for (var component = 0; component < components; component++)
            {
                most = Vector512.Max(most, Vector512.Create(constants[component]) - (0.5 * Vector512.Load(shares + (component * Rows) + row)));
            }

            for (var component = 0; component < components; component++)
            {
                var density = Vector512.Exp(Vector512.Create(constants[component]) - (0.5 * Vector512.Load(shares + (component * Rows) + row)) - most);
                density.Store(shares + (component * Rows) + row);
                total += density;
            }

            for (var component = 0; component < components; component++)
            {
                (Vector512.Load(shares + (component * Rows) + row) / total).Store(shares + (component * Rows) + row);
            }

            for (var (lane, logarithms) = (0, most + Vector512.Log(total)); lane < Math.Min(Lanes, count - row); lane++)
            {
                sum += logarithms[lane];
            }
        }

        return sum;
    }

    // Deviations by shares, and their sums; gives the shares' own.
    [MethodImpl(KernelCode.ByItself)]
    private double Weigh(double* deviations, double* shares, double* weighted, double* sums)
    {
        var mass = Vector512<double>.Zero;
        for (var row = 0; row < Rows; row += Lanes)
        {
            mass += Vector512.Load(shares + row);
        }

        for (var feature = 0; feature < width; feature++)
        {
            var sum = Vector512<double>.Zero;
            for (var row = 0; row < Rows; row += Lanes)
            {
                var product = Vector512.Load(deviations + (feature * Rows) + row) * Vector512.Load(shares + row);
                product.Store(weighted + (feature * Rows) + row);
                sum += product;
            }

            sums[feature] += Vector512.Sum(sum);
        }

        return Vector512.Sum(mass);
    }

    // The squared length of the inverse factor's product with each sample's deviation: four features of two registers of samples at a time.
    [MethodImpl(KernelCode.ByItself)]
    private void Distances(double* inverse, double* deviations, double* distances)
    {
        for (var row = 0; row < Rows; row += 2 * Lanes)
        {
            var (low, high) = (Vector512<double>.Zero, Vector512<double>.Zero);
            for (var feature = 0; feature < width; feature += Tile)
            {
                var (a0, a1, a2, a3) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
                var (b0, b1, b2, b3) = (a0, a1, a2, a3);
                double* factor = inverse + (feature * width);
                for (var input = 0; input < feature + Tile; input++, factor++) // what lies above the diagonal is zero
                {
                    var (a, b) = (Vector512.Load(deviations + (input * Rows) + row), Vector512.Load(deviations + (input * Rows) + row + Lanes));
                    var (f0, f1, f2, f3) = (Vector512.Create(factor[0]), Vector512.Create(factor[width]), Vector512.Create(factor[2 * width]), Vector512.Create(factor[3 * width]));
                    (a0, b0) = (Vector512.FusedMultiplyAdd(f0, a, a0), Vector512.FusedMultiplyAdd(f0, b, b0));
                    (a1, b1) = (Vector512.FusedMultiplyAdd(f1, a, a1), Vector512.FusedMultiplyAdd(f1, b, b1));
                    (a2, b2) = (Vector512.FusedMultiplyAdd(f2, a, a2), Vector512.FusedMultiplyAdd(f2, b, b2));
                    (a3, b3) = (Vector512.FusedMultiplyAdd(f3, a, a3), Vector512.FusedMultiplyAdd(f3, b, b3));
                }

                low += (a0 * a0) + (a1 * a1) + (a2 * a2) + (a3 * a3);
                high += (b0 * b0) + (b1 * b1) + (b2 * b2) + (b3 * b3);
            }

            low.Store(distances + row);
            high.Store(distances + row + Lanes);
        }
    }

    // Weighted products of deviations, added: four features with four, on and below the diagonal.
    [MethodImpl(KernelCode.ByItself)]
    private void Products(double* weighted, double* deviations, double* products)
    {
        for (var feature = 0; feature < width; feature += Tile)
        {
            for (var other = 0; other <= feature; other += Tile)
            {
                var (a0, a1, a2, a3) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
                var (b0, b1, b2, b3, c0, c1, c2, c3) = (a0, a1, a2, a3, a0, a1, a2, a3);
                var (d0, d1, d2, d3) = (a0, a1, a2, a3);
                double* first = weighted + (feature * Rows);
                double* second = deviations + (other * Rows);
                for (var row = 0; row < Rows; row += Lanes, first += Lanes, second += Lanes)
                {
                    var (a, b, c, d) = (Vector512.Load(first), Vector512.Load(first + Rows), Vector512.Load(first + (2 * Rows)), Vector512.Load(first + (3 * Rows)));
                    var next = Vector512.Load(second);
                    (a0, b0, c0, d0) = (Vector512.FusedMultiplyAdd(a, next, a0), Vector512.FusedMultiplyAdd(b, next, b0), Vector512.FusedMultiplyAdd(c, next, c0), Vector512.FusedMultiplyAdd(d, next, d0));
                    next = Vector512.Load(second + Rows);
                    (a1, b1, c1, d1) = (Vector512.FusedMultiplyAdd(a, next, a1), Vector512.FusedMultiplyAdd(b, next, b1), Vector512.FusedMultiplyAdd(c, next, c1), Vector512.FusedMultiplyAdd(d, next, d1));
                    next = Vector512.Load(second + (2 * Rows));
                    (a2, b2, c2, d2) = (Vector512.FusedMultiplyAdd(a, next, a2), Vector512.FusedMultiplyAdd(b, next, b2), Vector512.FusedMultiplyAdd(c, next, c2), Vector512.FusedMultiplyAdd(d, next, d2));
                    next = Vector512.Load(second + (3 * Rows));
                    (a3, b3, c3, d3) = (Vector512.FusedMultiplyAdd(a, next, a3), Vector512.FusedMultiplyAdd(b, next, b3), Vector512.FusedMultiplyAdd(c, next, c3), Vector512.FusedMultiplyAdd(d, next, d3));
                }

                double* target = products + (feature * width) + other;
                Add(target, a0, a1, a2, a3);
                Add(target + width, b0, b1, b2, b3);
                Add(target + (2 * width), c0, c1, c2, c3);
                Add(target + (3 * width), d0, d1, d2, d3);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(double* target, Vector512<double> first, Vector512<double> second, Vector512<double> third, Vector512<double> fourth)
    {
        target[0] += Vector512.Sum(first);
        target[1] += Vector512.Sum(second);
        target[2] += Vector512.Sum(third);
        target[3] += Vector512.Sum(fourth);
    }
}
