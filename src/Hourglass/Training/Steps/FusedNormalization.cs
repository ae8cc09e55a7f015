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

    /// <summary>Before an evaluation: samples are then scaled by what was learnt of the data, not by each other.</summary>
    public virtual void BeginEvaluation()
    {
    }

    /// <summary>After the map, where the batch is looked at next: what some samples say of it.</summary>
    public virtual void Measure(int first, int last)
    {
    }

    /// <summary>Between the samples' measures and <see cref="Forward"/>.</summary>
    public virtual void Look(int rows, BatchShare share)
    {
    }

    /// <summary>Between <see cref="Learn"/> and <see cref="Backward"/>.</summary>
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

    /// <summary>After the activation's way back: gradients of gain and shift, left in rows of their own.</summary>
    public void Learn(int first, int last)
    {
        for (var sample = first; sample < last; sample++)
        {
            var toGain = Row(gain.Gradient, sample);
            var toShift = Row(shift.Gradient, sample);
            toGain.Clear();
            toShift.Clear();
            for (var row = sample * Runs; row < (sample + 1) * Runs; row++)
            {
                TensorPrimitives.MultiplyAdd(Gradients(row), Scaled(row), toGain, toGain);
                TensorPrimitives.Add(toShift, Gradients(row), toShift);
            }
        }
    }

    /// <summary>From gradients of what it hands on to those of what it was given, in place.</summary>
    public void Backward(int first, int last)
    {
        for (var sample = first; sample < last; sample++)
        {
            ScaleBack(sample);
        }
    }

    /// <summary>What <see cref="Learn"/> left of a sample.</summary>
    protected Span<float> ToGain(int sample) => Row(gain.Gradient, sample);

    /// <inheritdoc cref="ToGain"/>
    protected Span<float> ToShift(int sample) => Row(shift.Gradient, sample);

    protected Span<float> Values(int row) => Row(Room.After, row);

    protected Span<float> Gradients(int row) => Row(Room.Gradient, row);

    protected Span<float> Scaled(int row) => Row(ScaledValues, row);

    /// <summary>Centres and scales a sample's rows.</summary>
    protected abstract void Scale(int sample);

    /// <summary>From gradients of what is handed on to those of the values, in place, of a sample's rows.</summary>
    protected abstract void ScaleBack(int sample);

    /// <summary>Where a sample starts.</summary>
    protected float* Start(float* values, int sample) => values + ((long)sample * Runs * _stride);

    protected Span<float> Row(float* values, int row) => new(values + ((long)row * _stride), Width);
}

/// <summary>Each sample by its own mean and variance, over all places and channels where it is a picture.</summary>
internal sealed unsafe class FusedLayerNormalization(FusedLayer layer, FusedRoom room, DenseFusedMap gain, DenseFusedMap shift) : FusedNormalization(layer, room, gain, shift)
{
    private readonly float[] _factors = new float[room.Rows]; // 1 over the deviation

    protected override void Scale(int sample) => _factors[sample] = Standardization.Forward(Start(Room.After, sample), Start(ScaledValues, sample), Runs, Width);

    protected override void ScaleBack(int sample)
    {
        for (var row = sample * Runs; row < (sample + 1) * Runs; row++)
        {
            TensorPrimitives.Multiply(Gradients(row), Gain, Gradients(row));
        }

        Standardization.Backward(Start(ScaledValues, sample), Start(Room.Gradient, sample), _factors[sample], Runs, Width);
    }
}

/// <summary>Each value by its mean and variance over the batch, of all ranks; running statistics for the time after training.</summary>
internal sealed unsafe class FusedBatchNormalization(NormalizationPlan plan, FusedLayer layer, FusedRoom room, DenseFusedMap gain, DenseFusedMap shift) : FusedNormalization(layer, room, gain, shift)
{
    private const float Momentum = 0.1f; // the engine's own
    private readonly float[] _means = new float[layer.RunLength];
    private readonly float[] _factors = new float[layer.RunLength]; // 1 over the deviation
    private readonly float[] _pulls = new float[layer.RunLength]; // what each gradient loses
    private readonly float[] _slopes = new float[layer.RunLength]; // what it loses for each scaled value
    private readonly float[] _scales = new float[layer.RunLength]; // what it is multiplied by
    private readonly float* _sampleMeans = room.Take(DenseMap.Stride(layer.RunLength)); // [sample, value]
    private readonly float* _sampleSpreads = room.Take(DenseMap.Stride(layer.RunLength)); // mean squared distances from them
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

    public override void BeginEvaluation()
    {
        _runningMeans.CopyTo(_means, 0);
        for (var place = 0; place < Width; place++)
        {
            _factors[place] = 1 / MathF.Sqrt(_runningVariances[place] + Standardization.Epsilon);
        }
    }

    public override void Measure(int first, int last)
    {
        for (var sample = first; sample < last; sample++)
        {
            var mean = Row(_sampleMeans, sample);
            var spread = Row(_sampleSpreads, sample);
            mean.Clear();
            spread.Clear();
            for (var row = sample * Runs; row < (sample + 1) * Runs; row++)
            {
                TensorPrimitives.Add(mean, Values(row), mean);
            }

            TensorPrimitives.Divide(mean, Runs, mean);
            for (var row = sample * Runs; row < (sample + 1) * Runs && Runs > 1; row++)
            {
                TensorPrimitives.Subtract(Values(row), mean, Scaled(row));
                TensorPrimitives.MultiplyAdd(Scaled(row), Scaled(row), spread, spread);
            }

            TensorPrimitives.Divide(spread, Runs, spread);
        }
    }

    public override void Look(int rows, BatchShare share)
    {
        _rows = rows;
        Array.Clear(_means);
        for (var sample = 0; sample < rows; sample++)
        {
            TensorPrimitives.Add(_means, Row(_sampleMeans, sample), _means);
        }

        Together(share, _means, [], share.Together);
        Array.Clear(_factors);
        for (var sample = 0; sample < rows; sample++)
        {
            TensorPrimitives.Subtract(Row(_sampleMeans, sample), _means, _difference);
            TensorPrimitives.MultiplyAdd(_difference, _difference, _factors, _factors);
            TensorPrimitives.Add(_factors, Row(_sampleSpreads, sample), _factors);
        }

        Together(share, _factors, [], share.Together);
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
        for (var sample = 0; sample < rows; sample++)
        {
            TensorPrimitives.Add(_pulls, ToShift(sample), _pulls);
            TensorPrimitives.Add(_slopes, ToGain(sample), _slopes);
        }

        Together(share, _pulls, _slopes, share.Together * Runs);
        TensorPrimitives.Multiply(Gain, _factors, _scales);
        TensorPrimitives.Multiply(_pulls, _scales, _pulls);
        TensorPrimitives.Negate(_pulls, _pulls);
        TensorPrimitives.Multiply(_slopes, _scales, _slopes);
        TensorPrimitives.Negate(_slopes, _slopes);
    }

    protected override void Scale(int sample)
    {
        for (var row = sample * Runs; row < (sample + 1) * Runs; row++)
        {
            TensorPrimitives.Subtract(Values(row), _means, Scaled(row));
            TensorPrimitives.Multiply(Scaled(row), _factors, Scaled(row));
        }
    }

    // Samples that only pad the batch have no gradient.
    protected override void ScaleBack(int sample)
    {
        for (var row = sample * Runs; row < (sample + 1) * Runs; row++)
        {
            var gradient = Gradients(row);
            if (sample >= _rows)
            {
                gradient.Clear();
                continue;
            }

            TensorPrimitives.MultiplyAdd(gradient, _scales, _pulls, gradient);
            TensorPrimitives.MultiplyAdd(Scaled(row), _slopes, gradient, gradient);
        }
    }

    // Means over so many of all ranks, in place of sums over those here.
    private void Together(BatchShare share, Span<float> first, Span<float> second, long count)
    {
        var sums = _sums.AsSpan(0, first.Length + second.Length);
        TensorPrimitives.ConvertChecked<float, double>(first, sums);
        TensorPrimitives.ConvertChecked<float, double>(second, sums[first.Length..]);
        share.Sum(sums);
        for (var place = 0; place < sums.Length; place++)
        {
            (place < first.Length ? ref first[place] : ref second[place - first.Length]) = (float)(sums[place] / count);
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
