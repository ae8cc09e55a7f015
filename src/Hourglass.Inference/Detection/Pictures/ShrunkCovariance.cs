namespace Hourglass.Detection.Pictures;

/// <summary>A covariance drawn towards a multiple of the identity, as far as its own uncertainty asks for, so that it can be inverted however few rows there are.</summary>
/// <remarks>Ledoit and Wolf 2004, https://doi.org/10.1016/S0047-259X(03)00096-4.</remarks>
internal static class ShrunkCovariance
{
    /// <summary>Fits and inverts.</summary>
    /// <param name="rows">[row, value] row-major, each value with mean 0 over the rows.</param>
    /// <param name="length">Values in a row.</param>
    /// <returns>The inverse, [value, value], and the share of the identity in the covariance.</returns>
    public static (double[] Precision, double Shrinkage) Invert(ReadOnlySpan<double> rows, int length)
    {
        var count = rows.Length / length;
        var covariance = new double[length * length];
        var fourth = 0.0; // sum over rows of |row|^4
        for (var row = 0; row < count; row++)
        {
            var values = rows.Slice(row * length, length);
            var norm = System.Numerics.Tensors.TensorPrimitives.Dot(values, values);
            fourth += norm * norm;
            for (var value = 0; value < length; value++)
            {
                var target = covariance.AsSpan(value * length, length);
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(values, values[value] / count, target, target);
            }
        }

        var scale = Enumerable.Range(0, length).Sum(value => covariance[(value * length) + value]) / length;
        var norm2 = System.Numerics.Tensors.TensorPrimitives.Dot<double>(covariance, covariance);
        var distance = norm2 - (length * scale * scale); // |S - scale I|^2
        var uncertainty = Math.Min(distance, ((fourth / count) - norm2) / count);
        var shrinkage = distance > 0 ? Math.Max(0, uncertainty) / distance : 1;
        for (var place = 0; place < covariance.Length; place++)
        {
            covariance[place] = ((1 - shrinkage) * covariance[place]) + (place % (length + 1) == 0 ? shrinkage * scale : 0);
        }

        return (Inverse(covariance, length), shrinkage);
    }

    // By Cholesky's factor, whose inverse comes row by row: A = L L', the inverse is (L^-1)' L^-1.
    private static double[] Inverse(double[] matrix, int length)
    {
        var factor = new double[matrix.Length];
        for (var row = 0; row < length; row++)
        {
            for (var column = 0; column <= row; column++)
            {
                var rest = matrix[(row * length) + column] - Dot(factor, row, column, length, column);
                factor[(row * length) + column] = row == column ? Math.Sqrt(Math.Max(rest, 1e-12)) : rest / factor[(column * length) + column];
            }
        }

        var inverse = new double[matrix.Length]; // of the factor, transposed: [column, row]
        for (var column = 0; column < length; column++)
        {
            for (var row = column; row < length; row++)
            {
                var sum = row == column ? 1.0 : 0.0;
                for (var step = column; step < row; step++)
                {
                    sum -= factor[(row * length) + step] * inverse[(column * length) + step];
                }

                inverse[(column * length) + row] = sum / factor[(row * length) + row];
            }
        }

        var product = new double[matrix.Length];
        for (var row = 0; row < length; row++)
        {
            for (var column = 0; column < length; column++)
            {
                product[(row * length) + column] = Dot(inverse, row, column, length, length);
            }
        }

        return product;
    }

    private static double Dot(double[] matrix, int first, int second, int length, int count) =>
        System.Numerics.Tensors.TensorPrimitives.Dot<double>(matrix.AsSpan(first * length, count), matrix.AsSpan(second * length, count));
}
