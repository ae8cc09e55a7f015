namespace Hourglass.Kernels;

/// <summary>Where a linear map's numbers lie: weights in panels of 32 outputs, [panel][input][output within], which every kernel reads in order.</summary>
/// <remarks>Inputs are padded to a multiple of 8, outputs to 32; padding is zero and stays zero under every update.</remarks>
internal readonly unsafe struct DenseMap(int inputs, int outputs, float* weights, float* bias)
{
    /// <summary>Outputs in a panel.</summary>
    public const int PanelWidth = 32;

    /// <summary>Rows that a tile of the kernels has; batches are padded to it.</summary>
    public const int TileRows = 8;

    public int Inputs { get; } = inputs;

    public int Outputs { get; } = outputs;

    public float* Weights { get; } = weights;

    public float* Bias { get; } = bias;

    /// <summary>From row to row of what it puts out.</summary>
    public int OutputStride { get; private init; } = Stride(outputs);

    public int PaddedInputs => Padded(Inputs, TileRows);

    public int Panels => Stride(Outputs) / PanelWidth;

    /// <summary>Whether the weights, of all panels where this is a part of a map, fill more than half of a second-level cache of a megabyte.</summary>
    public bool IsLarge => (long)OutputStride / PanelWidth * PanelLength > 1 << 17;

    /// <summary>Tiles of 8 inputs by 32 outputs.</summary>
    public int Tiles => Panels * (PaddedInputs / TileRows);

    /// <summary>Values in a panel.</summary>
    public int PanelLength => PaddedInputs * PanelWidth;

    /// <summary>Row length of activations with so many values.</summary>
    public static int Stride(int values) => Padded(values, PanelWidth);

    public static int Padded(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    /// <summary>Float32 values that a map takes, weights and then bias.</summary>
    public static long Length(int inputs, int outputs) => ((long)Padded(inputs, TileRows) * Stride(outputs)) + Stride(outputs);

    /// <summary>A map over a run of memory of <see cref="Length"/> values.</summary>
    public static DenseMap Over(int inputs, int outputs, float* memory) => new(inputs, outputs, memory, memory + ((long)Padded(inputs, TileRows) * Stride(outputs)));

    /// <summary>The map to some panels' outputs, which lie in rows among the others'.</summary>
    /// <param name="from">First panel.</param>
    /// <param name="to">After the last.</param>
    public DenseMap Part(int from, int to) =>
        new(Inputs, Math.Min(Outputs, to * PanelWidth) - (from * PanelWidth), Weights + ((long)from * PanelLength), Bias + (from * PanelWidth)) { OutputStride = OutputStride };

    /// <summary>Takes weights [output, input] and bias [output] as they stand in a model.</summary>
    public void Pack(ReadOnlySpan<float> weights, ReadOnlySpan<float> bias)
    {
        for (var output = 0; output < Outputs; output++)
        {
            var panel = Weights + ((long)(output / PanelWidth) * PanelLength) + (output % PanelWidth);
            var row = weights.Slice(output * Inputs, Inputs);
            for (var input = 0; input < row.Length; input++)
            {
                panel[(long)input * PanelWidth] = row[input];
            }
        }

        bias.CopyTo(new Span<float>(Bias, Outputs));
    }

    /// <summary>The way back.</summary>
    public void Unpack(Span<float> weights, Span<float> bias)
    {
        for (var output = 0; output < Outputs; output++)
        {
            var panel = Weights + ((long)(output / PanelWidth) * PanelLength) + (output % PanelWidth);
            var row = weights.Slice(output * Inputs, Inputs);
            for (var input = 0; input < row.Length; input++)
            {
                row[input] = panel[(long)input * PanelWidth];
            }
        }

        new ReadOnlySpan<float>(Bias, Outputs).CopyTo(bias);
    }
}
