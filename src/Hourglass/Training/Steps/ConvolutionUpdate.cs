using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>Gradients of a convolution's kernels: patches of all samples, a chunk at a time, times places of the smaller picture.</summary>
internal sealed unsafe class ConvolutionUpdate(ConvolutionMap map, FusedRoom room) : IDisposable
{
    private const int TileLength = DenseMap.TileRows * DenseMap.PanelWidth;
    private const int ChunkValues = 1 << 16; // patches of a chunk: a quarter of a second-level cache
    private readonly AlignedFloats _sums = new((long)map.Map.Panels * map.Map.PanelLength);
    private readonly DenseKernels _kernels = DenseKernels.Widest;
    private readonly int _chunk = Chunk(map.Layer);

    /// <summary>Patches that are taken at once.</summary>
    public static int Chunk(FusedLayer layer) => Math.Clamp(ChunkValues / DenseMap.Stride(layer.MapInputs), DenseKernels.BlockRows, 512);

    /// <summary>Hands a thread's share of the gradients to a rule: the same inputs of every output.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="rows">Samples.</param>
    /// <param name="thread">Which thread.</param>
    /// <param name="threads">Of how many.</param>
    /// <param name="isStep">Whether the rule changes the weights.</param>
    public void Run<TRule>(TRule rule, int rows, int thread, int threads, bool isStep)
        where TRule : struct, IGradientRule
    {
        var tiles = map.Map.PaddedInputs / DenseMap.TileRows;
        var (from, to) = (tiles * thread / threads, tiles * (thread + 1) / threads);
        if (from < to)
        {
            Sum(rows, tiles, from, to, room.ScratchOf(thread));
            for (var panel = 0; panel < map.Map.Panels; panel++)
            {
                var (first, last) = ((panel * tiles) + from, (panel * tiles) + to);
                _kernels.Apply(map.Map.Weights + ((long)first * TileLength), _sums.Pointer + ((long)first * TileLength), (long)(last - first) * TileLength, isBias: false, rule);
                if (isStep && map.Back is { } back)
                {
                    _kernels.Transpose(map.Map, back, first, last);
                }
            }
        }

        if (thread == 0)
        {
            _kernels.BiasGradient(map.Bias, map.Slopes, rows, rule);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _sums.Dispose();

    private void SumPlaces(int rows, int tiles, int from, int to, float* scratch)
    {
        for (var panel = 0; panel < map.Map.Panels; panel++)
        {
            _sums.Span(((panel * (long)tiles) + from) * TileLength, (to - from) * TileLength).Clear();
        }

        PlaceProducts.Gradient(map.Map, map.Patches, map.Large, map.Small, rows, from, to, _sums.Pointer, scratch);
        var length = (to * DenseMap.TileRows) - map.Map.Inputs;
        for (var panel = 0; panel < map.Map.Panels && length > 0; panel++)
        {
            _sums.Span((panel * (long)map.Map.PanelLength) + (map.Map.Inputs * DenseMap.PanelWidth), length * DenseMap.PanelWidth).Clear(); // inputs that only pad a tile
        }
    }

    // Sums run over places in one order, whatever the number of threads.
    private void Sum(int rows, int tiles, int from, int to, float* patches)
    {
        if (PlaceProducts.Shrinks(map.Patches, map.Map.Outputs))
        {
            SumPlaces(rows, tiles, from, to, patches);
            return;
        }

        var (places, smallStride) = ((long)rows * map.Patches.Places, DenseMap.Stride(map.Map.Outputs));
        for (var place = 0L; place < Math.Max(places, 1); place += _chunk)
        {
            var count = (int)Math.Min(_chunk, places - place);
            _kernels.Gather(map.Patches, map.Large, place, count, from * DenseMap.TileRows, to * DenseMap.TileRows, patches);
            var keep = new KeepRule(map.Map.Weights, _sums.Pointer, default, isFirst: place == 0);
            for (var panel = 0; panel < map.Map.Panels; panel++)
            {
                _kernels.Gradient(map.Map, patches, map.Small + (place * smallStride), count, (panel * tiles) + from, (panel * tiles) + to, keep);
            }
        }
    }
}
