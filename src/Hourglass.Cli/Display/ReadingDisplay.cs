using System.Globalization;

namespace Hourglass.Cli.Display;

/// <summary>How far the reading or the scoring of data is, once it takes long: one line that is redrawn on a terminal, plain lines now and then elsewhere.</summary>
internal sealed class ReadingDisplay(Screen screen, string title, string unit, Func<double> size, TimeProvider? clock = null) : IProgress<double>
{
    private const int Quiet = 500; // milliseconds in which nobody wonders
    private const int Redrawn = 150;
    private const int Plain = 10_000;
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly long _start = (clock ?? TimeProvider.System).GetTimestamp();
    private readonly Lazy<double> _size = new(size); // in units
    private long _shown;
    private bool _hasTitles;

    /// <summary>The reading of a source, in megabytes.</summary>
    public ReadingDisplay(Screen screen, string path, TimeProvider? clock = null)
        : this(screen, "reading", "MB", () => Size(path) / 1e6, clock)
    {
    }

    public static ReadingDisplay OfScoring(Screen screen, long samples) => new(screen, "scoring", "samples", () => samples);

    public void Report(double value)
    {
        var elapsed = _clock.GetElapsedTime(_start);
        var wait = !_hasTitles ? Quiet : screen.IsTerminal ? Redrawn : Plain;
        if (value <= 0 || value >= 1 || _clock.GetElapsedTime(_hasTitles ? _shown : _start).TotalMilliseconds < wait)
        {
            return;
        }

        if (!_hasTitles)
        {
            screen.Error.WriteLine(ProgressDisplay.Row([title, unit, $"{unit}/s", "time left"]));
            _hasTitles = true;
        }

        _shown = _clock.GetTimestamp();
        var done = value * _size.Value;
        var line = ProgressDisplay.Row(
        [
            value.ToString("P0", CultureInfo.InvariantCulture), done.ToString("N0", CultureInfo.InvariantCulture), (done / elapsed.TotalSeconds).ToString("N0", CultureInfo.InvariantCulture),
            ProgressDisplay.Time(elapsed * ((1 - value) / value)),
        ]);
        screen.Error.Write(screen.IsTerminal ? $"\r{line}" : line + screen.Error.NewLine);
    }

    /// <summary>Blocks of figures as they pass, each reported once it is dealt with.</summary>
    /// <param name="blocks">The figures.</param>
    /// <param name="figures">How many there are in all.</param>
    public IEnumerable<float[]> Passing(IEnumerable<float[]> blocks, long figures)
    {
        var done = 0L;
        foreach (var block in blocks)
        {
            yield return block;
            done += block.Length;
            Report((double)done / figures);
        }

        End();
    }

    /// <summary>Ends the line.</summary>
    public void End()
    {
        if (_hasTitles && screen.IsTerminal)
        {
            screen.Error.WriteLine();
        }

        _hasTitles = false;
    }

    private static long Size(string path) => File.Exists(path) ? new FileInfo(path).Length
        : Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
        : 0;
}
