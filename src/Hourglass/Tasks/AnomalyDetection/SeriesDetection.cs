using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Series;
using Hourglass.Evaluation.Series;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>Row by row scores of series.</summary>
public static class SeriesDetection
{
    private const int BlockValues = 1 << 20;

    /// <summary>Scores each row of a series.</summary>
    /// <param name="detector">A detector of windows of rows.</param>
    /// <param name="data">Windows of a table's rows.</param>
    /// <exception cref="HourglassException">The data are not windows of rows, or the detector takes other samples.</exception>
    public static StepScores Score(Detector detector, PreparedData data)
    {
        var rows = data.Rows ?? throw new HourglassException($"{data.Description.Source}: scores for each row need a table that is read in windows. Give --window, in training.");
        return StepScores.Of(detector, Blocks(data), rows.Count);
    }

    /// <summary>Measures every rule of a detector row by row.</summary>
    /// <param name="detector">A detector of windows of rows.</param>
    /// <param name="data">Windows of a table's rows, with labels.</param>
    /// <param name="normal">Labels that mean normal; the usual words when null.</param>
    /// <returns>Figures by the rule's name.</returns>
    /// <exception cref="HourglassException">Labels are missing, or all mean the same.</exception>
    public static IReadOnlyDictionary<string, SeriesFigures> Evaluate(Detector detector, PreparedData data, IReadOnlyList<string>? normal = null)
    {
        bool[] anomalous = [.. AnomalyDetector.Kinds(data.Rows?.Labels, data.Description.Source, normal ?? []).Select(kind => kind is not null)];
        return detector.RuleNames.ToDictionary(name => name, name => Figures(detector.Use(name), data, anomalous), StringComparer.Ordinal);
    }

    private static SeriesFigures Figures(Detector detector, PreparedData data, bool[] anomalous)
    {
        var steps = Score(detector, data);
        return SeriesFigures.Of(steps.Scores, steps.AlarmScores, anomalous, detector.Calibration.Threshold().Value);
    }

    private static IEnumerable<WindowBlock> Blocks(PreparedData data)
    {
        foreach (var windows in data.Split.Training.Chunk(Math.Max(1, BlockValues / data.Samples.SampleLength)))
        {
            var values = new float[windows.Length * data.Samples.SampleLength];
            data.Samples.Gather(windows, values);
            yield return new WindowBlock(values, [.. windows.Select(window => (int)window * data.Rows!.Stride)]);
        }
    }
}
