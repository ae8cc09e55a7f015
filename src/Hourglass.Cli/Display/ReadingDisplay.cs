using System.Globalization;

namespace Hourglass.Cli.Display;

/// <summary>How far the reading of a source is, once it takes long: one line that is redrawn on a terminal, plain lines now and then elsewhere.</summary>
internal sealed class ReadingDisplay(Screen screen, string path, TimeProvider? clock = null) : IProgress<double>
{
    private const int Quiet = 500; // milliseconds in which nobody wonders
    private const int Redrawn = 150;
    private const int Plain = 10_000;
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly long _start = (clock ?? TimeProvider.System).GetTimestamp();
    private readonly Lazy<double> _megabytes = new(() => Size(path) / 1e6);
    private long _shown;
    private bool _hasTitles;

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
            screen.Error.WriteLine(ProgressDisplay.Row(["reading", "MB", "MB/s", "time left"]));
            _hasTitles = true;
        }

        _shown = _clock.GetTimestamp();
        var read = value * _megabytes.Value;
        var line = ProgressDisplay.Row(
        [
            value.ToString("P0", CultureInfo.InvariantCulture), read.ToString("N0", CultureInfo.InvariantCulture), (read / elapsed.TotalSeconds).ToString("N0", CultureInfo.InvariantCulture),
            ProgressDisplay.Time(elapsed * ((1 - value) / value)),
        ]);
        screen.Error.Write(screen.IsTerminal ? $"\r{line}" : line + screen.Error.NewLine);
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
