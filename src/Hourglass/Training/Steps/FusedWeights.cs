using System.Runtime.InteropServices;
using Hourglass.Collectives;
using Hourglass.Kernels;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>Weights and optimiser state in the kernels' layout: one run of memory each, maps at the same places.</summary>
internal sealed unsafe class FusedWeights : IDisposable
{
    private readonly List<(FusedLayer Layer, long Offset)> _places = [];
    private readonly AlignedFloats[] _memory; // values, then what the optimiser keeps
    private readonly Dictionary<FusedLayer, DenseMap> _back = [];
    private readonly Dictionary<FusedLayer, IntPtr> _panels = [];
    private readonly List<AlignedFloats> _copies = [];
    private readonly float* _zeros; // a bias for ways back
    private readonly ICollective _ranks;
    private SumRoom? _gradients;

    public FusedWeights(FusedPlan plan, int states, ICollective? ranks = null)
    {
        _ranks = ranks ?? new SingleProcess();
        foreach (var layer in plan.Trained)
        {
            _places.Add((layer, Length));
            Length += layer.WeightLength;
        }

        foreach (var layer in plan.Maps)
        {
            if (layer.Layout == WeightLayout.RowsOfOutputs)
            {
                _panels.Add(layer, (IntPtr)Copy(DenseMap.Length(layer.Inputs, layer.Outputs)));
            }
            else if (layer.IsShared || layer.KeepsBack || (layer.Layout == WeightLayout.Panels && layer.TiedTo is null && !ReferenceEquals(layer, plan.Layers[0]) && (plan.LatentLayer > 0 || !ReferenceEquals(layer, plan.LogVariance))))
            {
                _back.Add(layer, DenseMap.Over(layer.MapOutputs, layer.MapInputs, Copy(DenseMap.Length(layer.MapOutputs, layer.MapInputs))));
            }
        }

        _zeros = Copy(plan.Maps.Max(layer => Math.Max(DenseMap.Stride(layer.MapInputs), DenseMap.Stride(layer.MapOutputs))));
        _memory = [.. Enumerable.Range(0, states + 1).Select(_ => new AlignedFloats(Length))];
    }

    /// <summary>Float32 values, padding included.</summary>
    public long Length { get; }

    public float* Values => _memory[0].Pointer;

    /// <summary>How many numbers the optimiser keeps for each.</summary>
    public int States => _memory.Length - 1;

    /// <summary>What the optimiser keeps.</summary>
    public float* State(int number) => _memory[number + 1].Pointer;

    /// <summary>Room for gradients, made when first asked for, by all ranks.</summary>
    public float* Gradients => (float*)(_gradients ??= _ranks.Room(Length)).Address;

    /// <summary>A layer's map; in panels, or where it has rows of inputs, with these in the panels' place.</summary>
    public DenseMap Map(FusedLayer layer) => layer.TiedTo is { } other ? new DenseMap(layer.Inputs, layer.Outputs, _back[other].Weights, Rows(layer))
        : _panels.TryGetValue(layer, out var panels) ? new DenseMap(layer.Inputs, layer.Outputs, (float*)panels, Rows(layer) + layer.BiasOffset)
        : layer.Convolution is { Grows: true } ? new DenseMap(layer.MapInputs, layer.MapOutputs, Rows(layer), _zeros) // its bias is the larger picture's
        : DenseMap.Over(layer.MapInputs, layer.MapOutputs, Rows(layer));

    /// <summary>Where a layer's bias starts.</summary>
    public float* Bias(FusedLayer layer) => Rows(layer) + layer.BiasOffset;

    /// <summary>Where a layer's weights start.</summary>
    public float* Rows(FusedLayer layer) => Values + _places.Find(place => ReferenceEquals(place.Layer, layer)).Offset;

    /// <summary>A layer's map from outputs to inputs, without bias; null for maps that hand no gradient on.</summary>
    public DenseMap? Back(FusedLayer layer) => layer.TiedTo is { } other ? new DenseMap(layer.Outputs, layer.Inputs, Rows(other), _zeros)
        : _back.TryGetValue(layer, out var map) ? map : null;

    /// <summary>Renews the panels of a layer that has rows of outputs.</summary>
    public void FillPanel(FusedLayer layer, int panel)
    {
        var map = Map(layer);
        DenseKernels.Widest.FillPanel(Rows(layer) + ((long)panel * DenseMap.PanelWidth * layer.RowStride), layer.RowStride, layer.Inputs, map.Weights + ((long)panel * map.PanelLength));
    }

    /// <summary>Renews the way back for a run of tiles.</summary>
    public void Transpose(FusedLayer layer, int firstTile, int lastTile)
    {
        if (layer.TiedTo is null && Back(layer) is { } back)
        {
            DenseKernels.Widest.Transpose(Map(layer), back, firstTile, lastTile);
        }
    }

    /// <summary>Takes weights and moments from the model's flat buffers.</summary>
    public void Take(TrainingState state)
    {
        Exchange(state, isTaken: true);
        foreach (var (layer, _) in _places)
        {
            Transpose(layer, 0, Map(layer).Tiles);
            for (var panel = 0; panel < Map(layer).Panels && layer.Layout == WeightLayout.RowsOfOutputs; panel++)
            {
                FillPanel(layer, panel);
            }
        }
    }

    /// <summary>Gives them back.</summary>
    public void Give(TrainingState state) => Exchange(state, isTaken: false);

    /// <summary>Gives gradients to the flat buffer, for tests.</summary>
    public void GiveGradients(TrainingState state) => Exchange(state.Parameters, state.Parameters.Gradients, Gradients, isTaken: false);

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_memory, memory => memory.Dispose());
        _copies.ForEach(memory => memory.Dispose());
        _gradients?.Dispose();
    }

    private float* Copy(long length)
    {
        _copies.Add(new AlignedFloats(length));
        return _copies[^1].Pointer;
    }

    private void Exchange(TrainingState state, bool isTaken)
    {
        Exchange(state.Parameters, state.Parameters.Values, Values, isTaken);
        for (var number = 0; number < state.Optimizer.State.Count; number++)
        {
            Exchange(state.Parameters, state.Optimizer.State[number], State(number), isTaken);
        }
    }

    private void Exchange(FlatParameters parameters, Tensor flat, float* memory, bool isTaken)
    {
        var values = MemoryMarshal.Cast<byte, float>(flat.bytes);
        foreach (var (layer, offset) in _places)
        {
            var bias = parameters.Place(layer.BiasName);
            var weights = !layer.IsBiasOnly ? parameters.Place(layer.Name + ".weight") : null;
            layer.Exchange(memory + offset, weights is null ? [] : values.Slice((int)weights.Offset, (int)weights.Count), values.Slice((int)bias.Offset, (int)bias.Count), isTaken);
        }
    }
}
