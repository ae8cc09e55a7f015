using System.Diagnostics;
using Hourglass.Collectives;
using Hourglass.Data.Stores;
using Hourglass.Engine;
using Hourglass.Kernels;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>A dense model's step by hand: forward, backward and update in C#, on memory of its own, shared by a crew of threads.</summary>
/// <remarks>Noise is drawn by the engine's generator in automatic differentiation's order, so both ways of training agree to rounding. Threads share rows
/// forwards and backwards and weights in the update; no sum depends on how many there are.</remarks>
internal sealed unsafe class FusedStep : TrainingStep
{
    private readonly Autoencoder _model;
    private readonly TrainingOptions _options;
    private readonly SampleStore _samples;
    private readonly BatchReader _reader;
    private readonly FusedPlan _plan;
    private readonly FusedWeights _weights;
    private readonly FusedRoom _room;
    private readonly FusedBottleneck _bottleneck;
    private readonly FusedObjective _objective;
    private readonly FusedUpdate _update;
    private readonly DenseKernels _kernels = DenseKernels.Widest;
    private readonly WorkCrew _crew;
    private readonly DenseMap[] _maps;
    private readonly double[] _losses;
    private readonly double[] _penalties;
    private readonly bool _drawsInput;
    private readonly AlignedFloats? _inputMask;
    private long[] _indices = [];
    private int _rows;
    private float _scale;
    private StepContext _context;

    public FusedStep(Autoencoder model, SampleStore samples, BatchReader reader, int batch, int threads, ICollective? ranks = null)
        : base(model.Options.Training, ranks ?? new SingleProcess(), CPU)
    {
        (_model, _options, _samples, _reader) = (model, model.Options.Training, samples, reader);
        _plan = FusedPlan.Of(model.Options);
        _weights = new FusedWeights(_plan, _options.Optimizer == OptimizerKind.Sgd ? 1 : 2);
        _room = new FusedRoom(_plan, model.SampleLength, batch, threads);
        _bottleneck = FusedBottleneck.Create(model.Options, _plan, _room);
        _objective = new FusedObjective(model.Options);
        _crew = new WorkCrew(threads);
        _update = new FusedUpdate(_plan, _weights, _room, model.Options, _crew);
        _maps = [.. _plan.Layers.Select(_weights.Map)];
        (_losses, _penalties) = (new double[_room.Rows], new double[_room.Rows]);
        _drawsInput = model.Options.Corruption is not Corruption.NoCorruptionOptions || model.Options.Objective is BinaryCrossEntropyOptions { Binarization: not Binarization.None };
        _inputMask = InputDropout > 0 ? new AlignedFloats((long)_room.Rows * _room.InputStride) : null;
    }

    public override string Engine => $"fused, {_kernels.Bits}-bit vectors, {_crew.Size} thread{(_crew.Size == 1 ? "" : "s")}";

    private double InputDropout => ((DenseNetworkOptions)_model.Options.Network!).InputDropout;

    private float* Target => _drawsInput || _inputMask is not null ? _room.Target : _room.Input;

    public override void Begin(TrainingState state) => _weights.Take(state);

    public override void End(TrainingState state) => _weights.Give(state);

    protected override double RunAlone(TrainingState state, ReadOnlySpan<long> indices, double epoch, double rate)
    {
        var loss = Differentiate(state, indices, epoch);
        var mark = Stopwatch.GetTimestamp();
        state.Optimizer.Steps++;
        _update.Run(rate, state.Optimizer.Steps, _rows, Inputs);
        Clock.End(TrainingPhase.Update, mark);
        return loss;
    }

    protected override double Add(TrainingState state, ReadOnlySpan<long> indices, BatchShare share, double epoch, bool isFirst)
    {
        var loss = indices.IsEmpty ? 0 : Differentiate(indices, share, epoch);
        var mark = Stopwatch.GetTimestamp();
        _rows = indices.Length;
        _update.Keep(_rows, Inputs, share.Weight, isFirst);
        Clock.End(TrainingPhase.Update, mark);
        return loss;
    }

    protected override Span<float> Gradients(TrainingState state) => new(_weights.Gradients, (int)_weights.Length);

    protected override void Update(TrainingState state, double rate)
    {
        var mark = Stopwatch.GetTimestamp();
        state.Optimizer.Steps++;
        _update.Finish(rate, state.Optimizer.Steps);
        Clock.End(TrainingPhase.Update, mark);
    }

    public override void Dispose()
    {
        _crew.Dispose();
        _weights.Dispose();
        _room.Dispose();
        _inputMask?.Dispose();
    }

    /// <summary>Both passes; the update, or a test, takes the gradients of the weights from what they leave.</summary>
    internal double Differentiate(TrainingState state, ReadOnlySpan<long> indices, double epoch)
    {
        using var share = new BatchShare(_options.Seed, state.Optimizer.Steps + 1, RowPlace.Whole(indices.Length), new SingleProcess());
        return Differentiate(indices, share, epoch);
    }

    private double Differentiate(ReadOnlySpan<long> indices, BatchShare share, double epoch)
    {
        (_rows, _indices) = (indices.Length, indices.ToArray());
        _scale = (float)(1.0 / ((double)share.Place.Total * _model.SampleLength));
        var mark = Stopwatch.GetTimestamp();
        Draw(share, epoch);
        Clock.End(TrainingPhase.Gather, mark);
        var extra = 0.0;
        if (_bottleneck.LooksAtBatch)
        {
            _crew.Run(thread => ForEachPart(thread, ForwardToLatents));
            extra = _bottleneck.Look(_rows, _context);
            _crew.Run(thread => ForEachPart(thread, DecodeAndBack));
        }
        else
        {
            _crew.Run(thread => ForEachPart(thread, (part, first, last) =>
            {
                ForwardToLatents(part, first, last);
                DecodeAndBack(part, first, last);
            }));
        }

        var total = 0.0;
        for (var row = 0; row < _rows; row++)
        {
            total += _losses[row];
        }

        return ((total / share.Place.Total) + (extra * share.Weight)) / _model.SampleLength;
    }

    /// <summary>Gradients of all weights, with penalties and clipped, into the state's flat buffer: for tests.</summary>
    internal void GiveGradients(TrainingState state)
    {
        _update.Keep(_rows, Inputs, 1, isFirst: true);
        _weights.GiveGradients(state);
        state.Parameters.Gradients.mul_(HeldScalar.Of(_update.ClipScale()));
    }

    private IntPtr Inputs(FusedLayer layer)
    {
        var place = ReferenceEquals(layer, _plan.LogVariance) ? _plan.LatentLayer : Place(layer);
        return (IntPtr)InputOf(place);
    }

    private int Place(FusedLayer layer)
    {
        for (var place = 0; place < _plan.Layers.Count; place++)
        {
            if (ReferenceEquals(_plan.Layers[place], layer))
            {
                return place;
            }
        }

        throw new ArgumentException("Not a layer of the plan.", nameof(layer));
    }

    private float* InputOf(int place) => place == 0 ? _room.Input : place == _plan.LatentLayer + 1 ? _bottleneck.Values : _room[_plan.Layers[place - 1]].After;

    // The engine's generator, in automatic differentiation's order: binarisation, corruption, dropout of the input, of the encoder, latents, dropout of the decoder.
    private void Draw(BatchShare share, double epoch)
    {
        var drawsMasks = _plan.Layers.Any(layer => layer.Dropout > 0);
        _context = new StepContext(null, epoch) { Share = share };
        if (!_drawsInput && !drawsMasks && _inputMask is null && _plan.LogVariance is null)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var context = new StepContext(share.Noise, epoch) { Share = share };
        if (_drawsInput)
        {
            var (input, target) = _model.Shown(_reader.ReadBatch(_indices), context);
            TensorRows.Copy(input, _model.SampleLength, _room.Input, _room.InputStride);
            TensorRows.Copy(target, _model.SampleLength, _room.Target, _room.InputStride);
        }

        if (_inputMask is not null)
        {
            DrawMask(InputDropout, _model.SampleLength, _inputMask.Pointer, _room.InputStride, context);
        }

        for (var place = 0; place < _plan.Layers.Count; place++)
        {
            var layer = _plan.Layers[place];
            if (place == _plan.LatentLayer)
            {
                _bottleneck.Draw(_rows, context);
            }

            if (layer.Dropout > 0)
            {
                DrawMask(layer.Dropout, layer.Outputs, _room[layer].Mask, _room[layer].Stride, context);
            }
        }
    }

    private void DrawMask(double share, int length, float* mask, int stride, StepContext context)
    {
        using var kept = context.Uniform([_rows, length]).ge(HeldScalar.Of(share)).to(ScalarType.Float32) * HeldScalar.Of(1 / (1 - share));
        TensorRows.Copy(kept, length, mask, stride);
    }

    private void ForEachPart(int thread, Action<int, int, int> work)
    {
        var tiles = DenseMap.Padded(_rows, DenseMap.TileRows) / DenseMap.TileRows;
        var (first, last) = (tiles * thread / _crew.Size * DenseMap.TileRows, tiles * (thread + 1) / _crew.Size * DenseMap.TileRows);
        if (last > first)
        {
            work(thread, first, last);
        }
    }

    private void ForwardToLatents(int thread, int first, int last)
    {
        var mark = Stopwatch.GetTimestamp();
        Gather(first, Math.Min(last, _rows));
        mark = End(TrainingPhase.Gather, thread, mark);
        for (var place = 0; place <= _plan.LatentLayer; place++)
        {
            Forward(place, thread, first, last);
        }

        if (_plan.LogVariance is { } logVariance)
        {
            _kernels.Map(_weights.Map(logVariance), RowsOf(InputOf(_plan.LatentLayer), logVariance.Inputs, first), _room[logVariance].After + ((long)first * _room[logVariance].Stride), last - first, Scratch(thread));
        }

        _bottleneck.Forward(first, last);
        End(TrainingPhase.Forward, thread, mark);
    }

    // Threads do the same side by side: the first one's time stands for all.
    private long End(TrainingPhase phase, int thread, long since) => thread == 0 ? Clock.End(phase, since) : since;

    private void Gather(int first, int last)
    {
        for (var row = first; row < last; row++)
        {
            var place = (long)row * _room.InputStride;
            var input = new Span<float>(_room.Input + place, _model.SampleLength);
            if (!_drawsInput)
            {
                _samples.Read(_indices[row], 1, input);
            }

            if (_inputMask is not null)
            {
                if (!_drawsInput)
                {
                    input.CopyTo(new Span<float>(_room.Target + place, _model.SampleLength));
                }

                System.Numerics.Tensors.TensorPrimitives.Multiply(input, new ReadOnlySpan<float>(_inputMask.Pointer + place, _model.SampleLength), input);
            }
        }
    }

    private void Forward(int place, int thread, int first, int last)
    {
        var layer = _plan.Layers[place];
        var room = _room[layer];
        var (start, count) = ((long)first * room.Stride, (last - first) * room.Stride);
        _kernels.Map(_maps[place], RowsOf(InputOf(place), layer.Inputs, first), room.After + start, last - first, Scratch(thread));
        if (room.Before is not null)
        {
            new ReadOnlySpan<float>(room.After + start, count).CopyTo(new Span<float>(room.Before + start, count));
        }

        _kernels.Activate(layer.Activation, room.After + start, count);
        if (layer.FillsPadding && layer.Outputs < room.Stride)
        {
            for (var row = first; row < last; row++)
            {
                new Span<float>(room.After + ((long)row * room.Stride) + layer.Outputs, room.Stride - layer.Outputs).Clear();
            }
        }

        if (room.Mask is not null)
        {
            var values = new Span<float>(room.After + start, count);
            System.Numerics.Tensors.TensorPrimitives.Multiply(values, new ReadOnlySpan<float>(room.Mask + start, count), values);
        }
    }

    private void DecodeAndBack(int thread, int first, int last)
    {
        var mark = Stopwatch.GetTimestamp();
        for (var place = _plan.LatentLayer + 1; place < _plan.Layers.Count; place++)
        {
            Forward(place, thread, first, last);
        }

        Compare(first, last);
        mark = End(TrainingPhase.Forward, thread, mark);
        for (var place = _plan.Layers.Count - 1; place >= 0; place--)
        {
            Backward(place, thread, first, last);
        }

        End(TrainingPhase.Backward, thread, mark);
    }

    // Rows that only pad the batch have no gradient.
    private void Compare(int first, int last)
    {
        var room = _room[_plan.Layers[^1]];
        for (var row = first; row < last; row++)
        {
            var start = (long)row * room.Stride;
            if (row >= _rows)
            {
                new Span<float>(room.Gradient + start, room.Stride).Clear();
                continue;
            }

            _losses[row] = _objective.Row(room.After + start, Target + ((long)row * _room.InputStride), room.Gradient + start, _scale);
        }
    }

    private void Backward(int place, int thread, int first, int last)
    {
        var layer = _plan.Layers[place];
        var room = _room[layer];
        if (place == _plan.LatentLayer)
        {
            _bottleneck.Backward(first, Math.Min(last, _rows), _scale, _context, _penalties);
            for (var row = first; row < Math.Min(last, _rows); row++)
            {
                _losses[row] += _penalties[row];
            }
        }

        Slope(layer, room, first, last);
        if (place == 0)
        {
            return;
        }

        var below = _room[_plan.Layers[place - 1]];
        var target = place == _plan.LatentLayer + 1 ? _room[_plan.Layers[_plan.LatentLayer]] : below;
        _kernels.Map(_weights.Back(layer)!.Value, RowsOf(room.Gradient, layer.Outputs, first), RowsOf(target.Gradient, layer.Inputs, first), last - first, Scratch(thread));
        if (place == _plan.LatentLayer && _plan.LogVariance is { } logVariance)
        {
            AddBack(logVariance, below, thread, first, last);
        }
    }

    // The features feed a second map; its part of their gradient goes through the thread's scratch, eight rows at a time.
    private void AddBack(FusedLayer layer, LayerRoom below, int thread, int first, int last)
    {
        var room = _room[layer];
        var features = Scratch(thread) + (_room.ScratchLength / 2);
        for (var row = first; row < last; row += DenseMap.TileRows)
        {
            _kernels.Map(_weights.Back(layer)!.Value, RowsOf(room.Gradient, layer.Outputs, row), features, DenseMap.TileRows, Scratch(thread));
            for (var within = 0; within < DenseMap.TileRows; within++)
            {
                var gradient = new Span<float>(RowsOf(below.Gradient, layer.Inputs, row + within), layer.Inputs); // padding must stay zero
                System.Numerics.Tensors.TensorPrimitives.Add(gradient, new ReadOnlySpan<float>(RowsOf(features, layer.Inputs, within), layer.Inputs), gradient);
            }
        }
    }

    private void Slope(FusedLayer layer, LayerRoom room, int first, int last)
    {
        var (start, count) = ((long)first * room.Stride, (last - first) * room.Stride);
        var gradient = new Span<float>(room.Gradient + start, count);
        if (room.Mask is not null)
        {
            System.Numerics.Tensors.TensorPrimitives.Multiply(gradient, new ReadOnlySpan<float>(room.Mask + start, count), gradient);
            var values = new Span<float>(room.After + start, count);
            System.Numerics.Tensors.TensorPrimitives.Multiply(values, (float)(1 - layer.Dropout), values); // slopes are of the values before dropout
            _kernels.ActivateBack(layer.Activation, room.Before + (room.Before is null ? 0 : start), room.After + start, room.Gradient + start, count);
            System.Numerics.Tensors.TensorPrimitives.Divide(values, (float)(1 - layer.Dropout), values);
            return;
        }

        _kernels.ActivateBack(layer.Activation, room.Before + (room.Before is null ? 0 : start), room.After + start, room.Gradient + start, count);
    }

    private float* Scratch(int thread) => _room.Scratch + (thread * _room.ScratchLength);

    private static float* RowsOf(float* values, int length, int first) => values + ((long)first * DenseMap.Stride(length));
}
