namespace Hourglass.Kernels;

/// <summary>Convolutions whose patches are read where they lie, in copies of the pictures with zeros around them: nothing is gathered, scattered or turned over.</summary>
/// <remarks>Sums run in the order of the patches' values, as products of gathered patches do.</remarks>
internal static unsafe class PlaceProducts
{
    private const int Rows = DenseMap.TileRows;
    private const int Width = DenseMap.PanelWidth;

    /// <summary>Whether patches are read where they lie: not where places fill unequal parts of a resized picture, nor where the weights fit no cache.</summary>
    public static bool Shrinks(in PatchShape shape, int channels) => shape.Repeats is null or { Factor: > 0 } && !new DenseMap(shape.Length, channels, null, null).IsLarge;

    /// <summary>Whether the way back goes by places of the larger picture: where their channels fill panels.</summary>
    public static bool Grows(in PatchShape shape, int channels) => shape.Repeats is null && Shrinks(shape, channels) && !shape.IsPlanar && shape.Channels % Width == 0;

    /// <summary>Values of scratch that either way needs, and the gradient.</summary>
    public static long Scratch(in PatchShape shape, int channels) =>
        Math.Max(PaddedPictures.Large(shape, null, null).Room, PaddedPictures.Small(shape, channels, null, null).Room);

    /// <summary>From larger pictures to smaller ones.</summary>
    /// <inheritdoc cref="PatchProducts.Shrink"/>
    public static void Shrink(in DenseMap map, in PatchShape shape, float* large, float* small, int first, int last, float* scratch)
    {
        var pictures = PaddedPictures.Large(shape, large, scratch);
        var (stride, end, line) = (DenseMap.Stride(map.Outputs), (long)last * shape.Places, shape.Side * shape.Channels);
        var steps = new PlaceSteps(0, shape.Side, pictures.Line, line, 1, Width);
        var places = stackalloc float*[Rows];
        var (sample, row, column) = ((long)first, 0, 0);
        for (var place = (long)first * shape.Places; place < end; place += Rows)
        {
            for (var within = 0; within < Rows; within++)
            {
                if (place + within >= end)
                {
                    places[within] = places[within - 1]; // only pads
                    continue;
                }

                places[within] = pictures.Of(sample) + ((long)row * shape.PatchStep * pictures.Line) + (column * shape.PatchStep * shape.Channels);
                (sample, row, column) = Next(sample, row, column, shape.SmallHeight, shape.SmallWidth);
            }

            for (var panel = 0; panel < map.Panels; panel++)
            {
                DenseKernels.Widest.PlaceTile(places, steps, map.Weights + ((long)panel * map.PanelLength), map.Bias + (panel * Width), 0, small + (place * stride) + (panel * Width), stride, map.Outputs - (panel * Width));
            }
        }
    }

    /// <summary>From smaller pictures to larger ones, which start from the bias, from others, or from nothing.</summary>
    /// <inheritdoc cref="PatchProducts.Grow"/>
    public static void Grow(in DenseMap back, in PatchShape shape, float* small, float* large, float* bias, int first, int last, float* scratch, float* others)
    {
        var pictures = PaddedPictures.Small(shape, back.Inputs, small, scratch);
        for (var sample = first; sample < last; sample++)
        {
            var copy = pictures.Of(sample) + ((long)shape.Padding * (pictures.Line + back.Inputs));
            var start = (long)sample * shape.PictureStride;
            for (var phase = 0; phase < shape.Step * shape.Step; phase++)
            {
                Grow(back, new GrownPhase(shape, phase / shape.Step, phase % shape.Step, pictures.Line), copy, large + start, bias, others is null ? null : others + start);
            }
        }
    }

    /// <summary>Adds to the gradient of a map's weights, for the same inputs of every output.</summary>
    /// <param name="map">From patches to places.</param>
    /// <param name="shape">Of pictures and patches.</param>
    /// <param name="large">The larger pictures.</param>
    /// <param name="small">The smaller, [place, channel].</param>
    /// <param name="samples">How many.</param>
    /// <param name="from">First of the blocks of eight inputs.</param>
    /// <param name="to">After the last.</param>
    /// <param name="sums">Sums as the map's weights lie; inputs that only pad a block gain anything.</param>
    /// <param name="scratch">As much as <see cref="Scratch"/> says.</param>
    public static void Gradient(in DenseMap map, in PatchShape shape, float* large, float* small, int samples, int from, int to, float* sums, float* scratch)
    {
        var pictures = PaddedPictures.Large(shape, large, scratch);
        var (stride, line) = (DenseMap.Stride(map.Outputs), shape.Side * shape.Channels);
        var steps = new PlaceSteps(0, shape.SmallHeight, (nint)shape.PatchStep * pictures.Line, shape.SmallWidth, (nint)shape.PatchStep * shape.Channels, stride);
        var values = stackalloc float*[Rows];
        for (var sample = 0L; sample < samples; sample++, small += (long)shape.Places * stride)
        {
            var copy = pictures.Of(sample);
            for (var block = from; block < to; block++)
            {
                for (var within = 0; within < Rows; within++)
                {
                    var (row, value) = Math.DivRem(Math.Min((block * Rows) + within, shape.Length - 1), line);
                    values[within] = copy + ((long)row * pictures.Line) + value;
                }

                for (var panel = 0; panel < map.Panels; panel++)
                {
                    var tile = sums + ((long)panel * map.PanelLength) + ((long)block * Rows * Width);
                    DenseKernels.Widest.PlaceTile(values, steps, small + (panel * Width), tile, Width, tile, Width, map.Outputs - (panel * Width));
                }
            }
        }
    }

    // Places of one phase see the same values of their patches: those that lie a step apart.
    private static void Grow(in DenseMap back, in GrownPhase phase, float* copy, float* picture, float* bias, float* other)
    {
        var places = stackalloc float*[Rows];
        var targets = stackalloc long[Rows];
        var tile = stackalloc float[Rows * Width];
        var nothing = stackalloc float[Width];
        new Span<float>(nothing, Width).Clear();
        var (row, column) = (0, 0);
        for (var left = phase.Height * phase.Width; left > 0; left -= Rows)
        {
            for (var within = 0; within < Rows; within++)
            {
                places[within] = within < left ? copy + phase.Source(row, column, back.Inputs) : places[within - 1];
                targets[within] = within < left ? phase.Target(row, column) : -1;
                (_, row, column) = Next(0, row, column, phase.Height, phase.Width);
            }

            for (var panel = 0; panel < phase.PlaceStride / Width; panel++)
            {
                phase.Sum(back, places, panel, bias is null ? nothing : bias + (panel * Width), tile);
                Hand(tile, targets, picture + (panel * Width), other is null ? null : other + (panel * Width));
            }
        }
    }

    private static void Hand(float* tile, long* targets, float* picture, float* other)
    {
        for (var within = 0; within < Rows && targets[within] >= 0; within++)
        {
            Span<float> made = new(tile + (within * Width), Width), target = new(picture + targets[within], Width);
            if (other is null)
            {
                made.CopyTo(target);
            }
            else
            {
                System.Numerics.Tensors.TensorPrimitives.Add<float>(made, new ReadOnlySpan<float>(other + targets[within], Width), target);
            }
        }
    }

    private static (long Sample, int Row, int Column) Next(long sample, int row, int column, int height, int width) =>
        ++column < width ? (sample, row, column) : ++row < height ? (sample, row, 0) : (sample + 1, 0, 0);

    /// <summary>Places of the larger picture whose rows, and columns, leave the same rest when they are divided by the step.</summary>
    private readonly struct GrownPhase
    {
        private readonly PatchShape _shape;
        private readonly int _line;
        private readonly int _top; // first row and column of a patch that such places have
        private readonly int _left;

        public GrownPhase(in PatchShape shape, int row, int column, int line)
        {
            (_shape, _line) = (shape, line);
            (FirstRow, FirstColumn) = (row, column);
            (_top, _left) = ((row + shape.Padding) % shape.Step, (column + shape.Padding) % shape.Step);
        }

        public int Height => (_shape.Height - FirstRow + _shape.Step - 1) / _shape.Step;

        public int Width => (_shape.Width - FirstColumn + _shape.Step - 1) / _shape.Step;

        public int PlaceStride => _shape.PlaceStride;

        private int FirstRow { get; }

        private int FirstColumn { get; }

        /// <summary>Where the first place lies whose patch holds one: the patches of others reach it from before.</summary>
        public long Source(int row, int column, int channels) =>
            ((long)(row + ((FirstRow + _shape.Padding) / _shape.Step)) * _line) + ((long)(column + ((FirstColumn + _shape.Padding) / _shape.Step)) * channels);

        public long Target(int row, int column) => ((((long)FirstRow + (row * _shape.Step)) * _shape.Width) + FirstColumn + (column * _shape.Step)) * _shape.PlaceStride;

        /// <summary>A panel of eight places' channels.</summary>
        public void Sum(in DenseMap back, float** places, int panel, float* start, float* tile)
        {
            var (perPlace, startStride) = (_shape.PlaceStride / DenseMap.PanelWidth, 0);
            var across = _left < _shape.Side ? ((_shape.Side - 1 - _left) / _shape.Step) + 1 : 0;
            var skip = (((nint)_shape.Step * perPlace) - 1) * back.PanelLength;
            var down = 0;
            for (var row = _top; row < _shape.Side || down == 0; row += _shape.Step, down++)
            {
                var steps = new PlaceSteps(-(nint)down * _line, row < _shape.Side ? across : 0, -back.Inputs, back.Inputs, 1, DenseMap.PanelWidth, skip + PaddingOf(back));
                var weights = back.Weights + (((((long)row * _shape.Side) + _left) * perPlace) + panel) * back.PanelLength;
                DenseKernels.Widest.PlaceTile(places, steps, weights, start, startStride, tile, DenseMap.PanelWidth, DenseMap.PanelWidth);
                start = tile;
                startStride = DenseMap.PanelWidth;
            }
        }

        // Rows of weights that only pad a panel.
        private static nint PaddingOf(in DenseMap back) => (nint)(back.PaddedInputs - back.Inputs) * DenseMap.PanelWidth;
    }
}
