using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>The memory of one step: activations and gradients of every layer for a batch.</summary>
internal sealed unsafe class FusedRoom : IDisposable
{
    private readonly List<AlignedFloats> _memory = [];
    private readonly Dictionary<FusedLayer, LayerRoom> _layers = [];
    private readonly float* _scratch;

    public FusedRoom(FusedPlan plan, int sampleLength, int batch, int threads)
    {
        Rows = DenseMap.Padded(batch, DenseMap.TileRows);
        InputStride = DenseMap.Stride(sampleLength);
        if (!plan.HasSparseInput)
        {
            Input = Take(InputStride, plan.Layers[0].Blocks);
            Target = Take(InputStride);
        }

        foreach (var layer in plan.Trained)
        {
            _layers.Add(layer, Room(layer, plan));
        }

        Zeros = Hold(plan.Maps.Max(layer => Math.Max(DenseMap.Stride(layer.Inputs), DenseMap.Stride(layer.Outputs))));
        ScratchLength = plan.Maps.Max(Scratch);
        _scratch = Hold(ScratchLength * threads);
    }

    /// <summary>Rows that there is room for.</summary>
    public int Rows { get; }

    public int InputStride { get; }

    /// <summary>What the first map is given, [row, value]; null where it is given entries.</summary>
    public float* Input { get; }

    /// <summary>What is to be produced; null likewise.</summary>
    public float* Target { get; }

    /// <summary>Zeros, as many as any row has values.</summary>
    public float* Zeros { get; }

    /// <summary>A thread's own memory starts every so many values.</summary>
    public long ScratchLength { get; }

    /// <summary>A thread's own memory.</summary>
    public float* ScratchOf(int thread) => _scratch + (thread * ScratchLength);

    public LayerRoom this[FusedLayer layer] => _layers[layer];

    /// <summary>More memory, a row of values for every row of the batch, so many times.</summary>
    public float* Take(int stride, int blocks = 1) => Hold((long)Rows * stride * blocks);

    /// <inheritdoc/>
    public void Dispose() => _memory.ForEach(memory => memory.Dispose());

    // A dictionary's latents are kept as entries, not in rows. Errors of revived units follow those of the batch, in rows of their own.
    private LayerRoom Room(FusedLayer layer, FusedPlan plan)
    {
        var stride = DenseMap.Stride(layer.Outputs);
        var gradients = plan.Revives && ReferenceEquals(layer, plan.Layers[^1]) ? 2 : layer.Blocks;
        return layer.Layout == WeightLayout.RowsOfOutputs
            ? new LayerRoom(stride, null, null, null, null)
            : new LayerRoom(stride, Take(stride, Math.Max(plan.BlocksAfter(layer), layer.BiasBlocks)), Take(stride, gradients), layer.KeepsBefore ? Take(stride, layer.BiasBlocks) : null, layer.Dropout > 0 ? Take(stride, layer.BiasBlocks) : null);
    }

    // Eight rows of inputs and eight of outputs; a selection takes more rows at once, a panel 32, a large map blocks of both.
    private long Scratch(FusedLayer layer)
    {
        if (layer.Convolution is not null)
        {
            return ConvolutionMap.Scratch(layer);
        }

        var (inputs, outputs) = (DenseMap.Stride(layer.Inputs), DenseMap.Stride(layer.Outputs));
        var rows = 2L * DenseMap.TileRows * Math.Max(inputs, outputs);
        var large = layer.Layout == WeightLayout.Panels && layer.IsLarge ? Math.Max((long)DenseKernels.BlockRows * DenseKernels.BlockInputs, (long)Rows * layer.Blocks * DenseMap.PanelWidth) : 0;
        var selection = layer.Layout == WeightLayout.RowsOfOutputs ? (long)Math.Max(DenseMap.PanelWidth, DenseKernels.Widest.SelectionRows(layer.Inputs)) * inputs : 0;
        var filled = DenseFusedMap.TakesZeros(layer) ? Math.Max(2L * DenseKernels.Widest.FilledRows(layer.Inputs) * inputs, 12L * Rows * layer.Blocks) : 0;
        return Math.Max(Math.Max(rows, filled), Math.Max(large, selection));
    }

    private float* Hold(long length)
    {
        var memory = new AlignedFloats(length);
        _memory.Add(memory);
        return memory.Pointer;
    }
}

/// <summary>One layer's part of a step's memory; rows start every stride values.</summary>
internal sealed unsafe class LayerRoom(int stride, float* after, float* gradient, float* before, float* mask)
{
    public int Stride => stride;

    /// <summary>What the layer hands on.</summary>
    public float* After => after;

    /// <summary>Gradient of what the map puts out, before the activation.</summary>
    public float* Gradient => gradient;

    /// <summary>What the map puts out, where the slope needs it; else null.</summary>
    public float* Before => before;

    /// <summary>0 for dropped values, else 1 over the share kept; null without dropout.</summary>
    public float* Mask => mask;
}
