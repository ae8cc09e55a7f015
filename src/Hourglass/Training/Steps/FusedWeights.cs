using System.Runtime.InteropServices;
using Hourglass.Kernels;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>Weights and optimiser state in the kernels' layout: one run of memory each, maps at the same places.</summary>
internal sealed unsafe class FusedWeights : IDisposable
{
    private readonly List<(FusedLayer Layer, long Offset)> _places = [];
    private readonly AlignedFloats[] _memory; // values, then what the optimiser keeps
    private readonly Dictionary<FusedLayer, DenseMap> _back = [];
    private readonly List<AlignedFloats> _backMemory = [];
    private AlignedFloats? _gradients;

    public FusedWeights(FusedPlan plan, int states)
    {
        foreach (var layer in plan.Maps)
        {
            _places.Add((layer, Length));
            Length += DenseMap.Length(layer.Inputs, layer.Outputs);
        }

        foreach (var layer in plan.Maps.Where(layer => !ReferenceEquals(layer, plan.Layers[0]) && (plan.LatentLayer > 0 || !ReferenceEquals(layer, plan.LogVariance))))
        {
            _backMemory.Add(new AlignedFloats(DenseMap.Length(layer.Outputs, layer.Inputs)));
            _back.Add(layer, DenseMap.Over(layer.Outputs, layer.Inputs, _backMemory[^1].Pointer));
        }

        _memory = [.. Enumerable.Range(0, states + 1).Select(_ => new AlignedFloats(Length))];
    }

    /// <summary>Float32 values, padding included.</summary>
    public long Length { get; }

    public float* Values => _memory[0].Pointer;

    /// <summary>What the optimiser keeps.</summary>
    public float* State(int number) => _memory[number + 1].Pointer;

    /// <summary>Room for gradients, made when first asked for.</summary>
    public float* Gradients => (_gradients ??= new AlignedFloats(Length)).Pointer;

    /// <summary>A layer's map.</summary>
    public DenseMap Map(FusedLayer layer) => Over(layer, Values);

    /// <summary>A layer's map from outputs to inputs, without bias; null for maps that hand no gradient on.</summary>
    public DenseMap? Back(FusedLayer layer) => _back.TryGetValue(layer, out var map) ? map : null;

    /// <summary>Renews the way back for a run of tiles.</summary>
    public void Transpose(FusedLayer layer, int firstTile, int lastTile)
    {
        if (Back(layer) is { } back)
        {
            DenseKernels.Widest.Transpose(Map(layer), back, firstTile, lastTile);
        }
    }

    /// <summary>The same place in other memory of the same layout.</summary>
    public DenseMap Over(FusedLayer layer, float* memory) => DenseMap.Over(layer.Inputs, layer.Outputs, memory + _places.Find(place => ReferenceEquals(place.Layer, layer)).Offset);

    /// <summary>Takes weights and moments from the model's flat buffers.</summary>
    public void Take(TrainingState state)
    {
        Exchange(state, (map, weights, bias) => map.Pack(weights, bias));
        _places.ForEach(place => Transpose(place.Layer, 0, Map(place.Layer).Tiles));
    }

    /// <summary>Gives them back.</summary>
    public void Give(TrainingState state) => Exchange(state, (map, weights, bias) => map.Unpack(weights, bias));

    /// <summary>Gives gradients to the flat buffer, for tests.</summary>
    public void GiveGradients(TrainingState state) => Exchange(state.Parameters, state.Parameters.Gradients, Gradients, (map, weights, bias) => map.Unpack(weights, bias));

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_memory, memory => memory.Dispose());
        _backMemory.ForEach(memory => memory.Dispose());
        _gradients?.Dispose();
    }

    private void Exchange(TrainingState state, Action<DenseMap, Span<float>, Span<float>> exchange)
    {
        Exchange(state.Parameters, state.Parameters.Values, Values, exchange);
        for (var number = 0; number < state.Optimizer.State.Count; number++)
        {
            Exchange(state.Parameters, state.Optimizer.State[number], State(number), exchange);
        }
    }

    private void Exchange(FlatParameters parameters, Tensor flat, float* memory, Action<DenseMap, Span<float>, Span<float>> exchange)
    {
        var values = MemoryMarshal.Cast<byte, float>(flat.bytes);
        foreach (var (layer, _) in _places)
        {
            var (weights, bias) = (parameters.Place(layer.Name + ".weight"), parameters.Place(layer.Name + ".bias"));
            exchange(Over(layer, memory), values.Slice((int)weights.Offset, (int)weights.Count), values.Slice((int)bias.Offset, (int)bias.Count));
        }
    }
}
