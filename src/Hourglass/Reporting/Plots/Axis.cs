namespace Hourglass.Reporting.Plots;

/// <summary>Maps values to pixels, with ticks at 1, 2 or 5 times a power of ten.</summary>
internal sealed record Axis(double Low, double High, double Start, double End)
{
    /// <summary>An axis that holds all finite values, with a little room.</summary>
    public static Axis Of(IEnumerable<double> values, double start, double end, double room = 0.04)
    {
        var finite = values.Where(double.IsFinite).ToList();
        var (low, high) = finite.Count == 0 ? (0, 1) : (finite.Min(), finite.Max());
        var pad = high > low ? (high - low) * room : Math.Max(Math.Abs(high), 1) * 0.5;
        return new Axis(low - pad, high + pad, start, end);
    }

    public double Map(double value) => Start + ((value - Low) / (High - Low) * (End - Start));

    /// <summary>About as many ticks as wished, at round values within the axis.</summary>
    public IEnumerable<double> Ticks(int wished = 5)
    {
        var raw = (High - Low) / wished;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = power * (raw / power <= 1 ? 1 : raw / power <= 2 ? 2 : raw / power <= 5 ? 5 : 10);
        var first = Math.Ceiling(Low / step);
        for (var index = 0; index <= wished * 2 && (first + index) * step <= High + (step * 1e-9); index++)
        {
            yield return Math.Abs(first + index) < 0.5 ? 0 : (first + index) * step;
        }
    }
}
