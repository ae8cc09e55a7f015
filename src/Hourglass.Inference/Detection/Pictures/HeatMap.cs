namespace Hourglass.Detection.Pictures;

/// <summary>Where in a picture a score comes from.</summary>
/// <param name="Height">Pixels down.</param>
/// <param name="Width">Pixels across.</param>
/// <param name="Values">[height, width]: what each pixel adds to the score, over all channels; they add up to it. Below 0 where a pixel speaks for normal.</param>
public sealed record HeatMap(int Height, int Width, double[] Values)
{
    private const double ShareOfPeak = 0.5;

    /// <summary>A sample's map.</summary>
    /// <param name="shape">[channel, height, width].</param>
    /// <param name="contributions">[channel, height, width], as <see cref="Findings"/> has them.</param>
    /// <exception cref="ArgumentException">The shape is not that of a picture, or has another length.</exception>
    public static HeatMap Of(IReadOnlyList<int> shape, ReadOnlySpan<double> contributions)
    {
        if (shape.Count != 3 || shape[0] * shape[1] * shape[2] != contributions.Length)
        {
            throw new ArgumentException($"Expected contributions of a picture [channel, height, width], got {contributions.Length} for [{string.Join(", ", shape)}].", nameof(contributions));
        }

        var values = new double[shape[1] * shape[2]];
        for (var place = 0; place < contributions.Length; place++)
        {
            values[place % values.Length] += contributions[place];
        }

        return new HeatMap(shape[1], shape[2], values);
    }

    /// <summary>The box around the strangest region: the connected pixels about the peak that add at least half as much as it does; null where nothing adds.</summary>
    public PixelBox? Box()
    {
        var peak = Array.IndexOf(Values, Values.Max());
        if (Values[peak] <= 0)
        {
            return null;
        }

        var (seen, waiting, bound) = (new bool[Values.Length], new Stack<int>([peak]), ShareOfPeak * Values[peak]);
        seen[peak] = true;
        var box = new PixelBox(peak % Width, peak / Width, 1, 1);
        while (waiting.TryPop(out var place))
        {
            box = box.Around(place % Width, place / Width);
            foreach (var next in Neighbours(place).Where(next => !seen[next] && Values[next] >= bound))
            {
                seen[next] = true;
                waiting.Push(next);
            }
        }

        return box;
    }

    private IEnumerable<int> Neighbours(int place)
    {
        if (place % Width > 0)
        {
            yield return place - 1;
        }

        if (place % Width < Width - 1)
        {
            yield return place + 1;
        }

        if (place >= Width)
        {
            yield return place - Width;
        }

        if (place + Width < Values.Length)
        {
            yield return place + Width;
        }
    }
}

/// <summary>A box of pixels.</summary>
/// <param name="Left">First column, counted from 0.</param>
/// <param name="Top">First row, counted from 0.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
public readonly record struct PixelBox(int Left, int Top, int Width, int Height)
{
    internal PixelBox Around(int column, int row)
    {
        var (left, top) = (Math.Min(Left, column), Math.Min(Top, row));
        return new PixelBox(left, top, Math.Max(Left + Width, column + 1) - left, Math.Max(Top + Height, row + 1) - top);
    }
}
