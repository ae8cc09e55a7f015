using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>One linear map or convolution with what follows it.</summary>
/// <param name="Name">Of its module, before ".weight" and ".bias".</param>
/// <param name="Inputs">Values in, as they lie in the step's memory: pictures between layers have channels last, padded.</param>
/// <param name="Outputs">Values out, likewise.</param>
/// <param name="Activation">Follows the map.</param>
/// <param name="Dropout">Share of its values dropped in training.</param>
internal sealed unsafe record FusedLayer(string Name, int Inputs, int Outputs, DenseActivation Activation, double Dropout)
{
    private const int Block = 64; // inputs whose rows are written together

    /// <summary>What the map is applied to, where it is each place of a picture; null where it is the sample.</summary>
    public FusedConvolution? Convolution { get; init; }

    /// <summary>Of the normalisation between the map and its activation; null for none.</summary>
    public string? NormalizationName { get; init; }

    /// <summary>Whether what the layer before was given is added to what the map puts out: the end of a residual block.</summary>
    public bool ClosesBlock { get; init; }

    /// <summary>Channels of the picture that the layer hands on; 0 where that is no picture, or one that lies as samples do.</summary>
    public int Channels { get; init; }

    /// <summary>The model's number of each input of the map, -1 for padding; null where they are in its order.</summary>
    public int[]? InputOrder { get; init; }

    /// <summary>The same of each output.</summary>
    public int[]? OutputOrder { get; init; }

    /// <summary>Inputs of one product.</summary>
    public int MapInputs => Convolution?.Patches.Length ?? Inputs;

    /// <summary>Outputs of one product.</summary>
    public int MapOutputs => Convolution?.SmallChannels ?? Outputs;

    /// <summary>Numbers in the bias.</summary>
    public int BiasLength => Convolution is { Grows: true, Patches.Channels: var channels } ? channels : MapOutputs;

    /// <summary>Values of a sample that follow one another without padding: a place's channels, where it is a picture.</summary>
    public int RunLength => Channels > 0 ? Channels : Outputs;

    /// <summary>Such runs of a sample.</summary>
    public int Runs => Channels > 0 ? Outputs / DenseMap.Stride(Channels) : 1;

    /// <summary>How the weights lie in the step's own memory.</summary>
    public WeightLayout Layout { get; init; }

    /// <summary>The encoder's layer whose weights, transposed, are this one's too; null for a layer with weights of its own.</summary>
    public FusedLayer? TiedTo { get; init; }

    /// <summary>Whether a layer of the decoder uses these weights, transposed.</summary>
    public bool IsShared { get; init; }

    /// <summary>Whether it has no weights of its own, only a bias, which is the parameter of its name.</summary>
    public bool IsBiasOnly { get; init; }

    /// <summary>Of the parameter with the bias.</summary>
    public string BiasName => IsBiasOnly ? Name : Name + ".bias";

    /// <summary>Whether the rows of inputs keep unit norm.</summary>
    public bool HasUnitRows { get; init; }

    /// <summary>Runs of rows that its weights' gradient is made of: the batch's, and what a Jacobian penalty adds behind them.</summary>
    public int Blocks { get; init; } = 1;

    /// <summary>How many of them its own penalty fills; the others are there for a layer that shares its weights.</summary>
    public int OwnBlocks { get; init; } = 1;

    /// <summary>How many of them its bias's gradient is made of.</summary>
    public int BiasBlocks { get; init; } = 1;

    /// <summary>Whether it keeps a way back though the batch's own gradient ends here.</summary>
    public bool KeepsBack { get; init; }

    /// <summary>Whether the slope needs the values before the activation.</summary>
    public bool KeepsBefore => Activation is DenseActivation.Gelu or DenseActivation.Silu;

    /// <summary>Whether its products, there or back, go by blocks.</summary>
    public bool IsLarge => new DenseMap(MapInputs, MapOutputs, null, null).IsLarge || new DenseMap(MapOutputs, MapInputs, null, null).IsLarge;

    /// <summary>Values in a row of weights.</summary>
    public int RowStride => DenseMap.Stride(Layout == WeightLayout.RowsOfOutputs ? MapInputs : MapOutputs);

    /// <summary>Rows of weights, padding included.</summary>
    public int RowCount => Layout == WeightLayout.RowsOfOutputs ? DenseMap.Stride(MapOutputs) : DenseMap.Padded(MapInputs, DenseMap.TileRows);

    /// <summary>From the first weight to the bias.</summary>
    public long BiasOffset => IsBiasOnly ? 0 : (long)RowCount * RowStride;

    /// <summary>Float32 values, weights and then bias.</summary>
    public long WeightLength => BiasOffset + DenseMap.Stride(BiasLength);

    /// <summary>Copies between the layout and a model's weights [output, input] and bias [output].</summary>
    /// <param name="memory">The layer's part of the step's memory.</param>
    /// <param name="weights">As they stand in a model; empty where they are another layer's.</param>
    /// <param name="bias">Likewise.</param>
    /// <param name="isTaken">Whether the model's are copied here.</param>
    public void Exchange(float* memory, Span<float> weights, Span<float> bias, bool isTaken)
    {
        if (IsBiasOnly)
        {
            Copy(bias, new Span<float>(memory, Outputs), isTaken);
            return;
        }

        if (InputOrder is not null || OutputOrder is not null || Convolution is not null)
        {
            ExchangeOrdered(memory, weights, bias, isTaken);
            return;
        }

        if (Layout == WeightLayout.Panels)
        {
            var map = DenseMap.Over(Inputs, Outputs, memory);
            if (isTaken)
            {
                map.Pack(weights, bias);
            }
            else
            {
                map.Unpack(weights, bias);
            }

            return;
        }

        Copy(bias, new Span<float>(memory + BiasOffset, Outputs), isTaken);
        for (var first = 0; first < Inputs; first += Block)
        {
            for (var output = 0; output < Outputs; output++)
            {
                var run = weights.Slice((output * Inputs) + first, Math.Min(Block, Inputs - first));
                ExchangeRun(memory, run, first, output, isTaken);
            }
        }
    }

    // Panels whose inputs or outputs have another order than the model's, and padding among them.
    private void ExchangeOrdered(float* memory, Span<float> weights, Span<float> bias, bool isTaken)
    {
        var map = DenseMap.Over(MapInputs, MapOutputs, memory);
        var step = Convolution?.KernelStep ?? weights.Length / (OutputOrder?.Count(place => place >= 0) ?? MapOutputs);
        for (var output = 0; output < MapOutputs; output++)
        {
            var panel = map.Weights + ((long)(output / DenseMap.PanelWidth) * map.PanelLength) + (output % DenseMap.PanelWidth);
            var row = Numbered(OutputOrder, output) is >= 0 and var number ? weights[(number * step)..] : [];
            for (var input = 0; input < MapInputs && !row.IsEmpty; input++)
            {
                Exchange(row, Numbered(InputOrder, input), panel + ((long)input * DenseMap.PanelWidth), isTaken);
            }
        }

        for (var place = 0; place < BiasLength; place++)
        {
            Exchange(bias, Numbered(OutputOrder, place), memory + BiasOffset + place, isTaken);
        }
    }

    private static int Numbered(int[]? order, int place) => order is null ? place : order[place];

    private static void Exchange(Span<float> model, int number, float* own, bool isTaken)
    {
        if (number >= 0 && isTaken)
        {
            *own = model[number];
        }
        else if (number >= 0)
        {
            model[number] = *own;
        }
    }

    private void ExchangeRun(float* memory, Span<float> run, int first, int output, bool isTaken)
    {
        if (Layout == WeightLayout.RowsOfOutputs)
        {
            Copy(run, new Span<float>(memory + ((long)output * RowStride) + first, run.Length), isTaken);
            return;
        }

        var column = memory + ((long)first * RowStride) + output;
        for (var input = 0; input < run.Length; input++, column += RowStride)
        {
            if (isTaken)
            {
                *column = run[input];
            }
            else
            {
                run[input] = *column;
            }
        }
    }

    private static void Copy(Span<float> model, Span<float> own, bool isTaken)
    {
        if (isTaken)
        {
            model.CopyTo(own);
        }
        else
        {
            own.CopyTo(model);
        }
    }
}

/// <summary>How a map's weights lie.</summary>
internal enum WeightLayout
{
    /// <summary>In panels of 32 outputs: for products of full rows.</summary>
    Panels,

    /// <summary>A row for each input, for a map with few inputs that are not zero.</summary>
    RowsOfInputs,

    /// <summary>A row for each output, for a map of which few outputs are kept, with a copy in panels beside them.</summary>
    RowsOfOutputs,
}
