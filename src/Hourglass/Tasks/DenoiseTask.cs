using System.Runtime.InteropServices;
using Hourglass.Preprocessing;
using static TorchSharp.torch;

namespace Hourglass.Tasks;

/// <summary>Removes noise from pictures of any size with a denoising autoencoder that was trained on tiles.</summary>
/// <remarks>Tiles overlap by half and are blended with weights that fall off towards their edges, so that no seam shows.</remarks>
public sealed class DenoiseTask
{
    private const int TilesAtOnce = 16;
    private readonly TrainedAutoencoder _trained;
    private readonly int _side;
    private readonly int _channels;
    private readonly float[] _weights;

    /// <summary>Prepares a model for denoising.</summary>
    /// <param name="trained">A model of square pictures.</param>
    /// <exception cref="HourglassException">The model is not one of square pictures.</exception>
    public DenoiseTask(TrainedAutoencoder trained)
    {
        var shape = trained.Preprocessing.SampleShape;
        if (trained.Preprocessing is not ImagePreprocessing || shape.Count != 3 || shape[1] != shape[2])
        {
            throw new HourglassException($"Denoising needs a model of square pictures; this one takes [{string.Join(", ", shape)}]. Train one with --tile 64:32 --network u-shaped --bottleneck open --corruption gaussian:0.1.");
        }

        (_trained, _channels, _side) = (trained, shape[0], shape[1]);
        var line = Enumerable.Range(0, _side).Select(place => Math.Sin(Math.PI * (place + 0.5) / _side)).ToArray();
        _weights = [.. line.SelectMany(down => line.Select(across => (float)((down * across) + 1e-3)))];
    }

    /// <summary>The model inside the library: grey tiles of 64 pixels, trained for normal noise of any standard deviation from 0 to 55 of 255.</summary>
    /// <remarks>docs/results/denoising.md says how it was trained and what it reaches.</remarks>
    public static TrainedAutoencoder LoadDefault()
    {
        var path = Path.Combine(Path.GetTempPath(), $"hourglass-{Guid.NewGuid():n}.hourglass");
        try
        {
            using (var file = new FileStream(path, FileMode.CreateNew))
            using (var resource = typeof(DenoiseTask).Assembly.GetManifestResourceStream("denoiser.hourglass")!)
            {
                resource.CopyTo(file);
            }

            return TrainedAutoencoder.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Denoises one picture.</summary>
    /// <param name="values">[channel, height, width], around [0, 1]; noise may reach beyond.</param>
    /// <param name="channels">Channels; a model of grey tiles treats each by itself.</param>
    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    /// <returns>The same shape.</returns>
    /// <exception cref="HourglassException">A grey picture for a model of colours.</exception>
    public float[] Run(ReadOnlySpan<float> values, int channels, int width, int height)
    {
        if (channels % _channels != 0)
        {
            throw new HourglassException($"The model takes {_channels} channels, the picture has {channels}. Use a model trained on grey tiles, or a colour picture.");
        }

        var result = new float[values.Length];
        var planes = _channels * width * height;
        for (var start = 0; start < values.Length; start += planes)
        {
            Planes(values.Slice(start, planes), width, height, result.AsSpan(start, planes));
        }

        return result;
    }

    private void Planes(ReadOnlySpan<float> values, int width, int height, Span<float> result)
    {
        var sums = new float[width * height];
        var places = Starts(height).SelectMany(top => Starts(width).Select(left => (Top: top, Left: left))).ToArray();
        foreach (var group in places.Chunk(TilesAtOnce))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var batch = empty([group.Length, _channels, _side, _side]);
            var tiles = MemoryMarshal.Cast<byte, float>(batch.bytes);
            var length = _channels * _side * _side;
            for (var tile = 0; tile < group.Length; tile++)
            {
                Cut(values, width, height, group[tile].Top, group[tile].Left, tiles.Slice(tile * length, length));
            }

            var cleaned = MemoryMarshal.Cast<byte, float>(_trained.Model.Reconstruct(batch).contiguous().bytes);
            for (var tile = 0; tile < group.Length; tile++)
            {
                Blend(cleaned.Slice(tile * length, length), width, height, group[tile].Top, group[tile].Left, result, sums);
            }
        }

        for (var value = 0; value < result.Length; value++)
        {
            result[value] /= sums[value % sums.Length];
        }
    }

    // Overlapping by half; the last tile ends at the border. Pictures smaller than a tile are mirrored out.
    private IEnumerable<int> Starts(int size)
    {
        for (var start = 0; start + _side < size; start += _side / 2)
        {
            yield return start;
        }

        yield return Math.Max(0, size - _side);
    }

    private void Cut(ReadOnlySpan<float> values, int width, int height, int top, int left, Span<float> tile)
    {
        for (var place = 0; place < tile.Length; place++)
        {
            var (channel, row, column) = (place / (_side * _side), place / _side % _side, place % _side);
            tile[place] = values[(((channel * height) + Mirror(top + row, height)) * width) + Mirror(left + column, width)];
        }
    }

    private void Blend(ReadOnlySpan<float> tile, int width, int height, int top, int left, Span<float> result, float[] sums)
    {
        for (var place = 0; place < tile.Length; place++)
        {
            var (channel, row, column) = (place / (_side * _side), place / _side % _side, place % _side);
            if (top + row >= height || left + column >= width)
            {
                continue;
            }

            var (pixel, weight) = (((top + row) * width) + left + column, _weights[(row * _side) + column]);
            result[(channel * width * height) + pixel] += weight * tile[place];
            sums[pixel] += channel == 0 ? weight : 0;
        }
    }

    private static int Mirror(int place, int size)
    {
        var period = Math.Max(1, (2 * size) - 2);
        var inside = place % period;
        return inside < size ? inside : period - inside;
    }
}
