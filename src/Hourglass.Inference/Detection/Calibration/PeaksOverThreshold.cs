using System.Globalization;

namespace Hourglass.Detection.Calibration;

/// <summary>Thresholds for rates that no held-out score reaches, from a generalised Pareto tail.</summary>
/// <remarks>Pickands 1975; Balkema and de Haan 1974; as a threshold for streams: Siffer, Fouque, Termier and Largouet 2017.
/// Unlike the conformal rule this is a model of the tail: its goodness of fit is printed with it.</remarks>
internal static class PeaksOverThreshold
{
    private const int FewestScores = 100;
    private const double PeakShare = 0.02; // Siffer et al. 2017 use the 98 % quantile
    private const int FewPeaks = 50;
    private const int MostPeaks = 4096; // as many as a score distribution keeps as they are
    private const int Draws = 199;
    private const double Confidence = 0.95;

    public static ScoreThreshold Threshold(ScoreDistribution scores, PeaksOverThresholdRule rule)
    {
        if (Excesses(scores) is not { } peaks || rule.Rate >= peaks.Share)
        {
            return new ScoreThreshold { Value = null, Rule = rule, Calibrated = scores.Count, Sentence = Reason(scores, rule) };
        }

        var (shape, scale) = TailFit.Fit(peaks.Values);
        var distance = TailFit.DistanceTo(peaks.Values, shape, scale);
        var (goodness, low, high) = Resample(peaks, shape, scale, distance, rule.Rate);
        var fit = new TailFit(peaks.Level, peaks.Values.Length, shape, scale, distance, goodness);
        var value = peaks.Level + fit.Excess(rule.Rate / peaks.Share);
        var warning = goodness < 0.05 ? " The fit is poor: prefer --false-alarms." : "";
        return new ScoreThreshold
        {
            Value = value,
            Rule = rule,
            Calibrated = scores.Count,
            Realised = new FalseAlarmInterval(low, high, Confidence),
            Tail = fit,
            Sentence = string.Create(CultureInfo.InvariantCulture, $"Alarm above {value:0.######}, by a tail fitted to the {fit.Peaks:N0} highest of {scores.Count:N0} held-out scores (shape {shape:0.###}, goodness of fit {goodness:0.00}): aims at {RateText.Write(rule.Rate)}; resampling the fit gives rates from {low:0.########} to {high:0.########}.{warning}"),
        };
    }

    private static string Reason(ScoreDistribution scores, PeaksOverThresholdRule rule) => scores.Count < FewestScores
        ? string.Create(CultureInfo.InvariantCulture, $"A tail needs at least {FewestScores} held-out normal samples that do not all score alike, and there are {scores.Count:N0}. Calibrate on more normal samples.")
        : string.Create(CultureInfo.InvariantCulture, $"The rate {RateText.Write(rule.Rate)} is no extreme of {scores.Count:N0} held-out scores, or their highest are all alike. Use --false-alarms {RateText.Write(rule.Rate)}.");

    private static PeakSample? Excesses(ScoreDistribution scores)
    {
        var wanted = (long)Math.Min(MostPeaks, Math.Max(PeakShare * scores.Count, Math.Min(FewPeaks, scores.Count / 10)));
        if (scores.Count < FewestScores)
        {
            return null;
        }

        var level = scores.Highest(wanted + 1);
        var values = new List<double>();
        for (var rank = scores.Above(level); rank >= 1; rank--)
        {
            values.Add(scores.Highest(rank) - level);
        }

        return values.Count >= 5 && values[^1] > values[0] ? new PeakSample(level, [.. values], values.Count / (double)scores.Count) : null;
    }

    // The threshold of each resampled fit, put into the tail that was fitted, has a true rate; so the spread of rates shows what the fit is worth.
    private static (double Goodness, double Low, double High) Resample(PeakSample peaks, double shape, double scale, double distance, double rate)
    {
        var (random, farther, rates, drawn) = (new Random(1), 0, new double[Draws], new double[peaks.Values.Length]);
        for (var draw = 0; draw < Draws; draw++)
        {
            foreach (ref var excess in drawn.AsSpan())
            {
                excess = TailFit.Excess(1 - random.NextDouble(), shape, scale);
            }

            Array.Sort(drawn);
            var again = TailFit.Fit(drawn);
            farther += TailFit.DistanceTo(drawn, again.Shape, again.Scale) >= distance ? 1 : 0;
            var reached = TailFit.Excess(rate / peaks.Share, again.Shape, again.Scale);
            var inside = 1 + (shape * reached / scale);
            rates[draw] = peaks.Share * (inside <= 0 ? 0 : Math.Abs(shape) < 1e-8 ? Math.Exp(-reached / scale) : Math.Pow(inside, -1 / shape));
        }

        Array.Sort(rates);
        var outer = (int)((1 - Confidence) / 2 * (Draws + 1));
        return ((1.0 + farther) / (Draws + 1), rates[outer - 1], rates[^outer]);
    }

    private sealed record PeakSample(double Level, double[] Values, double Share);
}
