using System.Numerics.Tensors;
using Hourglass.Corruption;
using Hourglass.Data.Stores;
using Hourglass.Engine;
using Hourglass.Kernels;
using Hourglass.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>What a step shows the model, what is to be made of it, and the noise of the whole step.</summary>
internal sealed unsafe class FusedInput : IDisposable
{
    private const int ExpectedEntries = 64; // a row's room grows where there are more
    private const int Looked = 64;
    private readonly Autoencoder _model;
    private readonly SampleStore _samples;
    private readonly BatchReader _reader;
    private readonly FusedPlan _plan;
    private readonly FusedRoom _room;
    private readonly FusedBottleneck _bottleneck;
    private readonly double _dropout;
    private readonly bool _drawsInput;
    private readonly bool _observes; // whether the objective makes something else of samples before the model sees them
    private readonly AlignedFloats? _mask;
    private readonly SparseEntries? _targets;
    private long[] _indices = [];
    private bool _reads; // whether rows come from the store; else they are there already
    private bool _masks;

    public FusedInput(Autoencoder model, SampleStore samples, BatchReader reader, FusedPlan plan, FusedRoom room, FusedBottleneck bottleneck)
    {
        (_model, _samples, _reader, _plan, _room, _bottleneck) = (model, samples, reader, plan, room, bottleneck);
        _dropout = model.Options.Network!.InputDropout;
        _observes = model.Options.Objective is BinaryCrossEntropyOptions { Binarization: not Binarization.None };
        _drawsInput = _observes || model.Options.Corruption is not NoCorruptionOptions;
        _mask = _dropout > 0 ? new AlignedFloats((long)room.Rows * room.InputStride) : null;
        if (plan.HasSparseInput)
        {
            Entries = new SparseEntries(room.Rows, model.SampleLength, ExpectedEntries);
            _targets = _mask is null ? Entries : new SparseEntries(room.Rows, model.SampleLength, ExpectedEntries);
        }
    }

    /// <summary>What the first map is given, where samples come as entries; else null.</summary>
    public SparseEntries? Entries { get; }

    /// <summary>Whether so few of the samples' values are not zero that they are better taken as entries.</summary>
    public static bool AreSparse(SampleStore samples)
    {
        if (samples.SampleLength < StoredEntry.LeastLength || samples.Count == 0)
        {
            return false;
        }

        var (row, filled, looked) = (new float[samples.SampleLength], 0L, Math.Min(Looked, samples.Count));
        for (var number = 0; number < looked; number++)
        {
            samples.Read(number * samples.Count / looked, 1, row);
            filled += row.Length - row.AsSpan().Count(0f);
        }

        return filled <= StoredEntry.LargestShare * looked * row.Length;
    }

    /// <summary>What is to be made of a row, as entries.</summary>
    public ReadOnlySpan<int> TargetPlaces(int row) => _targets!.Places(row);

    /// <summary>Their values.</summary>
    public ReadOnlySpan<float> TargetValues(int row) => _targets!.Values(row);

    /// <summary>What is to be made, [row, value].</summary>
    public float* Target => _drawsInput || _mask is not null ? _room.Target : _room.Input;

    /// <summary>Draws by the engine's generator, in automatic differentiation's order: binarisation, corruption, dropout of the input, of the encoder, latents, dropout of the decoder, directions of Jacobian penalties.</summary>
    public void Draw(ReadOnlySpan<long> indices, BatchShare share, double epoch, IReadOnlyList<FusedJacobian> penalties)
    {
        (_indices, _reads, _masks) = (indices.ToArray(), !_drawsInput, _mask is not null);
        if (penalties.Count == 0 && !_drawsInput && !_plan.Layers.Any(layer => layer.Dropout > 0) && _mask is null && _plan.LogVariance is null)
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

        if (_mask is not null)
        {
            DrawMask(_dropout, _model.SampleLength, _mask.Pointer, _room.InputStride, context);
        }

        for (var place = 0; place < _plan.Layers.Count; place++)
        {
            var layer = _plan.Layers[place];
            if (place == _plan.LatentLayer)
            {
                _bottleneck.Draw(_indices.Length, context);
            }

            if (layer.Dropout > 0)
            {
                DrawMask(layer, context, place > _plan.LatentLayer ? _plan.Draws : 1);
            }
        }

        foreach (var penalty in penalties)
        {
            penalty.Draw(_indices.Length, context);
        }
    }

    /// <summary>What the objective makes of samples, [sample, value]; null where it takes them as they are.</summary>
    public torch.Tensor? Observed(ReadOnlySpan<long> samples, StepContext context) => _observes ? _model.Shown(_reader.ReadBatch(samples), context).Target : null;

    /// <summary>Takes samples for an evaluation: nothing is corrupted or dropped.</summary>
    /// <param name="samples">Which.</param>
    /// <param name="observed">From <see cref="Observed"/>, for these samples.</param>
    public void Show(ReadOnlySpan<long> samples, torch.Tensor? observed)
    {
        (_indices, _reads, _masks) = (samples.ToArray(), observed is null, false);
        if (observed is not null)
        {
            TensorRows.Copy(observed, _model.SampleLength, _room.Input, _room.InputStride);
            TensorRows.Copy(observed, _model.SampleLength, _room.Target, _room.InputStride);
        }
    }

    /// <summary>A row of the batch without noise.</summary>
    public void ReadClean(int row, Span<float> sample) => _samples.Read(_indices[row], 1, sample);

    /// <summary>Brings some rows of the batch into place.</summary>
    /// <param name="first">First row.</param>
    /// <param name="last">After the last.</param>
    /// <param name="scratch">Room for a sample.</param>
    public void Gather(int first, int last, float* scratch)
    {
        for (var row = first; Entries is not null && row < last; row++)
        {
            GatherEntries(row, new Span<float>(scratch, _model.SampleLength));
        }

        if (Entries is null && last > first)
        {
            GatherRows(first, last - first);
        }
    }

    // Padding is zero in all of them.
    private void GatherRows(int first, int count)
    {
        var (place, length) = ((long)first * _room.InputStride, count * _room.InputStride);
        var input = new Span<float>(_room.Input + place, length);
        if (_reads)
        {
            _samples.Gather(_indices.AsSpan(first, count), _room.Input + place, _room.InputStride);
            if (Target != _room.Input)
            {
                input.CopyTo(new Span<float>(Target + place, length));
            }
        }

        if (_masks)
        {
            TensorPrimitives.Multiply(input, new ReadOnlySpan<float>(_mask!.Pointer + place, length), input);
        }
    }

    private void GatherEntries(int row, Span<float> sample)
    {
        Entries!.Clear(row);
        _targets!.Clear(row);
        if (_samples.TryEntries(_indices[row], out var stored))
        {
            foreach (var entry in stored)
            {
                Add(row, entry.Place, entry.Value);
            }

            return;
        }

        _samples.Read(_indices[row], 1, sample);
        for (var place = StoredEntry.Next(sample, 0); place >= 0; place = StoredEntry.Next(sample, place + 1))
        {
            Add(row, place, sample[place]);
        }
    }

    private void Add(int row, int place, float value)
    {
        if (_mask is null)
        {
            Entries!.Add(row, place, value);
            return;
        }

        _targets!.Add(row, place, value);
        var kept = _masks ? _mask.Pointer[((long)row * _room.InputStride) + place] : 1;
        if (kept != 0)
        {
            Entries!.Add(row, place, value * kept);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _mask?.Dispose();

    private void DrawMask(FusedLayer layer, StepContext context, int draws)
    {
        if (layer.Channels == 0)
        {
            DrawMask(layer.Dropout, layer.Outputs, _room[layer].Mask, _room[layer].Stride, context, draws);
            return;
        }

        // Drawn as the model's pictures lie, [sample, channel, place]; used with channels last.
        using var kept = Kept(layer.Dropout, [_indices.Length, layer.Channels, layer.Runs], context);
        using var turned = kept.transpose(1, 2);
        TensorRows.Copy(turned, layer.Channels, _room[layer].Mask, DenseMap.Stride(layer.Channels));
    }

    private void DrawMask(double share, int length, float* mask, int stride, StepContext context, int draws = 1)
    {
        var (rows, block) = (_indices.Length, (long)DenseMap.Padded(_indices.Length, DenseMap.TileRows) * stride);
        using var kept = Kept(share, [(long)draws * rows, length], context);
        for (var draw = 0; draw < draws; draw++)
        {
            using var part = kept.narrow(0, (long)draw * rows, rows);
            TensorRows.Copy(part, length, mask + (draw * block), stride);
        }
    }

    private static torch.Tensor Kept(double share, long[] shape, StepContext context) => context.Uniform(shape).ge(HeldScalar.Of(share)).to(ScalarType.Float32) * HeldScalar.Of(1 / (1 - share));
}
