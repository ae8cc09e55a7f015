using System.Runtime.Intrinsics;

namespace Hourglass.Kernels;

/// <summary>Products and functions over rows of activations, for the widest registers that the machine has.</summary>
/// <remarks>Rows of activations start every <see cref="DenseMap.Stride"/> values; rows come in multiples of <see cref="DenseMap.TileRows"/>; padding holds zeros.
/// Every sum runs in one order, whatever the number of rows or threads.</remarks>
internal abstract unsafe class DenseKernels
{
    /// <summary>Rows that <see cref="MapBlocks"/> takes at once.</summary>
    public const int BlockRows = 64;

    /// <summary>Inputs that <see cref="MapBlocks"/> takes at once.</summary>
    public const int BlockInputs = 1024;

    /// <summary>Rows that <see cref="MapFilled"/> takes at once, at most.</summary>
    public const int MostFilledRows = 64;

    /// <summary>The kernels for this machine.</summary>
    public static DenseKernels Widest { get; } = Vector512.IsHardwareAccelerated ? new DenseKernels<Lanes512, Vector512<float>>()
        : Vector256.IsHardwareAccelerated ? new DenseKernels<Lanes256, Vector256<float>>()
        : new DenseKernels<Lanes128, Vector128<float>>();

    /// <summary>All widths, for tests that hold them against each other.</summary>
    public static IReadOnlyList<DenseKernels> All { get; } =
        [new DenseKernels<Lanes512, Vector512<float>>(), new DenseKernels<Lanes256, Vector256<float>>(), new DenseKernels<Lanes128, Vector128<float>>()];

    /// <summary>Bits in a register.</summary>
    public abstract int Bits { get; }

    /// <summary>y = x W + b.</summary>
    /// <param name="map">The map.</param>
    /// <param name="x">[row, input].</param>
    /// <param name="y">[row, output].</param>
    /// <param name="rows">A multiple of <see cref="DenseMap.TileRows"/>.</param>
    /// <param name="scratch">Room for 8 times the padded inputs.</param>
    public abstract void Map(in DenseMap map, float* x, float* y, int rows, float* scratch);

    /// <summary>y = x W + b for a map that fits no cache: its weights are read once for <see cref="BlockRows"/> rows. The bits are those of <see cref="Map"/>.</summary>
    /// <param name="map">The map.</param>
    /// <param name="x">[row, input].</param>
    /// <param name="y">[row, output].</param>
    /// <param name="rows">A multiple of <see cref="DenseMap.TileRows"/>.</param>
    /// <param name="scratch">Room for <see cref="BlockRows"/> times <see cref="BlockInputs"/>.</param>
    public abstract void MapBlocks(in DenseMap map, float* x, float* y, int rows, float* scratch);

    /// <summary>y = x W + b, in blocks where the map fits no cache.</summary>
    /// <param name="map">The map.</param>
    /// <param name="x">[row, input].</param>
    /// <param name="y">[row, output].</param>
    /// <param name="rows">A multiple of <see cref="DenseMap.TileRows"/>.</param>
    /// <param name="scratch">As much as <see cref="ProductScratch"/> says.</param>
    public void Product(in DenseMap map, float* x, float* y, int rows, float* scratch)
    {
        if (map.IsLarge)
        {
            MapBlocks(map, x, y, rows, scratch);
        }
        else
        {
            Map(map, x, y, rows, scratch);
        }
    }

    /// <summary>Values of scratch that <see cref="Product"/> needs.</summary>
    public static long ProductScratch(int inputs, int outputs) =>
        new DenseMap(inputs, outputs, null, null).IsLarge ? BlockRows * BlockInputs : DenseMap.TileRows * (long)DenseMap.Stride(inputs);

    /// <summary>y = x W + b, or what is positive of it, for a tile of <see cref="RowTiles"/>. The bits are those of <see cref="Map"/>.</summary>
    /// <param name="map">The map.</param>
    /// <param name="x">[input][row].</param>
    /// <param name="y">Receives [output][row], outputs padded to a multiple of 4.</param>
    /// <param name="cutsNegative">Whether what is below zero becomes zero.</param>
    public abstract void MapTile(in DenseMap map, float* x, float* y, bool cutsNegative);

    /// <summary>Eight rows of 32 sums of products: of values that eight places begin at with rows of weights, or of gradients.</summary>
    /// <param name="places">Eight.</param>
    /// <param name="steps">How values and rows follow one another.</param>
    /// <param name="rows">First row of 32 values.</param>
    /// <param name="start">What the sums start from.</param>
    /// <param name="startStride">From one place's to the next one's.</param>
    /// <param name="target">Receives the sums.</param>
    /// <param name="stride">From one place's to the next one's.</param>
    /// <param name="left">Outputs that are wanted; those after them are zero.</param>
    public abstract void PlaceTile(float** places, in PlaceSteps steps, float* rows, float* start, nint startStride, float* target, nint stride, int left);

    /// <summary>Copies a run of tiles (8 inputs by 32 outputs, counted panel by panel) into a map that leads from outputs to inputs: with it, <see cref="Map"/> takes gradients back.</summary>
    public abstract void Transpose(in DenseMap map, in DenseMap transposed, int firstTile, int lastTile);

    /// <summary>dW = x' dy for a run of tiles (8 inputs by 32 outputs, counted panel by panel), handed on to a rule as soon as each is complete.</summary>
    /// <param name="map">The map.</param>
    /// <param name="products">x and dy.</param>
    /// <param name="more">Others to add, where the map's weights serve twice; null pointers where they do not.</param>
    /// <param name="rows">Rows of all.</param>
    /// <param name="firstTile">First tile.</param>
    /// <param name="lastTile">After the last.</param>
    /// <param name="rule">What is done with the gradients.</param>
    /// <param name="packed">Room for 32 values of each row, where rows of outputs are long; else null.</param>
    public abstract void Gradient<TRule>(in DenseMap map, RowProducts products, RowProducts more, int rows, int firstTile, int lastTile, TRule rule, float* packed = null)
        where TRule : struct, IGradientRule;

    /// <inheritdoc cref="Gradient{TRule}(in DenseMap, RowProducts, RowProducts, int, int, int, TRule, float*)"/>
    public void Gradient<TRule>(in DenseMap map, float* x, float* dy, int rows, int firstTile, int lastTile, TRule rule, float* packed = null)
        where TRule : struct, IGradientRule => Gradient(map, new RowProducts(x, dy), default, rows, firstTile, lastTile, rule, packed);

    /// <summary>y = x W + b, passing zeros of x by. The bits are those of <see cref="Map"/>.</summary>
    /// <param name="map">The map.</param>
    /// <param name="x">[row, input].</param>
    /// <param name="y">[row, output].</param>
    /// <param name="rows">A multiple of <see cref="DenseMap.TileRows"/>.</param>
    /// <param name="scratch">Room for <see cref="FilledRows"/> times 2 padded rows of inputs.</param>
    public abstract void MapFilled(in DenseMap map, float* x, float* y, int rows, float* scratch);

    /// <summary>Rows that <see cref="MapFilled"/> takes at once.</summary>
    public abstract int FilledRows(int inputs);

    /// <summary>dW = x' dy, passing zeros of x by, for a run of blocks of 8 inputs by all outputs. The bits are those of <see cref="Gradient{TRule}(in DenseMap, RowProducts, RowProducts, int, int, int, TRule, float*)"/>.</summary>
    /// <param name="map">The map.</param>
    /// <param name="products">x and dy.</param>
    /// <param name="more">Others to add, as there.</param>
    /// <param name="rows">Rows of all.</param>
    /// <param name="firstBlock">First block.</param>
    /// <param name="lastBlock">After the last.</param>
    /// <param name="rule">What is done with the gradients.</param>
    /// <param name="scratch">Room for 12 times the rows.</param>
    public abstract void GradientFilled<TRule>(in DenseMap map, RowProducts products, RowProducts more, int rows, int firstBlock, int lastBlock, TRule rule, float* scratch)
        where TRule : struct, IGradientRule;

    /// <summary>db = sum of dy over rows.</summary>
    public abstract void BiasGradient<TRule>(in DenseMap map, float* dy, int rows, TRule rule)
        where TRule : struct, IGradientRule;

    /// <summary>Applies a rule to gradients that were kept.</summary>
    public abstract void Apply<TRule>(float* parameters, float* gradients, long count, bool isBias, TRule rule)
        where TRule : struct, IGradientRule;

    /// <summary>Copies patches of pictures into rows.</summary>
    /// <param name="shape">Of pictures and patches.</param>
    /// <param name="pictures">The larger ones, each <see cref="PatchShape.PictureStride"/> after the other.</param>
    /// <param name="firstPlace">The place whose patch is the first, counted through all samples.</param>
    /// <param name="count">How many.</param>
    /// <param name="firstValue">First value of a patch that is wanted.</param>
    /// <param name="lastValue">After the last; values beyond a patch's length are zeros.</param>
    /// <param name="patches">[place, value].</param>
    public abstract void Gather(in PatchShape shape, float* pictures, long firstPlace, int count, int firstValue, int lastValue, float* patches);

    /// <summary>Adds patches to the pictures that they lie in.</summary>
    /// <inheritdoc cref="Gather(in PatchShape, float*, long, int, int, int, float*)"/>
    public abstract void Scatter(in PatchShape shape, float* patches, long firstPlace, int count, float* pictures);

    /// <summary>result = start + the sum of factors times rows of a table.</summary>
    /// <param name="table">[row, value].</param>
    /// <param name="stride">From row to row, and values in a row; a multiple of 32.</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="factors">A factor for each.</param>
    /// <param name="start">Values of a row, to start from; may be the result itself.</param>
    /// <param name="result">Values of a row.</param>
    public abstract void Combine(float* table, int stride, ReadOnlySpan<int> rows, ReadOnlySpan<float> factors, float* start, float* result);

    /// <summary>Products of rows of a table with a vector.</summary>
    public abstract void Products(float* table, int stride, ReadOnlySpan<int> rows, float* vector, Span<float> results);

    /// <summary>Offers each row of y = x W + b to what keeps its largest values; y itself is not kept.</summary>
    /// <param name="map">The map.</param>
    /// <param name="x">[row, input].</param>
    /// <param name="rows">A multiple of <see cref="DenseMap.TileRows"/>.</param>
    /// <param name="scratch">Room for <see cref="SelectionRows"/> times the padded inputs.</param>
    /// <param name="largest">One for each row.</param>
    public abstract void Select(in DenseMap map, float* x, int rows, float* scratch, ReadOnlySpan<LargestOfRow> largest);

    /// <summary>Rows that <see cref="Select"/> takes at once.</summary>
    public abstract int SelectionRows(int inputs);

    /// <summary>A panel from the weights of its 32 outputs, [output, input].</summary>
    public abstract void FillPanel(float* rows, int stride, int inputs, float* panel);

    /// <summary>values = activation(values), in place.</summary>
    public abstract void Activate(DenseActivation activation, float* values, int count);

    /// <summary>gradients *= the activation's slope, in place.</summary>
    /// <param name="activation">Which.</param>
    /// <param name="before">Values before the activation; read by gelu and silu only.</param>
    /// <param name="after">Values after it.</param>
    /// <param name="gradients">Gradients of the values after it; become those of the values before.</param>
    /// <param name="count">A multiple of 32.</param>
    public abstract void ActivateBack(DenseActivation activation, float* before, float* after, float* gradients, int count);

    /// <summary>Squared error of a row and its gradient.</summary>
    /// <returns>The row's sum.</returns>
    public abstract double SquaredError(float* output, float* target, float* gradient, int count, float scale);

    /// <summary>Binary cross-entropy of a row from logits and its gradient.</summary>
    public abstract double BinaryCrossEntropy(float* output, float* target, float* gradient, int count, float scale);

    /// <summary>Squared error of whole rows and its gradients.</summary>
    /// <param name="output">[row, value]; what pads a row must be zero, here and in the target.</param>
    /// <param name="target">[row, value].</param>
    /// <param name="gradient">Receives the gradients, zero where rows are padded.</param>
    /// <param name="count">Values in a row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="scale">What the distance is multiplied by in the loss.</param>
    /// <returns>The sum over the rows.</returns>
    public abstract double SquaredError(float* output, float* target, float* gradient, int count, int rows, float scale);

    /// <summary>Binary cross-entropy of whole rows from logits and its gradients.</summary>
    /// <inheritdoc cref="SquaredError(float*, float*, float*, int, int, float)"/>
    public abstract double BinaryCrossEntropy(float* output, float* target, float* gradient, int count, int rows, float scale);

    /// <summary>Negative log-likelihood of a row under continuous Bernoulli distributions, from logits, and its gradient.</summary>
    public abstract double ContinuousBernoulli(float* output, float* target, float* gradient, int count, float scale);

    /// <summary>Multinomial or categorical cross-entropy of a row from logits and its gradient.</summary>
    public abstract double Multinomial(float* output, float* target, float* gradient, int count, float scale);

    /// <summary>The same for a target of which few values are not zero.</summary>
    /// <param name="output">Logits.</param>
    /// <param name="places">Where the target is not zero.</param>
    /// <param name="counts">Its values there.</param>
    /// <param name="gradient">Receives the gradient.</param>
    /// <param name="count">Logits.</param>
    /// <param name="scale">What the distance is multiplied by in the loss.</param>
    public abstract double Multinomial(float* output, ReadOnlySpan<int> places, ReadOnlySpan<float> counts, float* gradient, int count, float scale);

    /// <summary>Huber's loss of a row and its gradient.</summary>
    public abstract double Huber(float* output, float* target, float* gradient, int count, float scale, float delta);
}

/// <summary>Rows whose products make a gradient.</summary>
/// <param name="x">[row, input].</param>
/// <param name="dy">[row, output].</param>
internal readonly unsafe struct RowProducts(float* x, float* dy)
{
    public float* X => x;

    public float* Dy => dy;
}

/// <summary>What happens to a gradient: it is kept, or an optimiser takes its step.</summary>
/// <remarks>It makes no call that is not expanded in place: it runs between the rows of a product, whose sums would leave their registers.</remarks>
internal unsafe interface IGradientRule
{
    /// <summary>Takes the gradients of one register's worth of parameters.</summary>
    /// <param name="parameters">Where the parameters lie.</param>
    /// <param name="gradient">Their gradients.</param>
    /// <param name="isBias">Whether penalties pass them by.</param>
    void Take<TLanes, TVector>(float* parameters, TVector gradient, bool isBias)
        where TLanes : ILanes<TVector>
        where TVector : struct;

    /// <summary>Asks memory for what <see cref="Take"/> will need.</summary>
    /// <param name="parameters">Where the parameters lie.</param>
    void Ask(float* parameters);
}

/// <summary>Activations of dense layers.</summary>
internal enum DenseActivation
{
    Linear,
    Sigmoid,
    Tanh,
    Relu,
    LeakyRelu,
    Elu,
    Gelu,
    Silu,
    Softplus,
}
