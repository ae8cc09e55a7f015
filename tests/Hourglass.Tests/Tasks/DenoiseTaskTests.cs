using Hourglass.Evaluation;
using Hourglass.Tasks;

namespace Hourglass.Tests.Tasks;

public sealed class DenoiseTaskTests
{
    // Discs and bars: edges that a blur would lose.
    private static float[] Picture(int width, int height) =>
        [.. Enumerable.Range(0, width * height).Select(place => (X: place % width, Y: place / width)).Select(at => Math.Pow(at.X - (width / 2), 2) + Math.Pow(at.Y - (height / 2), 2) < height * height / 9.0 ? 0.8f : at.X / 12 % 2 == 0 ? 0.3f : 0.45f)];

    private static float[] WithNoise(float[] clean, double deviation)
    {
        var random = new Random(7);
        return Array.ConvertAll(clean, value => (float)(value + (deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))));
    }

    [Theory]
    [InlineData(150, 101, 1)]
    [InlineData(40, 30, 1)]
    [InlineData(70, 64, 3)]
    public void The_model_inside_removes_noise_from_pictures_of_any_size(int width, int height, int channels)
    {
        using var trained = DenoiseTask.LoadDefault();
        var clean = Enumerable.Repeat(Picture(width, height), channels).SelectMany(plane => plane).ToArray();
        var noisy = WithNoise(clean, 25 / 255.0);
        var cleaned = new DenoiseTask(trained).Run(noisy, channels, width, height);
        var (before, after) = (PeakSignalToNoise.Decibels(clean, noisy), PeakSignalToNoise.Decibels(clean, cleaned));
        Assert.Equal(clean.Length, cleaned.Length);
        Assert.InRange(before, 19.9, 20.5);
        Assert.True(after > before + 7, $"{before:0.00} dB before, {after:0.00} dB after");
    }

    [Fact]
    public void A_model_of_rows_is_refused_with_a_remedy()
    {
        using var fixture = new TrainedFixture();
        Assert.Contains("--tile", Assert.Throws<HourglassException>(() => new DenoiseTask(fixture.Outcome.Trained)).Message, StringComparison.Ordinal);
    }
}
