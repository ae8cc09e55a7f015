using Hourglass.Cli.Display;
using Hourglass.Training;

namespace Hourglass.Cli.Tests;

public sealed class ProgressDisplayTests : IDisposable
{
    private readonly SetClock _clock = new();
    private readonly StringWriter _error = new();

    public void Dispose() => _error.Dispose();

    // The first words of the lines under the titles.
    private string[] Shown() => [.. _error.ToString().Split(_error.NewLine, StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Trim().Split(' ')[0])];

    private ProgressDisplay Display(bool isTerminal = false) => new(new Screen(TextWriter.Null, _error, isTerminal), _clock);

    private static TrainingProgress At(int epoch, int epochs, double share = 1, string? note = null) => new(epoch, epochs, share, 0.5, null, null, 1000, TimeSpan.Zero, note);

    private void Run(ProgressDisplay display, int epochs, double seconds, int? stop = null, int first = 1)
    {
        for (var epoch = first; epoch <= (stop ?? epochs); epoch++)
        {
            _clock.Seconds += seconds / 2;
            display.Report(At(epoch, epochs, 0.5));
            _clock.Seconds += seconds / 2;
            display.Report(At(epoch, epochs));
        }
    }

    [Fact]
    public void Of_quick_epochs_the_first_the_last_and_one_a_second_are_shown()
    {
        Run(Display(), 30, 0.1);
        Assert.Equal(["1/30", "11/30", "21/30", "30/30"], Shown());
    }

    [Fact]
    public void Slow_epochs_are_all_shown()
    {
        Run(Display(), 3, 2);
        Assert.Equal(["1/3", "2/3", "3/3"], Shown());
    }

    [Fact]
    public void Every_run_has_its_first_and_last_epoch_also_where_it_stops_early_or_goes_on()
    {
        using (var display = Display())
        {
            Run(display, 9, 0.01);
            Run(display, 9, 0.01, stop: 6);
            Run(display, 9, 0.01, first: 4, stop: 7);
            Run(display, 1, 0.01);
            Run(display, 1, 0.01);
            Run(display, 9, 0.01, stop: 8);
        }

        Assert.Equal(["1/9", "9/9", "1/9", "6/9", "4/9", "7/9", "1/1", "1/1", "1/9", "8/9"], Shown());
    }

    [Fact]
    public void A_long_epoch_shows_where_it_is_every_ten_seconds_after_the_one_before()
    {
        using (var display = Display())
        {
            Run(display, 9, 0.1, stop: 2);
            for (var tenth = 1; tenth < 10; tenth++)
            {
                _clock.Seconds += 3;
                display.Report(At(3, 9, tenth / 10.0));
            }

            display.Report(At(3, 9));
        }

        Assert.Equal(["1/9", "2/9", "3/9", "3/9", "3/9"], Shown());
    }

    [Fact]
    public void A_note_comes_after_the_epoch_before_it()
    {
        using var display = Display();
        Run(display, 9, 0.01, stop: 4);
        display.Report(At(4, 9, 1, "Smaller steps"));
        Assert.Equal(["1/9", "4/9", "Smaller"], Shown());
    }

    [Fact]
    public void A_terminal_sees_every_report_redrawn()
    {
        using (var display = Display(isTerminal: true))
        {
            Run(display, 3, 0.01);
            display.End();
        }

        var shown = _error.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);
        Assert.Equal((6, 4), (shown.Count(character => character == '\r'), shown.Count(character => character == '\n')));
    }
}
