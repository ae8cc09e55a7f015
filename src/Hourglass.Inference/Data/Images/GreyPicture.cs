namespace Hourglass.Data.Images;

/// <summary>A grey picture.</summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Values">[height, width], brightness from 0, black, to 1, white.</param>
internal sealed record GreyPicture(int Width, int Height, float[] Values)
{
    /// <summary>The picture at another size: whole, or its middle in the proportions asked for.</summary>
    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    /// <param name="policy">Stretch, cut or refuse.</param>
    /// <param name="name">The file, for the fault.</param>
    /// <exception cref="DataException">Another size, and the policy refuses it.</exception>
    public GreyPicture Resized(int width, int height, ResizePolicy policy, string name)
    {
        if (Width == width && Height == height)
        {
            return this;
        }

        if (policy == ResizePolicy.Refuse)
        {
            throw new DataException($"{name}: {Width} x {Height} pixels, expected {width} x {height}. Use --resize fit or crop.");
        }

        var scale = Math.Max((double)width / Width, (double)height / Height);
        var (across, down) = policy == ResizePolicy.Crop ? (width / scale, height / scale) : (Width, Height);
        var columns = Spans(width, across, Width);
        var rows = Spans(height, down, Height);
        var sized = new float[width * height];
        var strip = new float[Height * width]; // columns first: [height, new width]
        for (var row = 0; row < Height; row++)
        {
            for (var column = 0; column < width; column++)
            {
                strip[(row * width) + column] = Mean(columns[column], Values.AsSpan(row * Width, Width), 1);
            }
        }

        for (var row = 0; row < height; row++)
        {
            for (var column = 0; column < width; column++)
            {
                sized[(row * width) + column] = Mean(rows[row], strip.AsSpan(column), width);
            }
        }

        return new GreyPicture(width, height, sized);
    }

    // Where each new pixel takes its value from: the stretch of old pixels under it, at least one pixel wide, so that making smaller averages and making larger interpolates.
    private static (double From, double To)[] Spans(int count, double covered, int available)
    {
        var (step, start) = (covered / count, (available - covered) / 2);
        return [.. Enumerable.Range(0, count).Select(place =>
        {
            var (middle, half) = (start + ((place + 0.5) * step), Math.Max(step, 1) / 2);
            return (Math.Max(0, middle - half), Math.Min(available, middle + half));
        })];
    }

    private static float Mean((double From, double To) span, ReadOnlySpan<float> values, int stride)
    {
        var (sum, weight) = (0.0, 0.0);
        var last = (int)Math.Ceiling(span.To);
        for (var place = (int)span.From; place < last; place++)
        {
            var share = Math.Min(span.To, place + 1) - Math.Max(span.From, place);
            sum += share * values[place * stride];
            weight += share;
        }

        return (float)(sum / weight);
    }
}
