using Hourglass.Kernels;

namespace Hourglass.Inference.Tests.Kernels;

/// <summary>Patches taken from pictures and added to them, for every width of registers, against plain loops.</summary>
public sealed unsafe class PatchTests
{
    private const int Samples = 3;
    private readonly Random _random = new(5);

    public static TheoryData<int, int, int, int, int, bool> Shapes
    {
        get
        {
            var data = new TheoryData<int, int, int, int, int, bool>();
            foreach (var (channels, height, width, side, step, isPlanar) in new[] { (1, 7, 9, 3, 2, true), (3, 5, 4, 3, 1, true), (9, 6, 5, 5, 2, true), (5, 7, 6, 3, 2, false), (32, 9, 7, 3, 2, false), (35, 4, 11, 5, 3, false), (2, 3, 3, 1, 2, false), (1, 2, 2, 7, 1, true) })
            {
                data.Add(channels, height, width, side, step, isPlanar);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Patches_hold_what_the_picture_has_and_zeros_beyond_its_edge(int channels, int height, int width, int side, int step, bool isPlanar)
    {
        var shape = Shape(channels, height, width, side, step, isPlanar);
        using var pictures = Pictures(shape);
        var (stride, padded) = (DenseMap.Stride(shape.Length), DenseMap.Padded(shape.Length, 8));
        var ranges = new[] { (0, padded), (8, padded), (0, Math.Min(8, padded)), (padded / 16 * 8, padded) };
        foreach (var kernels in DenseKernels.All)
        {
            foreach (var (from, to) in ranges)
            {
                var (first, count) = (1, (Samples * shape.Places) - 2);
                using var patches = new AlignedFloats((long)count * stride);
                patches.Span(0, count * stride).Fill(float.NaN);
                kernels.Gather(shape, pictures.Pointer, first, count, from, to, patches.Pointer);
                for (var number = 0; number < count; number++)
                {
                    for (var value = 0; value < stride; value++)
                    {
                        var expected = value < from || value >= to ? float.NaN : value >= shape.Length ? 0 : At(shape, pictures, first + number, value) is >= 0 and var place ? pictures.Pointer[place] : 0;
                        Assert.Equal(expected, patches.Pointer[((long)number * stride) + value]);
                    }
                }
            }
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Patches_are_added_where_they_lie(int channels, int height, int width, int side, int step, bool isPlanar)
    {
        var shape = Shape(channels, height, width, side, step, isPlanar);
        var (stride, count) = (DenseMap.Stride(shape.Length), (Samples * shape.Places) - 2);
        using var patches = new AlignedFloats((long)count * stride);
        foreach (ref var value in patches.Span(0, count * stride))
        {
            value = _random.Next(-100, 100);
        }

        foreach (var kernels in DenseKernels.All)
        {
            using var pictures = Pictures(shape);
            var expected = pictures.Span(0, (int)pictures.Length).ToArray();
            for (var number = 0; number < count; number++)
            {
                for (var value = 0; value < shape.Length; value++)
                {
                    if (At(shape, pictures, 1 + number, value) is >= 0 and var place)
                    {
                        expected[place] += patches.Pointer[((long)number * stride) + value];
                    }
                }
            }

            kernels.Scatter(shape, patches.Pointer, 1, count, pictures.Pointer);
            Assert.Equal(expected, pictures.Span(0, (int)pictures.Length).ToArray());
        }
    }

    private static PatchShape Shape(int channels, int height, int width, int side, int step, bool isPlanar) =>
        new(channels, height, width, ((height - 1) / step) + 1, ((width - 1) / step) + 1, side, step, isPlanar);

    // Whole numbers, so that sums are exact in any order.
    private AlignedFloats Pictures(in PatchShape shape)
    {
        var pictures = new AlignedFloats((long)Samples * shape.PictureStride);
        foreach (ref var value in pictures.Span(0, (int)pictures.Length))
        {
            value = _random.Next(-100, 100);
        }

        return pictures;
    }

    // Where a patch's value lies among the pictures; -1 beyond their edge.
    private static long At(in PatchShape shape, AlignedFloats pictures, int place, int value)
    {
        var (sample, within) = Math.DivRem(place, shape.Places);
        var (inPatch, channel) = Math.DivRem(value, shape.Channels);
        var row = (within / shape.SmallWidth * shape.Step) - (shape.Side / 2) + (inPatch / shape.Side);
        var column = (within % shape.SmallWidth * shape.Step) - (shape.Side / 2) + (inPatch % shape.Side);
        if (row < 0 || row >= shape.Height || column < 0 || column >= shape.Width)
        {
            return -1;
        }

        var picture = sample * (pictures.Length / Samples);
        return shape.IsPlanar ? picture + (((channel * shape.Height) + row) * shape.Width) + column : picture + (((row * shape.Width) + column) * DenseMap.Stride(shape.Channels)) + channel;
    }
}
