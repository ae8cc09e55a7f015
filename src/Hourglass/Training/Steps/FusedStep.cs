using System.Diagnostics;
using Hourglass.Bottlenecks;
using Hourglass.Collectives;
using Hourglass.Data.Stores;
using Hourglass.Engine;
using Hourglass.Kernels;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>A dense or convolutional model's step by hand: forward, backward and update in C#, on memory of its own, shared by a crew of threads.</summary>
/// <remarks>Noise is drawn by the engine's generator in automatic differentiation's order, so both ways of training agree to rounding. Threads share rows
/// forwards and backwards and weights in the update; no sum depends on how many there are.</remarks>
internal sealed unsafe class FusedStep : TrainingStep
{
    private readonly Autoencoder _model;
    private readonly TrainingOptions _options;
    private readonly FusedPlan _plan;
    private readonly FusedWeights _weights;
    private readonly FusedRoom _room;
    private readonly FusedBottleneck _bottleneck;
    private readonly FusedComparison _comparison;
    private readonly FusedUpdate _update;
    private readonly DenseKernels _kernels = DenseKernels.Widest;
    private readonly WorkCrew _crew;
    private readonly ThreadChoice _threads;
    private readonly int _batch;
    private readonly FusedMap[] _maps;
    private readonly DenseFusedMap? _logVariance;
    private readonly FusedRevival? _revival;
    private readonly FusedFunction[] _functions;
    private readonly FusedJacobian? _contraction;
    private readonly FusedJacobian? _decoderGradient;
    private readonly FusedJacobian[] _penalised;
    private readonly FusedProgram _program;
    private readonly double[] _losses;
    private readonly double[] _penalties;
    private readonly FusedInput _input;
    private readonly FusedEvaluation _evaluation;
    private int _rows;
    private int _toLatents; // pieces of the program before latents are complete
    private int _toBack; // and before the way back
    private double _extra;
    private float _scale;
    private StepContext _context;

    public FusedStep(Autoencoder model, SampleStore samples, BatchReader reader, int batch, int threads, ICollective? ranks = null, ThreadChoice? choice = null)
        : base(model.Options.Training, ranks ?? new SingleProcess(), CPU)
    {
        (_model, _options) = (model, model.Options.Training);
        _plan = FusedPlan.Of(model.Options, FusedPlan.TakesEntries(model.Options) && FusedInput.AreSparse(samples));
        _weights = new FusedWeights(_plan, _options.Optimizer == OptimizerKind.Sgd ? 1 : 2, ranks);
        _room = new FusedRoom(_plan, model.SampleLength, batch, threads);
        _bottleneck = FusedBottleneck.Create(model.Options, _plan, _room);
        (_crew, _threads, _batch) = (new WorkCrew(threads), choice ?? new ThreadChoice(threads), batch);
        _input = new FusedInput(model, samples, reader, _plan, _room, _bottleneck);
        _maps = [.. Enumerable.Range(0, _plan.Layers.Count).Select(Map)];
        var learnt = _plan.Normalizations.SelectMany(plan => new[] { plan.Gain, plan.Shift }).Append(_plan.Noise).OfType<FusedLayer>().ToDictionary(layer => layer, layer => new DenseFusedMap(layer, _weights, _room, null, null));
        _functions = [.. _plan.Layers.Select((layer, place) => new FusedFunction(
            layer, _room[layer], _plan.Normalizations.FirstOrDefault(plan => plan.Place == place) is { } plan ? FusedNormalization.Create(plan, layer, _room, learnt[plan.Gain], learnt[plan.Shift]) : null,
            layer.ClosesBlock ? InputOf(place - 1) : null))];
        _contraction = Jacobian(_plan.Contraction, _room.Input, _input.ReadClean);
        _decoderGradient = Jacobian(_plan.DecoderGradient, _bottleneck.Values, (row, values) => RowOf(_bottleneck.Values, values.Length, row).CopyTo(values));
        _penalised = [.. new[] { _contraction, _decoderGradient }.OfType<FusedJacobian>()];
        _comparison = new FusedComparison(_plan, new FusedObjective(model.Options, _plan.Noise is { } noise ? learnt[noise] : null), _input, _room);
        _logVariance = _plan.LogVariance is { } second ? Dense(second, _plan.LatentLayer, isFirst: true) : null;
        _update = new FusedUpdate([.. _maps, .. new[] { _logVariance }.OfType<FusedMap>(), .. learnt.Values], _weights, _room, model.Options, _crew);
        _revival = _plan.Revives ? new FusedRevival(model.Options, _plan, _room, (FusedTopK)_bottleneck, (SparseOutputMap)_maps[_plan.LatentLayer], (SparseInputMap)_maps[^1]) : null;
        (_losses, _penalties) = (new double[_room.Rows], new double[_room.Rows]);
        _program = Program();
        _evaluation = new FusedEvaluation(_plan, _room, _input, _bottleneck, _comparison, _maps, _logVariance, _functions, _crew);
    }

    public override string Engine => $"fused, {_kernels.Bits}-bit vectors, {(_threads.Best < _crew.Most ? $"{_threads.Best} of " : "")}{_crew.Most} thread{(_crew.Most == 1 ? "" : "s")}";

    public override bool HasOwnThreads => _crew.Most > 1;

    public override bool HasOwnWeights => true;

    public override void Begin(TrainingState state)
    {
        _weights.Take(state);
        _update.Begin();
        _bottleneck.Begin(state);
        Array.ForEach(_functions, function => function.Normalization?.Begin(state));
    }

    public override void End(TrainingState state)
    {
        _update.CatchUp(isBatch: false);
        _weights.Give(state);
        _bottleneck.End(state);
        Array.ForEach(_functions, function => function.Normalization?.End(state));
    }

    public override double Evaluate(ReadOnlySpan<long> samples, Generator noise)
    {
        _update.CatchUp(isBatch: false);
        return _evaluation.Loss(samples, noise) / _model.SampleLength;
    }

    protected override double RunAlone(TrainingState state, ReadOnlySpan<long> indices, double epoch, double rate)
    {
        using var flushed = FlushedDenormals.Begin(); // once for all that the crew is given
        var start = Stopwatch.GetTimestamp();
        _crew.Size = _threads.Threads;
        var loss = Differentiate(state, indices, epoch);
        var mark = Stopwatch.GetTimestamp();
        state.Optimizer.Steps++;
        _update.Run(rate, state.Optimizer.Steps, _rows);
        mark = Clock.End(TrainingPhase.Update, mark);
        if (indices.Length == _batch)
        {
            _threads.Took(Stopwatch.GetElapsedTime(start, mark).TotalSeconds);
        }

        return loss;
    }

    protected override double Add(TrainingState state, ReadOnlySpan<long> indices, BatchShare share, double epoch, bool isFirst)
    {
        var loss = Differentiate(indices, share, epoch);
        var mark = Stopwatch.GetTimestamp();
        (_rows, loss) = share.Place.IsCopy ? (0, 0) : (indices.Length, loss);
        _update.Keep(_rows, share.Weight, isFirst);
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
        _input.Dispose();
        _revival?.Dispose();
        _update.Dispose();
        Array.ForEach(_penalised, penalty => penalty.Dispose());
    }

    /// <summary>Both passes; the update, or a test, takes the gradients of the weights from what they leave.</summary>
    internal double Differentiate(TrainingState state, ReadOnlySpan<long> indices, double epoch)
    {
        using var share = new BatchShare(_options.Seed, state.Optimizer.Steps + 1, RowPlace.Whole(indices.Length), new SingleProcess());
        return Differentiate(indices, share, epoch);
    }

    private double Differentiate(ReadOnlySpan<long> indices, BatchShare share, double epoch)
    {
        _rows = indices.Length;
        _scale = (float)(1.0 / ((double)share.Place.Total * _model.SampleLength));
        _context = new StepContext(null, epoch) { Share = share };
        var mark = Stopwatch.GetTimestamp();
        _input.Draw(indices, share, epoch, _penalised);
        Array.ForEach(_penalised, penalty => penalty.Begin(_rows, _scale));
        GatherEntries();
        Clock.End(TrainingPhase.Gather, mark);
        _extra = 0;
        _program.Run(_crew, _rows, 0, _toLatents);
        if (_revival?.Begin(_rows) == true)
        {
            Revive(share);
        }
        else
        {
            _program.Run(_crew, _rows, _toLatents, _program.Pieces);
        }

        Array.ForEach(_penalised, penalty => penalty.Complete());
        var total = 0.0;
        for (var row = 0; row < _rows; row++)
        {
            total += _losses[row];
        }

        return ((total / share.Place.Total) + (_extra * share.Weight)) / _model.SampleLength;
    }

    // Both passes; where nothing looks at the batch, a thread goes through them without waiting for others.
    private FusedProgram Program()
    {
        var program = new FusedProgram(Clock);
        if (!_plan.HasSparseInput)
        {
            program.Add(TrainingPhase.Gather, (thread, first, last) => _input.Gather(first, Math.Min(last, _rows), _room.ScratchOf(thread)));
        }

        Forward(program, 0, _plan.LatentLayer + 1);
        program.Add(TrainingPhase.Forward, MakeLatents);
        if (_bottleneck.LooksAtBatch)
        {
            program.Meet(() => _extra = _bottleneck.Look(_rows, _context));
        }

        _toLatents = program.Pieces - 1;
        Forward(program, _plan.LatentLayer + 1, _plan.Layers.Count);
        program.Add(TrainingPhase.Forward, (thread, first, last) =>
        {
            if (_bottleneck is FusedDraws draws)
            {
                _comparison.RunDraws(thread, first, last, _rows, _scale, draws, _losses);
            }
            else
            {
                _comparison.Run(thread, first, last, _rows, _scale, _losses);
            }
        });
        if (_revival is not null)
        {
            program.Meet(() => { });
        }

        _toBack = program.Pieces - 1;
        Backward(program);
        return program;
    }

    private void Forward(FusedProgram program, int from, int to)
    {
        for (var place = from; place < to; place++)
        {
            var (map, function) = (_maps[place], _functions[place]);
            if (map is DenseFusedMap dense && (place <= _plan.LatentLayer || _plan.Draws == 1) && dense.SharesOutputs(_batch, _crew.Most))
            {
                program.Share(TrainingPhase.Forward, _crew, thread => dense.ForwardOutputs(thread, _crew.Size, _rows));
            }
            else
            {
                program.Add(TrainingPhase.Forward, OnDraws(place, map.Forward));
            }

            if (function.Normalization is { LooksAtBatch: true } normalization)
            {
                program.Add(TrainingPhase.Forward, (_, first, last) => normalization.Measure(first, last));
                program.Meet(() => normalization.Look(_rows, _context.Share!));
            }

            program.Add(TrainingPhase.Forward, OnDraws(place, (_, first, last) => function.Forward(first, last)));
        }
    }

    private void Backward(FusedProgram program)
    {
        program.Add(TrainingPhase.Backward, (thread, first, last) => Array.ForEach(_penalised, penalty => penalty.Run(thread, first, last, _losses)));
        for (var place = _plan.Layers.Count - 1; place >= 0; place--)
        {
            var (here, function) = (place, _functions[place]);
            program.Add(TrainingPhase.Backward, OnDraws(here, (_, first, last) => Activated(here, first, last)));
            program.Add(TrainingPhase.Backward, (_, first, last) => function.Normalization?.Learn(first, last));
            if (function.Normalization is { LooksAtBatch: true } normalization)
            {
                program.Meet(() => normalization.LookBack(_rows, _context.Share!));
            }

            program.Add(TrainingPhase.Backward, OnDraws(here, (thread, first, last) => Mapped(here, thread, first, last)));
        }
    }

    // The decoder decodes every draw.
    private FusedProgram.RowWork OnDraws(int place, FusedProgram.RowWork work) => place <= _plan.LatentLayer || _plan.Draws == 1 ? work : (thread, first, last) =>
    {
        var block = DenseMap.Padded(_rows, DenseMap.TileRows);
        for (var draw = 0; draw < _plan.Draws; draw++)
        {
            work(thread, (draw * block) + first, (draw * block) + last);
        }
    };

    private FusedJacobian? Jacobian(JacobianPlan? plan, float* place, FusedJacobian.CleanRow clean)
    {
        var penalty = plan is null ? null : new FusedJacobian(plan, _plan, _weights, _room, place, clean);
        if (penalty is { IsClosed: true })
        {
            ((DenseFusedMap)_maps[0]).Stretches = penalty.Stretches;
        }

        return penalty;
    }

    // Rows of weights that the batch uses must have taken every step before they are read.
    private void GatherEntries()
    {
        if (_plan.HasSparseInput)
        {
            FusedProgram.ForEachPart(_crew, _rows, (part, first, last) => _input.Gather(first, Math.Min(last, _rows), _room.ScratchOf(part)));
            _input.Entries!.Turn(_rows, 0);
            _update.CatchUp(isBatch: true);
        }
    }

    /// <summary>Whether the last batch's first map passed zeros by: for tests.</summary>
    internal bool PassesZerosBy => _maps[0] is DenseFusedMap { IsFilled: true };

    /// <summary>Gradients of all weights, with penalties and clipped, into the state's flat buffer: for tests.</summary>
    internal void GiveGradients(TrainingState state)
    {
        _update.Keep(_rows, 1, isFirst: true);
        _weights.GiveGradients(state);
        state.Parameters.Gradients.mul_(HeldScalar.Of(_update.ClipScale()));
    }

    private FusedMap Map(int place)
    {
        var layer = _plan.Layers[place];
        return layer.Layout switch
        {
            WeightLayout.RowsOfOutputs => new SparseOutputMap(layer, _weights, _room, ((FusedTopK)_bottleneck).Entries, ((TopKOptions)_model.Options.Bottleneck).Active, InputOf(place), place == 0 ? null : _room[_plan.Layers[place - 1]].Gradient),
            WeightLayout.RowsOfInputs when place == 0 => new SparseInputMap(layer, _weights, _room, _input.Entries!, goesBack: false),
            WeightLayout.RowsOfInputs => new SparseInputMap(layer, _weights, _room, ((FusedTopK)_bottleneck).Entries, goesBack: true),
            _ when layer.Convolution is not null => new ConvolutionMap(layer, _weights, _room, InputOf(place), GradientOfInput(place), _plan.Layers.ElementAtOrDefault(place + 1) is { ClosesBlock: true } closing ? _room[closing].Gradient : null),
            _ => Dense(layer, place, place == 0),
        };
    }

    private DenseFusedMap Dense(FusedLayer layer, int place, bool isFirst) => new(layer, _weights, _room, InputOf(place), isFirst ? null : GradientOfInput(place));

    private float* GradientOfInput(int place) => place == 0 ? null : place == _plan.LatentLayer + 1 && _bottleneck.Gradients is not null ? _bottleneck.Gradients : _room[_plan.Layers[place - 1]].Gradient;

    private float* InputOf(int place) => place == 0 ? _room.Input : place == _plan.LatentLayer + 1 ? _bottleneck.Values : _room[_plan.Layers[place - 1]].After;

    private void MakeLatents(int thread, int first, int last)
    {
        _logVariance?.Forward(thread, first, last);
        _bottleneck.Forward(first, last);
    }

    // Dead units learn from the whole batch's remaining error.
    private void Revive(BatchShare share)
    {
        _crew.Run(thread => _revival!.Pack(thread, _crew.Size));
        _program.Run(_crew, _rows, _toLatents, _toBack);
        FusedProgram.ForEachPart(_crew, _rows, (_, first, last) => _revival!.Measure(_input.Target, _room.InputStride, first, Math.Min(last, _rows)));
        _revival!.Weigh(_rows, share);
        FusedProgram.ForEachPart(_crew, _rows, (part, first, last) => _revival.Predict(part, first, last, _rows, _scale, _losses));
        _program.Run(_crew, _rows, _toBack, _program.Pieces);
    }

    // A layer's gradients down to what its activation was given.
    private void Activated(int place, int first, int last)
    {
        if (place == _plan.LatentLayer)
        {
            _bottleneck.Backward(first, Math.Min(last, _rows), _scale, _context, _penalties);
            for (var row = first; row < Math.Min(last, _rows); row++)
            {
                _losses[row] += _penalties[row];
            }
        }

        _functions[place].Backward(first, last);
    }

    // And on to what its map was given.
    private void Mapped(int place, int thread, int first, int last)
    {
        _functions[place].Normalization?.Backward(first, last);
        _contraction?.Join(place, first, last);
        _maps[place].Backward(thread, first, last);
        if (place > 0 && place == _plan.LatentLayer && _plan.LogVariance is { } logVariance)
        {
            AddBack(logVariance, _room[_plan.Layers[place - 1]], thread, first, last);
        }
    }

    // The features feed a second map; its part of their gradient goes through the thread's scratch, eight rows at a time.
    private void AddBack(FusedLayer layer, LayerRoom below, int thread, int first, int last)
    {
        var room = _room[layer];
        var features = _room.ScratchOf(thread) + (_room.ScratchLength / 2);
        for (var row = first; row < last; row += DenseMap.TileRows)
        {
            _kernels.Map(_weights.Back(layer)!.Value, RowsOf(room.Gradient, layer.Outputs, row), features, DenseMap.TileRows, _room.ScratchOf(thread));
            for (var within = 0; within < DenseMap.TileRows; within++)
            {
                var gradient = new Span<float>(RowsOf(below.Gradient, layer.Inputs, row + within), layer.Inputs); // padding must stay zero
                System.Numerics.Tensors.TensorPrimitives.Add(gradient, new ReadOnlySpan<float>(RowsOf(features, layer.Inputs, within), layer.Inputs), gradient);
            }
        }
    }

    private static float* RowsOf(float* values, int length, int first) => values + ((long)first * DenseMap.Stride(length));

    private static ReadOnlySpan<float> RowOf(float* values, int length, int row) => new(RowsOf(values, length, row), length);
}
