namespace Hourglass.Detection.Pictures;

/// <summary>How much detail of each size a picture has in each part of it: logarithms of energies in bands of a Gaussian pyramid, over a grid of cells.</summary>
/// <remarks>Burt and Adelson 1983, https://doi.org/10.1109/TCOM.1983.1095851, without leaving pixels out. A logarithm sees half as much detail as it sees twice as much:
/// what is too smooth differs from normal as what is too rough does, while a plain error rewards smoothness.</remarks>
internal sealed class PictureDetail
{
    /// <summary>Cells each way.</summary>
    public const int Grid = 7;

    /// <summary>Least side of a picture, in pixels.</summary>
    public const int MinimumSide = 2 * Grid;

    private const double FirstWidth = 0.7; // standard deviation of the finest blur, in pixels; each next one is twice as wide
    private const int MaximumBands = 6;
    private readonly int _channels;
    private readonly int _height;
    private readonly int _width;
    private readonly double _floor;
    private readonly double[][] _kernels;
    private readonly double[] _current;
    private readonly double[] _blurred;
    private readonly double[] _strip;
    private readonly double[] _energy;

    /// <summary>Prepares for pictures of one shape.</summary>
    /// <param name="shape">[channel, height, width].</param>
    /// <param name="floor">Energy that counts as none, in squared model-input units.</param>
    public PictureDetail(IReadOnlyList<int> shape, double floor)
    {
        (_channels, _height, _width, _floor) = (shape[0], shape[1], shape[2], floor);
        _kernels = [.. Enumerable.Range(0, Bands(shape)).Select(band => Kernel(FirstWidth * (1 << band)))];
        (_current, _blurred, _strip, _energy) = (new double[_height * _width], new double[_height * _width], new double[_height * _width], new double[_kernels.Length * _height * _width]);
    }

    /// <summary>Features of a picture.</summary>
    public int Count => _kernels.Length * Grid * Grid;

    /// <summary>Bands: one more each time that the shorter side doubles.</summary>
    public static int Bands(IReadOnlyList<int> shape) => Math.Clamp((int)Math.Log2(Math.Min(shape[1], shape[2]) / (double)Grid) + 1, 1, MaximumBands);

    /// <summary>Measures a picture.</summary>
    /// <param name="picture">[channel, height, width]; channels' energies are averaged.</param>
    /// <param name="features">Receives [band, cell row, cell column].</param>
    public void Measure(ReadOnlySpan<float> picture, Span<double> features)
    {
        var places = _height * _width;
        Array.Clear(_energy);
        for (var channel = 0; channel < _channels; channel++)
        {
            for (var place = 0; place < places; place++)
            {
                _current[place] = picture[(channel * places) + place];
            }

            for (var band = 0; band < _kernels.Length; band++)
            {
                Blur(_kernels[band]);
                for (var place = 0; place < places; place++)
                {
                    var detail = _current[place] - _blurred[place];
                    _energy[(band * places) + place] += detail * detail / _channels;
                    _current[place] = _blurred[place];
                }
            }
        }

        for (var feature = 0; feature < Count; feature++)
        {
            features[feature] = Math.Log(CellMean(feature) + _floor);
        }
    }

    /// <summary>Lays values of cells over the pixels: a tent around each cell's middle, so that maps are smooth and sums are kept.</summary>
    /// <param name="values">[band, cell row, cell column].</param>
    /// <param name="pixels">[channel, height, width]: added to.</param>
    public void Spread(ReadOnlySpan<double> values, Span<double> pixels)
    {
        var (rows, columns) = (Tents(_height), Tents(_width));
        Span<double> cells = stackalloc double[Grid * Grid];
        for (var feature = 0; feature < values.Length; feature++)
        {
            cells[feature % cells.Length] += values[feature] / _channels;
        }

        for (var cell = 0; cell < cells.Length; cell++)
        {
            var (down, across) = (rows[cell / Grid], columns[cell % Grid]);
            for (var place = 0; place < pixels.Length; place++)
            {
                pixels[place] += cells[cell] * down[place / _width % _height] * across[place % _width];
            }
        }
    }

    private static double[] Kernel(double width)
    {
        var radius = (int)((4 * width) + 0.5); // as far as SciPy's gaussian_filter goes
        double[] weights = [.. Enumerable.Range(-radius, (2 * radius) + 1).Select(offset => Math.Exp(-0.5 * offset * offset / (width * width)))];
        var sum = weights.Sum();
        return [.. weights.Select(weight => weight / sum)];
    }

    // For each cell, weights over the pixels that add up to 1.
    private static double[][] Tents(int size)
    {
        var side = (double)size / Grid;
        return [.. Enumerable.Range(0, Grid).Select(cell =>
        {
            double[] weights = [.. Enumerable.Range(0, size).Select(place => Math.Max(0, 1 - (Math.Abs(place + 0.5 - ((cell + 0.5) * side)) / side)))];
            var sum = weights.Sum();
            return weights.Select(weight => weight / sum).ToArray();
        })];
    }

    private double CellMean(int feature)
    {
        var (band, row, column) = (feature / (Grid * Grid), feature / Grid % Grid, feature % Grid);
        var (top, bottom, left, right) = (row * _height / Grid, (row + 1) * _height / Grid, column * _width / Grid, (column + 1) * _width / Grid);
        var sum = 0.0;
        for (var y = top; y < bottom; y++)
        {
            sum += System.Numerics.Tensors.TensorPrimitives.Sum<double>(_energy.AsSpan((band * _height * _width) + (y * _width) + left, right - left));
        }

        return sum / ((bottom - top) * (right - left));
    }

    // Both ways in turn; beyond the border stands the nearest pixel.
    private void Blur(double[] kernel)
    {
        var radius = kernel.Length / 2;
        for (var y = 0; y < _height; y++)
        {
            for (var x = 0; x < _width; x++)
            {
                var sum = 0.0;
                for (var tap = 0; tap < kernel.Length; tap++)
                {
                    sum += kernel[tap] * _current[(y * _width) + Math.Clamp(x + tap - radius, 0, _width - 1)];
                }

                _strip[(y * _width) + x] = sum;
            }
        }

        for (var y = 0; y < _height; y++)
        {
            var row = _blurred.AsSpan(y * _width, _width);
            row.Clear();
            for (var tap = 0; tap < kernel.Length; tap++)
            {
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd<double>(_strip.AsSpan(Math.Clamp(y + tap - radius, 0, _height - 1) * _width, _width), kernel[tap], row, row);
            }
        }
    }
}
