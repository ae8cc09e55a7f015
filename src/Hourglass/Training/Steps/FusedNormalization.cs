using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Hourglass.Kernels;
using Hourglass.Networks;

namespace Hourglass.Training.Steps;

/// <summary>What stands between a map and its activation: centred and scaled values, times a gain, plus a shift.</summary>
/// <remarks>A row is a sample's values or, of a picture, a place's channels. Ba et al. 2016, https://arxiv.org/abs/1607.06450 (each sample by itself); Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167 (each value over the batch).</remarks>
internal abstract unsafe class FusedNormalization(FusedLayer layer, FusedRoom room, DenseFusedMap gain, DenseFusedMap shift)
{
    private readonly int _stride = DenseMap.Stride(layer.RunLength);

    /// <summary>Whether it looks at the whole batch, on both ways.</summary>
    public virtual bool LooksAtBatch => false;

    protected int Width => layer.RunLength;

    protected LayerRoom Room { get; } = room[layer];

    /// <summary>Centred and scaled values, [row, value].</summary>
    protected float* ScaledValues { get; } = room.Take(DenseMap.Stride(layer.Outputs));

    /// <summary>Rows of a sample.</summary>
    protected int Runs => layer.Runs;

    protected ReadOnlySpan<float> Gain => new(gain.Map.Bias, Width);

    protected ReadOnlySpan<float> Shift => new(shift.Map.Bias, Width);

    public static FusedNormalization Create(NormalizationPlan plan, FusedLayer layer, FusedRoom room, DenseFusedMap gain, DenseFusedMap shift) =>
        plan.Kind == Normalization.Batch ? new FusedBatchNormalization(plan, layer, room, gain, shift) : new FusedLayerNormalization(layer, room, gain, shift);

    /// <summary>Before the first step of an epoch: takes running statistics.</summary>
    public virtual void Begin(TrainingState state)
    {
    }

    /// <summary>After the last step: gives them back.</summary>
    public virtual void End(TrainingState state)
    {
    }

    /// <summary>Between the map and <see cref="Forward"/>.</summary>
    public virtual void Look(int rows, BatchShare share)
    {
    }

    /// <summary>Between the activation's way back and <see cref="Backward"/>.</summary>
    public virtual void LookBack(int rows, BatchShare share)
    {
    }

    /// <summary>Normalises what the map puts out for some samples, in place.</summary>
    public void Forward(int first, int last)
    {
        for (var sample = first; sample < last; sample++)
        {
            Scale(sample);
            for (var row = sample * Runs; row < (sample + 1) * Runs; row++)
            {
                TensorPrimitives.MultiplyAdd(Scaled(row), Gain, Shift, Values(row));
            }
        }
    }

    /// <summary>From gradients of what it hands on to those of what it was given, in place; those of gain and shift are left in rows of their own.</summary>
    public void Backward(int first, int last)
    {
        for (var sample = first; sample < last; sample++)
        {
            var toGain = Row(gain.Gradient, sample);
            var toShift = Row(shift.Gradient, sample);
            toGain.Clear();
            toShift.Clear();
            for (var row = sample * Runs; row < (sample + 1) * Runs; row++)
            {
                var gradient = Gradients(row);
                TensorPrimitives.MultiplyAdd(gradient, Scaled(row), toGain, toGain);
                TensorPrimitives.Add(toShift, gradient, toShift);
                TensorPrimitives.Multiply(gradient, Gain, gradient);
            }

            ScaleBack(sample);
        }
    }

    protected Span<float> Values(int row) => Row(Room.After, row);

    protected Span<float> Gradients(int row) => Row(Room.Gradient, row);

    protected Span<float> Scaled(int row) => Row(ScaledValues, row);

    /// <summary>Centres and scales a sample's rows.</summary>
    protected abstract void Scale(int sample);

    /// <summary>From gradients of scaled values to those of the values, in place, of a sample's rows.</summary>
    protected abstract void ScaleBack(int sample);

    /// <summary>Where a sample starts.</summary>
    protected float* Start(float* values, int sample) => values + ((long)sample * Runs * _stride);

    private Span<float> Row(float* values, int row) => new(values + ((long)row * _stride), Width);
}

/// <summary>Each sample by its own mean and variance, over all places and channels where it is a picture.</summary>
internal sealed unsafe class FusedLayerNormalization(FusedLayer layer, FusedRoom room, DenseFusedMap gain, DenseFusedMap shift) : FusedNormalization(layer, room, gain, shift)
{
    private readonly float[] _factors = new float[room.Rows]; // 1 over the deviation

    protected override void Scale(int sample) => _factors[sample] = Standardization.Forward(Start(Room.After, sample), Start(ScaledValues, sample), Runs, Width);

    protected override void ScaleBack(int sample) => Standardization.Backward(Start(ScaledValues, sample), Start(Room.Gradient, sample), _factors[sample], Runs, Width);
}

/// <summary>Each value by its mean and variance over the batch, of all ranks; running statistics for the time after training.</summary>
internal sealed unsafe class FusedBatchNormalization(NormalizationPlan plan, FusedLayer layer, FusedRoom room, DenseFusedMap gain, DenseFusedMap shift) : FusedNormalization(layer, room, gain, shift)
{
    private const float Momentum = 0.1f; // the engine's own
    private readonly float[] _means = new float[layer.RunLength];
    private readonly float[] _factors = new float[layer.RunLength]; // 1 over the deviation
    private readonly float[] _pulls = new float[layer.RunLength]; // mean gradient of scaled values
    private readonly float[] _slopes = new float[layer.RunLength]; // mean of gradient times scaled value
    private readonly float[] _difference = new float[layer.RunLength];
    private readonly float[] _runningMeans = new float[layer.RunLength];
    private readonly float[] _runningVariances = new float[layer.RunLength];
    private readonly double[] _sums = new double[2 * layer.RunLength];
    private int _rows;
    private long _batches;

    public override bool LooksAtBatch => true;

    public override void Begin(TrainingState state)
    {
        Buffer<float>(state, "running_mean").CopyTo(_runningMeans);
        Buffer<float>(state, "running_var").CopyTo(_runningVariances);
        _batches = Buffer<long>(state, "num_batches_tracked")[0];
    }

    public override void End(TrainingState state)
    {
        _runningMeans.CopyTo(Buffer<float>(state, "running_mean"));
        _runningVariances.CopyTo(Buffer<float>(state, "running_var"));
        Buffer<long>(state, "num_batches_tracked")[0] = _batches;
    }

    public override void Look(int rows, BatchShare share)
    {
        _rows = rows * Runs;
        Array.Clear(_means);
        for (var row = 0; row < _rows; row++)
        {
            TensorPrimitives.Add(_means, Values(row), _means);
        }

        Together(share, _means, []);
        Array.Clear(_factors);
        for (var row = 0; row < _rows; row++)
        {
            TensorPrimitives.Subtract(Values(row), _means, _difference);
            TensorPrimitives.MultiplyAdd(_difference, _difference, _factors, _factors);
        }

        Together(share, _factors, []);
        Remember(share.Together * Runs);
        for (var place = 0; place < Width; place++)
        {
            _factors[place] = 1 / MathF.Sqrt(_factors[place] + Standardization.Epsilon);
        }
    }

    public override void LookBack(int rows, BatchShare share)
    {
        Array.Clear(_pulls);
        Array.Clear(_slopes);
        for (var row = 0; row < rows * Runs; row++)
        {
            TensorPrimitives.Multiply(Gradients(row), Gain, _difference);
            TensorPrimitives.Add(_pulls, _difference, _pulls);
            TensorPrimitives.MultiplyAdd(_difference, Scaled(row), _slopes, _slopes);
        }

        Together(share, _pulls, _slopes);
    }

    protected override void Scale(int sample)
    {
        for (var row = sample * Runs; row < (sample + 1) * Runs; row++)
        {
            TensorPrimitives.Subtract(Values(row), _means, Scaled(row));
            TensorPrimitives.Multiply(Scaled(row), _factors, Scaled(row));
        }
    }

    // Rows that only pad the batch have no gradient.
    protected override void ScaleBack(int sample)
    {
        for (var row = sample * Runs; row < (sample + 1) * Runs; row++)
        {
            var scaled = Scaled(row);
            var gradient = Gradients(row);
            if (row >= _rows)
            {
                gradient.Clear();
            }

            for (var place = 0; row < _rows && place < gradient.Length; place++)
            {
                gradient[place] = (gradient[place] - _pulls[place] - (scaled[place] * _slopes[place])) * _factors[place];
            }
        }
    }

    // Means over the rows of all ranks, in place of sums over those here.
    private void Together(BatchShare share, Span<float> first, Span<float> second)
    {
        var sums = _sums.AsSpan(0, first.Length + second.Length);
        TensorPrimitives.ConvertChecked<float, double>(first, sums);
        TensorPrimitives.ConvertChecked<float, double>(second, sums[first.Length..]);
        share.Sum(sums);
        for (var place = 0; place < sums.Length; place++)
        {
            (place < first.Length ? ref first[place] : ref second[place - first.Length]) = (float)(sums[place] / (share.Together * Runs));
        }
    }

    // The batch's own variance is biased, the running one is not.
    private void Remember(long rows)
    {
        var unbiased = (float)rows / Math.Max(1, rows - 1);
        for (var place = 0; place < Width; place++)
        {
            _runningMeans[place] += Momentum * (_means[place] - _runningMeans[place]);
            _runningVariances[place] += Momentum * ((_factors[place] * unbiased) - _runningVariances[place]);
        }

        _batches++;
    }

    private Span<T> Buffer<T>(TrainingState state, string name)
        where T : struct => MemoryMarshal.Cast<byte, T>(state.Parameters.Buffers.First(buffer => buffer.Name == $"{plan.Name}.{name}").Tensor.bytes);
}
