using System.Diagnostics;
using System.Globalization;
using Hourglass.Training;

namespace Hourglass.Cli.Display;

/// <summary>Epochs as they pass: one line that is redrawn on a terminal, one plain line an epoch elsewhere.</summary>
internal sealed class ProgressDisplay(Screen screen) : IProgress<TrainingProgress>
{
    private static readonly string[] Titles = ["epoch", "training", "validation", "best", "samples/s", "time left"];
    private readonly Stopwatch _sincePlain = Stopwatch.StartNew();
    private bool _hasTitles;

    public void Report(TrainingProgress value)
    {
        if (!_hasTitles)
        {
            screen.Error.WriteLine(Row(Titles));
            _hasTitles = true;
        }

        if (value.Note is { } note)
        {
            screen.Error.WriteLine((screen.IsTerminal ? "\r" : "") + note.PadRight(72));
            return;
        }

        var line = Row(
        [
            $"{value.Epoch}/{value.Epochs}", Loss(value.TrainingLoss), Loss(value.ValidationLoss), Loss(value.BestValidationLoss),
            value.SamplesPerSecond.ToString("N0", CultureInfo.InvariantCulture), Time(value.Remaining),
        ]);
        var isEnd = value.EpochShare >= 1;
        if (screen.IsTerminal)
        {
            screen.Error.Write($"\r{line}{(isEnd ? "\n" : $"  {value.EpochShare,4:P0}")}");
        }
        else if (isEnd || _sincePlain.ElapsedMilliseconds > 10_000)
        {
            _sincePlain.Restart();
            screen.Error.WriteLine(line);
        }
    }

    /// <summary>A line of right-aligned cells.</summary>
    public static string Row(string[] cells) => string.Concat(cells.Select((cell, column) => cell.PadLeft(column == 0 ? 9 : 12)));

    private static string Loss(double? loss) => loss is { } value ? value.ToString("0.00000", CultureInfo.InvariantCulture) : "";

    /// <summary>A time in minutes and seconds.</summary>
    public static string Time(TimeSpan time) => time.TotalHours >= 1 ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture) : time.ToString(@"m\:ss", CultureInfo.InvariantCulture);
}
