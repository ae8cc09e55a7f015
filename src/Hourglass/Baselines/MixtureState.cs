using System.Numerics.Tensors;

namespace Hourglass.Baselines;

/// <summary>The components of a mixture while it is fitted.</summary>
/// <param name="components">How many.</param>
/// <param name="size">Features.</param>
/// <param name="width">Features, padded.</param>
/// <param name="ridge">Added to variances.</param>
internal sealed class MixtureState(int components, int size, int width, double ridge)
{
    private const double Least = 1e-9; // samples of a component that has none

    /// <summary>Share of each component.</summary>
    public double[] Weights { get; } = new double[components];

    /// <summary>[component, feature].</summary>
    public double[] Means { get; } = new double[components * width];

    /// <summary>Lower Cholesky factors of the covariances, [component, feature, feature].</summary>
    public double[] Factors { get; } = new double[components * width * width];

    /// <summary>Their inverses.</summary>
    public double[] Inverses { get; } = new double[components * width * width];

    /// <summary>The log density at each component's mean, with the weight's logarithm.</summary>
    public double[] Constants { get; } = new double[components];

    /// <summary>The most likely components for what a pass has found.</summary>
    /// <param name="sums">By deviations from the means that stand here.</param>
    public void Maximise(MixtureSums sums)
    {
        var all = sums.Mass.Sum() + (components * Least);
        Parallel.For(0, components, component =>
        {
            var (mass, matrix) = (sums.Mass[component] + Least, width * width);
            var shift = sums.First.AsSpan(component * width, width);
            Weights[component] = mass / all;
            Scale(shift, mass);
            MixtureRows.AddScaled(shift, 1, Means.AsSpan(component * width, width));
            var covariance = sums.Second.AsSpan(component * matrix, matrix);
            for (var feature = 0; feature < size; feature++)
            {
                var row = covariance.Slice(feature * width, feature + 1);
                Scale(row, mass);
                MixtureRows.AddScaled(shift[..row.Length], -shift[feature], row);
                row[feature] += ridge;
            }

            var determinant = Factor(covariance, Factors.AsSpan(component * matrix, matrix)); // its logarithm
            Invert(Factors.AsSpan(component * matrix, matrix), Inverses.AsSpan(component * matrix, matrix));
            Constants[component] = Math.Log(Weights[component]) - determinant - (0.5 * size * Math.Log(2 * Math.PI));
        });
    }

    /// <summary>A matrix of the components without the padding, in single precision.</summary>
    /// <param name="values">[component, row, feature].</param>
    /// <param name="rows">Rows of each component.</param>
    /// <param name="padded">Rows of each component in <paramref name="values"/>.</param>
    public float[] Plain(double[] values, int rows, int padded)
    {
        var plain = new float[components * rows * size];
        for (var row = 0; row < components * rows; row++)
        {
            TensorPrimitives.ConvertTruncating<double, float>(values.AsSpan(((row / rows * padded) + (row % rows)) * width, size), plain.AsSpan(row * size, size));
        }

        return plain;
    }

    private static void Scale(Span<double> row, double divisor)
    {
        foreach (ref var value in row)
        {
            value /= divisor;
        }
    }

    // Cholesky, row by row; returns the logarithm of the factor's determinant.
    private double Factor(ReadOnlySpan<double> covariance, Span<double> factor)
    {
        var determinant = 0.0;
        for (var row = 0; row < size; row++)
        {
            var own = factor.Slice(row * width, row + 1);
            for (var column = 0; column < row; column++)
            {
                var left = factor.Slice(column * width, column);
                own[column] = (covariance[(row * width) + column] - MixtureRows.Dot(own[..column], left)) / factor[(column * width) + column];
            }

            own[row] = Math.Sqrt(covariance[(row * width) + row] - MixtureRows.Dot(own[..row], own[..row]));
            determinant += Math.Log(own[row]);
        }

        return determinant;
    }

    // Forward substitution, a row of the inverse from those above it.
    private void Invert(ReadOnlySpan<double> factor, Span<double> inverse)
    {
        for (var row = 0; row < size; row++)
        {
            var own = inverse.Slice(row * width, row + 1);
            own.Clear();
            own[row] = 1;
            for (var column = 0; column < row; column++)
            {
                MixtureRows.AddScaled(inverse.Slice(column * width, column + 1), -factor[(row * width) + column], own);
            }

            Scale(own, factor[(row * width) + row]);
        }
    }
}
