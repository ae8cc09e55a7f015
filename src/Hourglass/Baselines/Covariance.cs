using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hourglass.Data.Stores;
using Hourglass.Kernels;
using static TorchSharp.torch;

namespace Hourglass.Baselines;

/// <summary>Mean and scatter of chosen samples in one pass over the store, by the kernels of the fused step.</summary>
/// <remarks>Samples are shifted by a mean of some of them, multiplied in float32 over a few thousand rows and added up in float64: what float32 loses is 1e-7 of the
/// largest variance, far below what principal components are asked for. Only tiles on and above the diagonal are computed. Threads share tiles and change no bit.</remarks>
internal sealed unsafe class Covariance : IDisposable
{
    private const int BlockRows = 256;
    private const int BlocksInSum = 8;
    private const int Pilots = 2048;
    private readonly SampleStore _samples;
    private readonly ReadOnlyMemory<long> _indices;
    private readonly int _features;
    private readonly int _stride;
    private readonly float[] _shift;
    private readonly double[] _sums;
    private readonly AlignedFloats _block;
    private readonly AlignedFloats _products;
    private readonly DenseMap _map;
    private readonly Tensor _scatter;

    private Covariance(SampleStore samples, ReadOnlyMemory<long> indices)
    {
        (_samples, _indices, _features, _stride) = (samples, indices, samples.SampleLength, DenseMap.Stride(samples.SampleLength));
        (_shift, _sums) = (new float[_features], new double[_features]);
        _block = new AlignedFloats((long)BlockRows * _stride);
        _products = new AlignedFloats(DenseMap.Length(_features, _features));
        _map = DenseMap.Over(_features, _features, _products.Pointer);
        _scatter = zeros(_features, _features, dtype: ScalarType.Float64);
    }

    /// <summary>Mean, [feature], and sum of products of deviations, [feature, feature], both in float64.</summary>
    /// <param name="samples">The store.</param>
    /// <param name="indices">Samples to take.</param>
    /// <param name="threads">Threads.</param>
    public static (Tensor Mean, Tensor Scatter) Of(SampleStore samples, ReadOnlyMemory<long> indices, int threads)
    {
        using var sums = new Covariance(samples, indices);
        using var crew = new WorkCrew(threads);
        sums.Shift();
        sums.Multiply(crew);
        return sums.Finish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _block.Dispose();
        _products.Dispose();
    }

    // A mean of samples from all over the store: products of what is left cancel little.
    private void Shift()
    {
        var pilots = Math.Min(Pilots, _indices.Length);
        var row = new float[_features];
        for (var pilot = 0; pilot < pilots; pilot++)
        {
            _samples.Read(_indices.Span[(int)((long)pilot * _indices.Length / pilots)], 1, row);
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(row, 1f / pilots, _shift, _shift);
        }
    }

    private void Multiply(WorkCrew crew)
    {
        for (var start = 0; start < _indices.Length; start += BlockRows)
        {
            var (first, rows) = (start, Math.Min(BlockRows, _indices.Length - start));
            crew.Run(thread => Read(first, rows * thread / crew.Size, rows * (thread + 1) / crew.Size));
            crew.Run(thread => Multiply(rows, thread, crew.Size));
            if (start / BlockRows % BlocksInSum == BlocksInSum - 1)
            {
                crew.Run(Flush(crew.Size));
            }
        }

        crew.Run(Flush(crew.Size));
    }

    private void Read(int start, int from, int to)
    {
        for (var row = from; row < to; row++)
        {
            var values = _block.Span((long)row * _stride, _features);
            _samples.Read(_indices.Span[start + row], 1, values);
            System.Numerics.Tensors.TensorPrimitives.Subtract(values, _shift, values);
        }
    }

    private void Multiply(int rows, int thread, int threads)
    {
        var rule = new AddRule();
        var tiles = _map.PaddedInputs / DenseMap.TileRows;
        for (var panel = 0; panel < _map.Panels; panel++)
        {
            if (Owner(panel, threads) == thread)
            {
                var above = Math.Min(tiles, (panel + 1) * DenseMap.PanelWidth / DenseMap.TileRows);
                DenseKernels.Widest.Gradient(_map, _block.Pointer, _block.Pointer, rows, panel * tiles, (panel * tiles) + above, rule);
            }
        }

        if (thread == 0)
        {
            DenseKernels.Widest.BiasGradient(_map, _block.Pointer, rows, rule);
        }
    }

    // Later panels have more tiles above the diagonal: to and fro, so that all threads get alike.
    private static int Owner(int panel, int threads) => panel / threads % 2 == 0 ? panel % threads : threads - 1 - (panel % threads);

    private Action<int> Flush(int threads) => thread =>
    {
        var scatter = (double*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(_scatter.bytes));
        for (var panel = 0; panel < _map.Panels; panel++)
        {
            if (Owner(panel, threads) != thread)
            {
                continue;
            }

            var (first, last) = (panel * DenseMap.PanelWidth, Math.Min(_features, (panel + 1) * DenseMap.PanelWidth));
            for (var input = 0; input < last; input++)
            {
                var products = new Span<float>(_map.Weights + ((long)panel * _map.PanelLength) + ((long)input * DenseMap.PanelWidth), DenseMap.PanelWidth);
                for (var output = first; output < last; output++)
                {
                    scatter[((long)input * _features) + output] += products[output - first];
                }

                products.Clear();
            }
        }

        if (thread == 0)
        {
            for (var feature = 0; feature < _features; feature++)
            {
                _sums[feature] += _map.Bias[feature];
                _map.Bias[feature] = 0;
            }
        }
    };

    private (Tensor Mean, Tensor Scatter) Finish()
    {
        var offset = tensor(_sums, dtype: ScalarType.Float64) / _indices.Length; // of the mean from the shift
        var above = _scatter.triu();
        var whole = above + above.triu(1).t();
        return (tensor(_shift).to(ScalarType.Float64) + offset, whole - (offset.outer(offset) * _indices.Length));
    }

    /// <summary>Products of several blocks add up where the weights of a map would lie.</summary>
    private readonly struct AddRule : IGradientRule
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Ask(float* parameters) => CacheLine.Ask(parameters);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Take<TLanes, TVector>(float* parameters, TVector gradient, bool isBias)
            where TLanes : ILanes<TVector>
            where TVector : struct =>
            TLanes.Store(TLanes.Add(TLanes.Load(parameters), gradient), parameters);
    }
}
