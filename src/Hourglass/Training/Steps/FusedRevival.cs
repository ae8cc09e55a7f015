using System.Numerics.Tensors;
using Hourglass.Bottlenecks;
using Hourglass.Kernels;
using Hourglass.Objectives;

namespace Hourglass.Training.Steps;

/// <summary>Units of a dictionary that are dead predict what the reconstruction still lacks: the arithmetic of the model's auxiliary loss.</summary>
/// <remarks>Gao et al. 2024, appendix A. The decoder is one linear map, so that its bias cancels from the prediction but still receives a gradient.</remarks>
internal sealed unsafe class FusedRevival : IDisposable
{
    private readonly SparseOptions _sparse;
    private readonly FusedLayer _layer;
    private readonly FusedTopK _bottleneck;
    private readonly SparseOutputMap _projection;
    private readonly SparseInputMap _dictionary;
    private readonly FusedRoom _room;
    private readonly LayerRoom _output;
    private readonly bool _isLogistic;
    private readonly int _length;
    private readonly LargestOfRow[] _largest;
    private readonly double[] _missing; // sum of squares of each row's remaining error
    private readonly List<int> _dead = [];
    private AlignedFloats _panels = new(0);
    private DenseMap _deadMap;
    private double _mean;

    public FusedRevival(AutoencoderOptions options, FusedPlan plan, FusedRoom room, FusedTopK bottleneck, SparseOutputMap projection, SparseInputMap dictionary)
    {
        _sparse = (SparseOptions)options.Bottleneck;
        (_layer, _bottleneck, _projection, _dictionary, _room, _output) = (projection.Layer, bottleneck, projection, dictionary, room, room[plan.Layers[^1]]);
        (_isLogistic, _length) = (options.Objective is BinaryCrossEntropyOptions, options.Input!.Length);
        var revived = Math.Min(_layer.Outputs, _sparse.RevivedUnits ?? Math.Clamp(_length / 2, 1, 256));
        _largest = [.. Enumerable.Range(0, room.Rows).Select(_ => new LargestOfRow(revived))];
        _missing = new double[room.Rows];
    }

    // The row of entries and errors that is the second of the batch's first sample.
    private int Offset
    {
        get => _projection.Offset;
        set => _projection.Offset = _dictionary.Offset = value;
    }

    /// <summary>After the units that fired are counted: finds those that are dead.</summary>
    /// <returns>Whether there are any.</returns>
    public bool Begin(int rows)
    {
        _dead.Clear();
        for (var unit = 0; unit < _layer.Outputs; unit++)
        {
            if (_bottleneck.Idle[unit] > _sparse.DeadAfter)
            {
                _dead.Add(unit);
            }
        }

        Offset = _dead.Count > 0 ? DenseMap.Padded(rows, DenseMap.TileRows) : 0;
        var length = DenseMap.Length(_layer.Inputs, _dead.Count);
        if (Offset > 0 && _panels.Length < length)
        {
            _panels.Dispose();
            _panels = new AlignedFloats(length);
        }

        _deadMap = DenseMap.Over(_layer.Inputs, _dead.Count, _panels.Pointer);
        return Offset > 0;
    }

    /// <summary>Packs a thread's share of the dead units into a map of their own.</summary>
    public void Pack(int thread, int threads)
    {
        var rows = _room.ScratchOf(thread);
        var stride = _projection.Stride;
        for (var panel = thread; panel < _deadMap.Panels; panel += threads)
        {
            for (var within = 0; within < DenseMap.PanelWidth; within++)
            {
                var number = (panel * DenseMap.PanelWidth) + within;
                var source = number < _dead.Count ? _projection.Rows + ((long)_dead[number] * stride) : _room.Zeros;
                new ReadOnlySpan<float>(source, stride).CopyTo(new Span<float>(rows + ((long)within * stride), stride));
                _deadMap.Bias[number] = number < _dead.Count ? _projection.Bias[_dead[number]] : 0;
            }

            DenseKernels.Widest.FillPanel(rows, stride, _layer.Inputs, _deadMap.Weights + ((long)panel * _deadMap.PanelLength));
        }
    }

    /// <summary>Remaining errors of some rows, put where their gradients will stand.</summary>
    public void Measure(float* target, int targetStride, int first, int last)
    {
        for (var row = first; row < last; row++)
        {
            var missing = Errors(row);
            new ReadOnlySpan<float>(_output.After + ((long)row * _output.Stride), missing.Length).CopyTo(missing);
            if (_isLogistic)
            {
                TensorPrimitives.Sigmoid(missing, missing);
            }

            TensorPrimitives.Subtract(new ReadOnlySpan<float>(target + ((long)row * targetStride), missing.Length), missing, missing);
            _missing[row] = TensorPrimitives.SumOfSquares<float>(missing) / _length;
        }
    }

    /// <summary>Looks at the whole batch's remaining error.</summary>
    public void Weigh(int rows, BatchShare share)
    {
        Span<double> sum = [TensorPrimitives.Sum<double>(_missing.AsSpan(0, rows))];
        share.Sum(sum);
        _mean = sum[0] / share.Together;
    }

    /// <summary>Predictions of some rows, and their gradients.</summary>
    /// <param name="thread">Whose scratch is used.</param>
    /// <param name="first">First row.</param>
    /// <param name="last">After the last, whole tiles.</param>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="scale">1 over batch and sample length.</param>
    /// <param name="losses">Each row's loss is added.</param>
    public void Predict(int thread, int first, int last, int rows, float scale, double[] losses)
    {
        _projection.Select(_deadMap, _largest, thread, first, last, Offset, _dead);
        var prediction = _room.ScratchOf(thread);
        for (var row = first; row < Math.Min(last, rows); row++)
        {
            var entries = Offset + row;
            var errors = Errors(row);
            DenseKernels.Widest.Combine(_dictionary.Rows, _dictionary.Stride, _bottleneck.Entries.Places(entries), _bottleneck.Entries.Values(entries), _room.Zeros, prediction);
            TensorPrimitives.Subtract(new ReadOnlySpan<float>(prediction, errors.Length), errors, errors);
            var weight = _sparse.RevivalWeight * _mean / Math.Max(_missing[row], 1e-8);
            losses[row] += weight * TensorPrimitives.SumOfSquares<float>(errors);
            TensorPrimitives.Multiply(errors, (float)(2 * weight * scale), errors);
            DenseKernels.Widest.Products(_dictionary.Rows, _dictionary.Stride, _bottleneck.Entries.Places(entries), _output.Gradient + ((long)entries * _output.Stride), _bottleneck.Entries.Gradients(entries));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _panels.Dispose();

    private Span<float> Errors(int row) => new(_output.Gradient + ((long)(Offset + row) * _output.Stride), _length);
}
