using System.Globalization;
using Hourglass.Training;

namespace Hourglass.Cli.Display;

/// <summary>Epochs as they pass: one line that is redrawn on a terminal; elsewhere plain lines, of a run's first and last epoch and now and then between them.</summary>
internal sealed class ProgressDisplay(Screen screen, TimeProvider? clock = null) : IProgress<TrainingProgress>, IDisposable
{
    private const int Spaced = 1000; // milliseconds from a line to the next epoch's
    private const int SpacedWithin = 10_000; // and to one of an epoch that is not done
    private static readonly string[] Titles = ["epoch", "training", "validation", "best", "samples/s", "time left"];
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private long _shown = (clock ?? TimeProvider.System).GetTimestamp();
    private int _ended = int.MaxValue; // the run's last epoch that is done; the next report is of a new run unless it is of a later epoch
    private bool _isFirst;
    private string? _held; // of the epoch just done, should it turn out to be the run's last
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
            WriteHeld();
            screen.Error.WriteLine((screen.IsTerminal ? "\r" : "") + note.PadRight(72));
            return;
        }

        var line = Row(
        [
            $"{value.Epoch}/{value.Epochs}", Loss(value.TrainingLoss), Loss(value.ValidationLoss), Loss(value.BestValidationLoss),
            value.SamplesPerSecond.ToString("N0", CultureInfo.InvariantCulture), Time(value.Remaining),
        ]);
        if (screen.IsTerminal)
        {
            screen.Error.Write($"\r{line}{(value.EpochShare >= 1 ? "\n" : $"  {value.EpochShare,4:P0}")}");
        }
        else
        {
            Thin(value, line);
        }
    }

    /// <summary>Writes the line of the last epoch, where the run stopped before its time.</summary>
    public void End() => WriteHeld();

    /// <inheritdoc/>
    public void Dispose() => End();

    /// <summary>A line of right-aligned cells.</summary>
    public static string Row(string[] cells) => string.Concat(cells.Select((cell, column) => cell.PadLeft(column == 0 ? 9 : 12)));

    private static string Loss(double? loss) => loss is { } value ? value.ToString("0.00000", CultureInfo.InvariantCulture) : "";

    /// <summary>A time in minutes and seconds.</summary>
    public static string Time(TimeSpan time) => time.TotalHours >= 1 ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture) : time.ToString(@"m\:ss", CultureInfo.InvariantCulture);

    // A detector's members and folds are hundreds of runs of hundreds of quick epochs.
    private void Thin(TrainingProgress value, string line)
    {
        var isEnd = value.EpochShare >= 1;
        if (value.Epoch <= _ended)
        {
            WriteHeld();
            _isFirst = true;
        }

        _ended = isEnd ? value.Epoch : value.Epoch - 1;
        var isDue = _clock.GetElapsedTime(_shown).TotalMilliseconds >= (isEnd ? Spaced : SpacedWithin);
        if (isDue && !isEnd)
        {
            WriteHeld();
        }

        if (isEnd || isDue)
        {
            _held = line;
            if (isDue || _isFirst || value.Epoch == value.Epochs)
            {
                WriteHeld();
            }
        }

        _isFirst &= !isEnd;
    }

    private void WriteHeld()
    {
        if (_held is not null)
        {
            _shown = _clock.GetTimestamp();
            screen.Error.WriteLine(_held);
            _held = null;
        }
    }
}
