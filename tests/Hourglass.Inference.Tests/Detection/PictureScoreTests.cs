using Hourglass.Detection;
using Hourglass.Detection.Pictures;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Detection;

public sealed class PictureScoreTests
{
    private const int Side = 28;

    // A soft cross that wanders a little, on which fine grain lies.
    private static float[] Picture(Random random, double grain = 0.05)
    {
        var (x0, y0, values) = (13 + random.NextDouble(), 13 + random.NextDouble(), new float[Side * Side]);
        for (var place = 0; place < values.Length; place++)
        {
            var (x, y) = ((place % Side) - x0, (place / Side) - y0);
            values[place] = (float)((0.5 * Math.Exp(-Math.Min(x * x, y * y) / 8)) + 0.2 + (grain * ((2 * random.NextDouble()) - 1)));
        }

        return values;
    }

    private static float[] Pictures(int count, int seed, double grain = 0.05)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).SelectMany(_ => Picture(random, grain))];
    }

    private static Detector Fitted()
    {
        var basis = new DetectorBasis(new ImagePreprocessing { Shape = [1, Side, Side] }, [], Pictures(120, 1));
        return DetectorFit.Fit(basis, Pictures(60, 2), [new RuleRecord("detail", [new DetailRecord()])]);
    }

    // Expected values: SciPy 1.10.1, gaussian_filter(mode='nearest') of widths 0.7, 1.4 and 2.8, log(mean over 4 x 4 cells of squared differences + 1e-5).
    [Fact]
    public void Detail_agrees_with_another_implementation()
    {
        var picture = new float[Side * Side];
        for (var place = 0; place < picture.Length; place++)
        {
            var (y, x) = (place / Side, place % Side);
            picture[place] = ((7 * y) + (3 * x) + (y * x)) % 11 / 10f;
        }

        var detail = new PictureDetail([1, Side, Side], 1e-5);
        var features = new double[detail.Count];
        detail.Measure(picture, features);
        Assert.Equal(147, detail.Count);
        Assert.Equal(-2.955720874390578, features[0], 1e-5);
        Assert.Equal(-5.2324162382834425, features[49 + 21 + 4], 1e-5);
        Assert.Equal(-7.505233212758192, features[146], 1e-4);
        Assert.Equal(-697.5808384604096, features.Sum(), 1e-2);
    }

    // Expected values: scikit-learn 1.2.1, LedoitWolf(assume_centered=True).
    [Fact]
    public void A_shrunk_covariance_agrees_with_another_implementation()
    {
        var rows = new double[8 * 5];
        for (var place = 0; place < rows.Length; place++)
        {
            var (i, j) = (place / 5, place % 5);
            rows[place] = Math.Sin((i * 5) + (j * j) + 1) + (i % 3 * j * 0.1);
        }

        for (var column = 0; column < 5; column++)
        {
            var mean = Enumerable.Range(0, 8).Average(row => rows[(row * 5) + column]);
            for (var row = 0; row < 8; row++)
            {
                rows[(row * 5) + column] -= mean;
            }
        }

        var (precision, shrinkage) = ShrunkCovariance.Invert(rows, 5);
        Assert.Equal(0.1884132621864081, shrinkage, 1e-9);
        Assert.Equal(5.57550799, precision[0], 1e-6);
        Assert.Equal(-1.29518212, precision[1], 1e-6);
        Assert.Equal(5.809367588054974, precision[24], 1e-6);
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.12)]
    public void Too_smooth_is_as_strange_as_too_rough(double grain)
    {
        using var detector = Fitted();
        var strange = detector.Score(Pictures(40, 3, grain));
        var normal = detector.Score(Pictures(40, 4));
        Assert.True(strange.Min() > normal.Max(), $"{strange.Min()} against {normal.Max()}");
    }

    [Fact]
    public void Contributions_add_up_to_the_score_and_the_box_lies_around_the_strange_part()
    {
        using var detector = Fitted();
        var picture = Pictures(1, 5);
        for (var place = 0; place < picture.Length; place++)
        {
            if (place % Side is >= 16 and < 24 && place / Side is >= 4 and < 12)
            {
                picture[place] += place % 2 == 0 ? 0.3f : -0.2f;
            }
        }

        var found = detector.Find(picture);
        Assert.Equal(found.Scores[0], found.Contributions.Sum(), 1e-9 * found.Scores[0]);
        var box = HeatMap.Of([1, Side, Side], found.Contributions).Box()!.Value;
        Assert.InRange(box.Left + (box.Width / 2.0), 16, 24);
        Assert.InRange(box.Top + (box.Height / 2.0), 4, 12);
    }

    [Fact]
    public void A_box_holds_the_connected_pixels_about_the_peak()
    {
        var map = new HeatMap(3, 5, [0, 0, 0, 0, 4, 0, 5, 9, 0, 0, 0, 0, 5, 0, 0]);
        Assert.Equal(new PixelBox(1, 1, 2, 2), map.Box());
        Assert.Null(new HeatMap(1, 2, [0, -1]).Box());
    }

    [Fact]
    public void A_picture_of_a_finding_shows_three_panels()
    {
        var map = new HeatMap(2, 4, [0, 0, 0, 0, 0, 0, 1, 0]);
        var png = HeatMapPicture.Png(new float[8], 1, map);
        using var drawn = SkiaSharp.SKBitmap.Decode(png);
        Assert.Equal((3 * 168) + 12, drawn.Width);
        Assert.Equal(84, drawn.Height);
        Assert.NotEqual(drawn.GetPixel(174 + 5, 5), drawn.GetPixel(174 + (2 * 42) + 20, 42 + 20));
    }

    [Fact]
    public void Tables_leave_the_detail_of_pictures_out()
    {
        var basis = new DetectorBasis(new ArrayPreprocessing { Shape = [4], Offsets = [0], Scales = [1] }, [], new float[400]);
        Assert.False(new DetailRecord().Suits(basis));
    }
}
