using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>One linear map at work on a batch: products there and back.</summary>
internal abstract class FusedMap(FusedLayer layer)
{
    public FusedLayer Layer => layer;

    /// <summary>What the layer puts out for some rows, before its activation.</summary>
    public abstract void Forward(int thread, int first, int last);

    /// <summary>Gradients of what the map was given, from those of what it put out.</summary>
    public abstract void Backward(int thread, int first, int last);
}

/// <summary>A map with few values on one side: a row of weights for each of that side's columns, of which only those in use are touched.</summary>
internal abstract unsafe class SparseFusedMap(FusedLayer layer, FusedWeights weights, SparseEntries entries) : FusedMap(layer)
{
    protected SparseEntries Entries => entries;

    /// <summary>Weights, [column, value].</summary>
    public float* Rows { get; } = weights.Rows(layer);

    public float* Bias { get; } = weights.Map(layer).Bias;

    /// <summary>From row to row of weights.</summary>
    public int Stride { get; } = layer.RowStride;

    /// <summary>The row that is the second of the first sample; 0 where samples have one row.</summary>
    public int Offset { get; set; }

    /// <summary>Whether rows that a batch does not use may miss its step.</summary>
    public virtual bool MayMissSteps => false;

    /// <summary>Columns of the sparse side.</summary>
    public int Columns => entries.Columns;

    /// <summary>Rows of activations that gradients are made of, [row, value].</summary>
    public abstract float* Others { get; }

    /// <summary>Which of them belong to a column.</summary>
    public abstract ReadOnlySpan<int> RowsOf(int column);

    /// <summary>With what factors.</summary>
    public abstract ReadOnlySpan<float> FactorsOf(int column);

    /// <summary>Sorts the batch's entries by column.</summary>
    public virtual void Turn(int rows) => entries.Turn(rows, Offset);
}

/// <summary>Few inputs: compressed samples, or the latents of a dictionary.</summary>
internal sealed unsafe class SparseInputMap(FusedLayer layer, FusedWeights weights, FusedRoom room, SparseEntries entries, bool goesBack) : SparseFusedMap(layer, weights, entries)
{
    private readonly LayerRoom _room = room[layer];

    public override bool MayMissSteps => !goesBack;

    // A batch's own entries were sorted before its passes.
    public override void Turn(int rows)
    {
        if (goesBack || rows == 0)
        {
            base.Turn(rows);
        }
    }

    public override float* Others => _room.Gradient;

    public override void Forward(int thread, int first, int last)
    {
        for (var row = first; row < last; row++)
        {
            DenseKernels.Widest.Combine(Rows, Stride, Entries.Places(row), Entries.Values(row), Bias, _room.After + ((long)row * Stride));
        }
    }

    public override void Backward(int thread, int first, int last)
    {
        for (var row = first; goesBack && row < last; row++)
        {
            DenseKernels.Widest.Products(Rows, Stride, Entries.Places(row), _room.Gradient + ((long)row * Stride), Entries.Gradients(row));
        }
    }

    public override ReadOnlySpan<int> RowsOf(int column) => Entries.RowsOf(column);

    public override ReadOnlySpan<float> FactorsOf(int column) => Entries.ValuesOf(column);
}

/// <summary>Few outputs: the largest of each row.</summary>
internal sealed unsafe class SparseOutputMap(FusedLayer layer, FusedWeights weights, FusedRoom room, SparseEntries entries, int active, float* input, float* inputGradient)
    : SparseFusedMap(layer, weights, entries)
{
    private readonly DenseMap _panels = weights.Map(layer);
    private readonly LargestOfRow[] _largest = [.. Enumerable.Range(0, room.Rows).Select(_ => new LargestOfRow(active))];

    public override float* Others => input;

    public override void Forward(int thread, int first, int last) => Select(_panels, _largest, thread, first, last, 0, null);

    public override void Backward(int thread, int first, int last)
    {
        for (var row = first; inputGradient is not null && row < last; row++)
        {
            var gradient = inputGradient + ((long)row * Stride);
            DenseKernels.Widest.Combine(Rows, Stride, Entries.Places(row), Entries.Gradients(row), room.Zeros, gradient);
            if (Offset > 0)
            {
                DenseKernels.Widest.Combine(Rows, Stride, Entries.Places(Offset + row), Entries.Gradients(Offset + row), gradient, gradient);
            }
        }
    }

    // The dictionary that shares these entries sorts them.
    public override void Turn(int rows)
    {
    }

    /// <summary>Makes entries of the largest outputs of some rows.</summary>
    /// <param name="panels">The map, or one of some of its outputs.</param>
    /// <param name="largest">Keep them.</param>
    /// <param name="thread">Whose scratch is used.</param>
    /// <param name="first">First row.</param>
    /// <param name="last">After the last.</param>
    /// <param name="offset">Added to a row's number among the entries.</param>
    /// <param name="outputs">The outputs that the map has; all when null.</param>
    public void Select(in DenseMap panels, LargestOfRow[] largest, int thread, int first, int last, int offset, List<int>? outputs)
    {
        for (var row = first; row < last; row++)
        {
            largest[row].Clear();
        }

        DenseKernels.Widest.Select(panels, input + ((long)first * Stride), last - first, room.ScratchOf(thread), largest.AsSpan(first, last - first));
        for (var row = first; row < last; row++)
        {
            Entries.Clear(offset + row);
            var (places, values) = largest[row].Take();
            for (var entry = 0; entry < places.Length; entry++)
            {
                Entries.Add(offset + row, outputs is null ? places.Span[entry] : outputs[places.Span[entry]], values.Span[entry]);
            }
        }
    }

    public override ReadOnlySpan<int> RowsOf(int column) => Entries.SamplesOf(column);

    public override ReadOnlySpan<float> FactorsOf(int column) => Entries.GradientsOf(column);
}
