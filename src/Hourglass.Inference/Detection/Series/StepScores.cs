using System.Globalization;
using Hourglass.Preprocessing;

namespace Hourglass.Detection.Series;

/// <summary>A score for each row of a series, from windows that overlap.</summary>
/// <remarks>Every window says what each of its steps and channels adds to its score. A row's score is the mean of that over the windows that hold the row, times the steps in a window,
/// so that it stands on the windows' scale; averaging over the positions of a row in its windows is the only smoothing. Rows that no window holds take the last score before them.
/// A promise about false alarms is one about windows, so a row is part of an alarm where a window that holds it is, and its own score is above the threshold too.</remarks>
public sealed class StepScores
{
    private const double LeastShareOfUsual = 0.1; // of the mean over channels: one that never moves is not the reason for a hair's breadth
    private readonly int _channels;
    private readonly int _steps; // rows in a window
    private readonly double[] _usual; // what each channel adds to a row on average

    private StepScores(double[] scores, double[] contributions, double[] highestWindows, IReadOnlyList<SampleColumn> channels, int steps)
    {
        (Scores, Contributions, HighestWindows, Channels) = (scores, contributions, highestWindows, [.. channels.Select(channel => channel.Name)]);
        (_channels, _steps, _usual) = (channels.Count, steps, new double[channels.Count]);
        for (var place = 0; place < contributions.Length; place++)
        {
            _usual[place % _channels] += contributions[place] / scores.Length;
        }

        var floor = LeastShareOfUsual * _usual.Average();
        System.Numerics.Tensors.TensorPrimitives.Add(_usual, floor, _usual);
    }

    /// <summary>One for each row; higher is more anomalous.</summary>
    public double[] Scores { get; }

    /// <summary>[row, channel]; each row adds up to its score.</summary>
    public double[] Contributions { get; }

    /// <summary>For each row, the highest score of a window that holds it; 0 where none does.</summary>
    public double[] HighestWindows { get; }

    /// <summary>For each row what a threshold is held against: the lower of its own score and of its highest window's.</summary>
    public double[] AlarmScores => [.. Scores.Zip(HighestWindows, Math.Min)];

    /// <summary>Names of the channels.</summary>
    public IReadOnlyList<string> Channels { get; }

    /// <summary>Scores a series.</summary>
    /// <param name="detector">A detector of windows of a table's rows.</param>
    /// <param name="blocks">All windows.</param>
    /// <param name="rows">Rows in the series.</param>
    /// <exception cref="HourglassException">The detector was not trained on windows of rows.</exception>
    public static StepScores Of(Detector detector, IEnumerable<WindowBlock> blocks, int rows)
    {
        if (detector.Basis.Preprocessing is not SeriesPreprocessing series)
        {
            throw new HourglassException("Scores for each row of a series need a detector of windows of rows. Train it with --window.");
        }

        var channels = SampleColumn.Of(series.Rows);
        var (sums, covered, highest) = (new double[rows * channels.Count], new int[rows], new double[rows]);
        foreach (var block in blocks)
        {
            var findings = detector.Find(block.Values);
            for (var window = 0; window < findings.Scores.Length; window++)
            {
                var first = block.FirstRows[window];
                Add(findings.Contributions.AsSpan(window * detector.Basis.SampleLength, detector.Basis.SampleLength), series.Steps, channels, sums.AsSpan(first * channels.Count), covered.AsSpan(first));
                foreach (ref var score in highest.AsSpan(first, series.Steps))
                {
                    score = Math.Max(score, findings.Scores[window]);
                }
            }
        }

        return new StepScores(Averaged(sums, covered, series.Steps, channels.Count), sums, highest, channels, series.Steps);
    }

    /// <summary>Runs of rows that are part of an alarm, with what makes them so, in order; runs less than a window apart are one.</summary>
    /// <param name="threshold">An alarm is a window with a score above this.</param>
    public IReadOnlyList<AnomalySpan> Spans(double threshold)
    {
        var runs = new List<(int First, int Last)>();
        for (var row = 0; row < Scores.Length; row++)
        {
            if (Math.Min(Scores[row], HighestWindows[row]) <= threshold)
            {
                continue;
            }

            if (runs.Count > 0 && row - runs[^1].Last <= _steps)
            {
                runs[^1] = (runs[^1].First, row);
            }
            else
            {
                runs.Add((row, row));
            }
        }

        return [.. runs.Select(run => new AnomalySpan(run.First, run.Last, Scores[run.First..(run.Last + 1)].Max(), Between(run.First, run.Last)))];
    }

    /// <summary>What each channel adds to the rows of a span in units of what it adds on average, as shares, the largest first: a channel that is always loud is not the reason.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="last">The last row, included.</param>
    public IReadOnlyList<ChannelContribution> Between(int first, int last)
    {
        var sums = new double[_channels];
        for (var place = first * _channels; place < (last + 1) * _channels; place++)
        {
            sums[place % _channels] += _usual[place % _channels] > 0 ? Contributions[place] / _usual[place % _channels] : 0;
        }

        var whole = sums.Sum();
        return [.. sums.Select((sum, channel) => new ChannelContribution(Channels[channel], whole > 0 ? sum / whole : 0)).OrderByDescending(channel => channel.Share)];
    }

    private static void Add(ReadOnlySpan<double> contributions, int steps, IReadOnlyList<SampleColumn> channels, Span<double> sums, Span<int> covered)
    {
        var width = contributions.Length / steps;
        for (var step = 0; step < steps; step++)
        {
            covered[step]++;
            for (var channel = 0; channel < channels.Count; channel++)
            {
                sums[(step * channels.Count) + channel] += System.Numerics.Tensors.TensorPrimitives.Sum(contributions.Slice((step * width) + channels[channel].Start, channels[channel].Length));
            }
        }
    }

    private static double[] Averaged(double[] sums, int[] covered, int steps, int channels)
    {
        var scores = new double[covered.Length];
        for (var row = 0; row < scores.Length; row++)
        {
            var own = sums.AsSpan(row * channels, channels);
            if (covered[row] > 0)
            {
                System.Numerics.Tensors.TensorPrimitives.Multiply(own, (double)steps / covered[row], own);
            }
            else if (row > 0)
            {
                sums.AsSpan((row - 1) * channels, channels).CopyTo(own);
            }

            scores[row] = System.Numerics.Tensors.TensorPrimitives.Sum<double>(own);
        }

        return scores;
    }
}

/// <summary>Windows that are scored together.</summary>
/// <param name="Values">[window, step, value] in model-input units.</param>
/// <param name="FirstRows">The row at which each window starts, counted from 0.</param>
public sealed record WindowBlock(float[] Values, int[] FirstRows);

/// <summary>Rows in a row that are not normal.</summary>
/// <param name="First">The first row, counted from 0.</param>
/// <param name="Last">The last row, included.</param>
/// <param name="Peak">The highest score of a row.</param>
/// <param name="Channels">What each channel adds in units of what it adds on average, the largest part first; the parts add up to 1.</param>
public sealed record AnomalySpan(int First, int Last, double Peak, IReadOnlyList<ChannelContribution> Channels)
{
    /// <summary>"cpu 62 %, load 20 %".</summary>
    /// <param name="channels">How many channels at most.</param>
    public string Summary(int channels) =>
        string.Join(", ", Channels.Take(channels).Where(channel => channel.Share >= 0.005).Select(channel => string.Create(CultureInfo.InvariantCulture, $"{channel.Channel} {100 * channel.Share:0} %")));
}

/// <summary>A channel's part in a span of rows.</summary>
/// <param name="Channel">The source column.</param>
/// <param name="Share">Its share of the reason, 0 to 1.</param>
public sealed record ChannelContribution(string Channel, double Share);
