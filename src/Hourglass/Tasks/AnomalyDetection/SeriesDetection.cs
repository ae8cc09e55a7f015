using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Series;

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
