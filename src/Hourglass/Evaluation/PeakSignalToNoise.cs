namespace Hourglass.Evaluation;

/// <summary>Peak signal-to-noise ratio in decibels, for pictures with values in [0, 1].</summary>
public static class PeakSignalToNoise
{
    /// <summary>-10 log10 of the mean squared difference.</summary>
    /// <param name="clean">The truth.</param>
    /// <param name="other">What is compared with it.</param>
    public static double Decibels(ReadOnlySpan<float> clean, ReadOnlySpan<float> other)
    {
        var sum = 0.0;
        for (var value = 0; value < clean.Length; value++)
        {
            var difference = (double)clean[value] - other[value];
            sum += difference * difference;
        }

        return -10 * Math.Log10(sum / clean.Length);
    }
}
