namespace Hourglass.Kernels;

/// <summary>Convolutions as products of patches, made a few places at a time in scratch, where the product that wants them finds them in the first cache.</summary>
internal static unsafe class PatchProducts
{
    private const int ShortPatch = 64; // values: as many places' patches as a block has then fit in half of the first cache

    /// <summary>Values of scratch that either way needs.</summary>
    /// <param name="shape">Of pictures and patches.</param>
    /// <param name="channels">Of the smaller picture.</param>
    /// <param name="patches">Patches for which there shall be room at the start of it, where more are wanted than these ways need.</param>
    public static long Scratch(in PatchShape shape, int channels, int patches = 0)
    {
        var (patch, small) = (DenseMap.Stride(shape.Length), DenseMap.Stride(channels));
        var product = Math.Max(DenseKernels.ProductScratch(shape.Length, channels), DenseKernels.ProductScratch(channels, shape.Length));
        var gathered = Math.Max(product, DenseMap.TileRows * Math.Max(patch, small)) + ((long)Math.Max(DenseKernels.BlockRows, patches) * patch);
        return Math.Max(gathered, PlaceProducts.Scratch(shape, channels));
    }

    /// <summary>From larger pictures to smaller ones.</summary>
    /// <param name="map">From patches to places.</param>
    /// <param name="shape">Of pictures and patches.</param>
    /// <param name="large">The larger pictures.</param>
    /// <param name="small">Receives the smaller, [place, channel], in rows that go on to a multiple of <see cref="DenseMap.TileRows"/>.</param>
    /// <param name="first">First sample.</param>
    /// <param name="last">After the last.</param>
    /// <param name="scratch">As much as <see cref="Scratch"/> says.</param>
    public static void Shrink(in DenseMap map, in PatchShape shape, float* large, float* small, int first, int last, float* scratch)
    {
        if (PlaceProducts.Shrinks(shape, map.Outputs))
        {
            PlaceProducts.Shrink(map, shape, large, small, first, last, scratch);
            return;
        }

        var block = Block(map, shape);
        var rest = scratch + ((long)block * DenseMap.Stride(shape.Length));
        var (end, stride) = ((long)last * shape.Places, DenseMap.Stride(map.Outputs));
        for (var place = (long)first * shape.Places; place < end; place += block)
        {
            var count = (int)Math.Min(block, end - place);
            DenseKernels.Widest.Gather(shape, large, place, count, 0, map.PaddedInputs, scratch);
            DenseKernels.Widest.Product(map, scratch, small + (place * stride), DenseMap.Padded(count, DenseMap.TileRows), rest);
        }
    }

    /// <summary>From smaller pictures to larger ones, which start from the bias, from others, or from nothing.</summary>
    /// <param name="back">From places to patches.</param>
    /// <param name="shape">Of pictures and patches.</param>
    /// <param name="small">The smaller pictures, [place, channel], in rows that go on to a multiple of <see cref="DenseMap.TileRows"/>.</param>
    /// <param name="large">Receives the larger.</param>
    /// <param name="bias">Of the larger picture's channels, padded as a place is; null for none.</param>
    /// <param name="first">First sample.</param>
    /// <param name="last">After the last.</param>
    /// <param name="scratch">As much as <see cref="Scratch"/> says.</param>
    /// <param name="others">Pictures that are added to; null for none. Not together with a bias.</param>
    public static void Grow(in DenseMap back, in PatchShape shape, float* small, float* large, float* bias, int first, int last, float* scratch, float* others = null)
    {
        if (PlaceProducts.Grows(shape, back.Inputs))
        {
            PlaceProducts.Grow(back, shape, small, large, bias, first, last, scratch, others);
            return;
        }

        var block = Block(back, shape);
        var rest = scratch + ((long)block * DenseMap.Stride(shape.Length));
        var (end, stride, started) = ((long)last * shape.Places, DenseMap.Stride(back.Inputs), first);
        for (var place = (long)first * shape.Places; place < end; place += block)
        {
            var count = (int)Math.Min(block, end - place);
            for (; (long)started * shape.Places < place + count; started++)
            {
                var start = (long)started * shape.PictureStride;
                Start(shape, large + start, bias, others is null ? null : others + start);
            }

            DenseKernels.Widest.Product(back, small + (place * stride), scratch, DenseMap.Padded(count, DenseMap.TileRows), rest);
            DenseKernels.Widest.Scatter(shape, scratch, place, count, large);
        }
    }

    // Places whose patches are made at once: few, so that they stay in the first cache, unless they are short, or the weights fit no cache.
    private static int Block(in DenseMap map, in PatchShape shape) => map.IsLarge || shape.Length <= ShortPatch ? DenseKernels.BlockRows : DenseMap.TileRows;

    private static void Start(in PatchShape shape, float* picture, float* bias, float* other)
    {
        var places = shape.Height * shape.Width;
        if (other is not null)
        {
            new ReadOnlySpan<float>(other, shape.PictureLength).CopyTo(new Span<float>(picture, shape.PictureLength));
        }
        else if (bias is null)
        {
            new Span<float>(picture, shape.PictureLength).Clear();
        }
        else if (shape.IsPlanar)
        {
            for (var channel = 0; channel < shape.Channels; channel++)
            {
                new Span<float>(picture + ((long)channel * places), places).Fill(bias[channel]);
            }
        }
        else
        {
            var values = new ReadOnlySpan<float>(bias, shape.PlaceStride);
            for (var place = 0; place < places; place++)
            {
                values.CopyTo(new Span<float>(picture + ((long)place * shape.PlaceStride), values.Length));
            }
        }
    }
}
