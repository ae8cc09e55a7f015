namespace Hourglass.Kernels;

/// <summary>How the places of a smaller picture see a larger one: each a square of it, its patch, in the order [row][column][channel].</summary>
/// <param name="Channels">Of the larger picture.</param>
/// <param name="Height">Its height.</param>
/// <param name="Width">Its width.</param>
/// <param name="SmallHeight">Height of the smaller one.</param>
/// <param name="SmallWidth">Its width.</param>
/// <param name="Side">Side of a patch, odd; what lies beyond the picture's edge is zero.</param>
/// <param name="Step">From one patch to the next.</param>
/// <param name="IsPlanar">Whether the larger picture lies as samples do, [channel][row][column], instead of [row][column][channel] with channels padded as a row of activations is.</param>
internal readonly record struct PatchShape(int Channels, int Height, int Width, int SmallHeight, int SmallWidth, int Side, int Step, bool IsPlanar)
{
    /// <summary>Side of the patches of a residual block.</summary>
    public const int BlockSide = 3;

    /// <summary>Where the smaller picture is made as large as the larger one first, by repeating its places: a place's patch is the sum of the patches of all places that it fills. Null where it has one patch.</summary>
    public RepeatedPlaces? Repeats { get; init; }

    /// <summary>Patches that neither shrink nor grow a picture.</summary>
    /// <param name="channels">Of the picture.</param>
    /// <param name="size">Of the picture.</param>
    /// <param name="side">Of a patch.</param>
    public static PatchShape Level(int channels, (int Height, int Width) size, int side) => new(channels, size.Height, size.Width, size.Height, size.Width, side, Step: 1, IsPlanar: false);

    /// <summary>Patches of a picture that is made of a smaller one by repeating its places, then convolving them: what a place adds to the picture.</summary>
    /// <param name="channels">Of the larger picture.</param>
    /// <param name="made">Its size.</param>
    /// <param name="given">Size of the smaller.</param>
    /// <param name="side">Of a patch.</param>
    /// <param name="isPlanar">Whether the larger picture lies as samples do.</param>
    public static PatchShape Resized(int channels, (int Height, int Width) made, (int Height, int Width) given, int side, bool isPlanar) =>
        new(channels, made.Height, made.Width, given.Height, given.Width, side, Step: 1, isPlanar) { Repeats = new RepeatedPlaces(given, made) };

    /// <summary>From one patch to the next, where a patch is one square of the picture or of its sums over the places that one fills.</summary>
    public int PatchStep => Repeats?.Factor ?? Step;

    /// <summary>Rows and columns of a patch that the picture's first place has outside.</summary>
    public int Padding => Side / 2;

    /// <summary>Places of the smaller picture: patches of a sample.</summary>
    public int Places => SmallHeight * SmallWidth;

    /// <summary>Values in a patch.</summary>
    public int Length => Side * Side * Channels;

    /// <summary>From one place of the larger picture to the next.</summary>
    public int PlaceStride => !IsPlanar ? DenseMap.Stride(Channels) : 1;

    /// <summary>From one channel of a place to the next.</summary>
    public int ChannelStride => IsPlanar ? Height * Width : 1;

    /// <summary>Whether neighbouring places' values lie in one run.</summary>
    public bool IsCompact => Channels == PlaceStride;

    /// <summary>Values of a larger picture, channels' padding included.</summary>
    public int PictureLength => Height * Width * (IsPlanar ? Channels : PlaceStride);

    /// <summary>From one larger picture to the next.</summary>
    public int PictureStride => DenseMap.Stride(PictureLength);
}
