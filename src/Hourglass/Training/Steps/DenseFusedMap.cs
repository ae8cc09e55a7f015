using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>Weights in panels, rows of activations on both sides.</summary>
internal sealed unsafe class DenseFusedMap(FusedLayer layer, FusedWeights weights, FusedRoom room, float* input, float* inputGradient) : FusedMap(layer)
{
    private const double LargestFilledShare = 0.5; // `benchmarks kernels`: there both products still gain a twelfth or more, in whatever order values are filled
    private const int LeastInputs = 64;
    private const long LeastShared = 1 << 14; // weights: what waiting for each other costs
    private readonly LayerRoom _room = room[layer];
    private readonly int _inputStride = DenseMap.Stride(layer.Inputs);
    private readonly bool _mayPassZerosBy = TakesZeros(layer) && input == room.Input && (long)room.Rows * layer.Blocks * DenseMap.Stride(layer.Outputs) <= int.MaxValue; // samples, not what layers make of them; places of their gradients are counted in 32 bits

    /// <summary>From what it is given to what it puts out.</summary>
    public DenseMap Map { get; } = weights.Map(layer);

    /// <summary>From outputs to inputs, without bias; null where no gradient is handed on.</summary>
    public DenseMap? Back { get; } = weights.Back(layer);

    /// <summary>The decoder's map that uses the same weights, transposed; null where none does.</summary>
    public DenseFusedMap? Tied { get; set; }

    /// <summary>What the gradient of each output's weights gains, as a multiple of them; null for nothing.</summary>
    public float* Stretches { get; set; }

    /// <summary>What the map is given, [row, input].</summary>
    public float* Input => input;

    /// <summary>Gradient of what it puts out, [row, output].</summary>
    public float* Gradient => _room.Gradient;

    /// <summary>Whether threads share its outputs instead of the rows: each then reads the weights that it moves, and they stay its own. No bit depends on it.</summary>
    /// <param name="rows">Of a batch.</param>
    /// <param name="threads">Threads.</param>
    /// <remarks>A line of weights that another processor has read costs the one that moves it up to 10 ns (`benchmarks lines`). So does a line of outputs that one thread makes and another goes on with; inputs are then read by all.</remarks>
    public bool SharesOutputs(int rows, int threads) =>
        threads > 1 && Layer is { Blocks: 1, TiedTo: null } && Map.Panels >= 2 * threads && (long)Layer.Inputs * Layer.Outputs >= LeastShared + (rows * ((2L * Layer.Outputs) + Layer.Inputs));

    public override void Forward(int thread, int first, int last) => Forward(Map, thread, first, last, 0);

    /// <summary>A thread's part of the outputs of all rows.</summary>
    /// <param name="thread">Its number.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="rows">Samples.</param>
    public void ForwardOutputs(int thread, int threads, int rows)
    {
        var (from, to) = (Map.Panels * thread / threads, Map.Panels * (thread + 1) / threads);
        if (from < to)
        {
            Forward(Map.Part(from, to), thread, 0, DenseMap.Padded(rows, DenseMap.TileRows), from * DenseMap.PanelWidth);
        }
    }

    private void Forward(in DenseMap map, int thread, int first, int last, int column)
    {
        var x = input + ((long)first * _inputStride);
        var y = _room.After + ((long)first * _room.Stride) + column;
        if (IsMostlyZero(first))
        {
            DenseKernels.Widest.MapFilled(map, x, y, last - first, room.ScratchOf(thread));
        }
        else
        {
            Run(map, x, y, last - first, room.ScratchOf(thread));
        }
    }

    // Judged by eight rows; no bit depends on it.
    private bool IsMostlyZero(int first)
    {
        if (!_mayPassZerosBy)
        {
            return false;
        }

        var filled = 0;
        for (var row = first; row < first + DenseMap.TileRows; row++)
        {
            filled += Layer.Inputs - new ReadOnlySpan<float>(input + ((long)row * _inputStride), Layer.Inputs).Count(0f);
        }

        return filled <= LargestFilledShare * DenseMap.TileRows * Layer.Inputs;
    }

    /// <summary>Whether a layer's map is large enough to look for zeros.</summary>
    public static bool TakesZeros(FusedLayer layer) => layer is { Layout: WeightLayout.Panels, Convolution: null, Inputs: >= LeastInputs } && layer.Outputs >= DenseMap.PanelWidth;

    public override void Backward(int thread, int first, int last)
    {
        if (inputGradient is not null)
        {
            Run(Back!.Value, _room.Gradient + ((long)first * _room.Stride), inputGradient + ((long)first * _inputStride), last - first, room.ScratchOf(thread));
        }
    }

    private int WeightRows(int rows) => Rows(rows, Layer.Blocks);

    /// <summary>Rows that the bias's gradient is made of.</summary>
    public int BiasRows(int rows) => Rows(rows, Layer.BiasBlocks);

    /// <summary>Whether the last batch's products passed zeros by.</summary>
    public bool IsFilled { get; private set; }

    /// <summary>Pieces that the gradient of the weights is made in: blocks of inputs where zeros are passed by, else tiles.</summary>
    public int Pieces => IsFilled ? Map.PaddedInputs / DenseMap.TileRows : Map.Tiles;

    /// <summary>After both passes, before threads share the gradient: clears rows that only pad the batch, and runs that are there for a layer that shares the weights.</summary>
    /// <param name="rows">Samples.</param>
    public void BeginGradient(int rows)
    {
        IsFilled = IsMostlyZero(0);
        if (Layer.Blocks > 1)
        {
            Clear(rows, Rows(rows, 1));
            Clear(Rows(rows, Layer.OwnBlocks), Rows(rows, Layer.Blocks));
        }
    }

    /// <summary>Hands some pieces of the gradient to a rule.</summary>
    /// <param name="from">First piece.</param>
    /// <param name="to">After the last.</param>
    /// <param name="rows">Samples.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="scratch">The thread's memory.</param>
    public void WeightGradient<TRule>(int from, int to, int rows, TRule rule, float* scratch)
        where TRule : struct, IGradientRule
    {
        var products = new RowProducts(input, Gradient);
        var tied = Tied is { } other ? new RowProducts(other.Gradient, other.Input) : default;
        if (IsFilled)
        {
            DenseKernels.Widest.GradientFilled(Map, products, tied, WeightRows(rows), from, to, rule, scratch);
        }
        else
        {
            DenseKernels.Widest.Gradient(Map, products, tied, WeightRows(rows), from, to, rule, Map.IsLarge ? scratch : null);
        }
    }

    /// <summary>Copies some pieces of the weights into the way back.</summary>
    /// <param name="from">First piece.</param>
    /// <param name="to">After the last.</param>
    public void RenewBack(int from, int to)
    {
        var (panels, blocks) = IsFilled ? (Map.Panels, Map.PaddedInputs / DenseMap.TileRows) : (1, 0);
        for (var panel = 0; Back is { } back && panel < panels; panel++)
        {
            DenseKernels.Widest.Transpose(Map, back, (panel * blocks) + from, (panel * blocks) + to);
        }
    }

    private void Clear(int first, int last) => new Span<float>(Gradient + ((long)first * _room.Stride), (last - first) * _room.Stride).Clear();

    private int Rows(int rows, int blocks) => Layer.Blocks == 1 ? rows : DenseMap.Padded(rows, DenseMap.TileRows) * blocks;

    /// <summary>Products of some rows.</summary>
    public static void Run(in DenseMap map, float* x, float* y, int rows, float* scratch) => DenseKernels.Widest.Product(map, x, y, rows, scratch);
}
