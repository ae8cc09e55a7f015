using Hourglass.Cli.Display;

namespace Hourglass.Cli.Tests;

public sealed class ReadingDisplayTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public ReadingDisplayTests() => File.WriteAllBytes(_file, new byte[8_000_000]);

    public void Dispose() => File.Delete(_file);

    private string Shown(bool isTerminal, params (double Seconds, double Share)[] reports)
    {
        using var error = new StringWriter();
        var clock = new SetClock();
        var display = new ReadingDisplay(new Screen(TextWriter.Null, error, isTerminal), _file, clock);
        foreach (var (seconds, share) in reports)
        {
            clock.Seconds = seconds;
            display.Report(share);
        }

        display.End();
        return error.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_read_within_half_a_second_shows_nothing() => Assert.Empty(Shown(true, (0.1, 0.3), (0.4, 0.9), (0.45, 1)));

    [Fact]
    public void A_terminal_sees_share_megabytes_rate_and_time_left_redrawn() => Assert.Equal(
        "  reading          MB        MB/s   time left\n\r     25 %           2           2        0:03\r     50 %           4           2        0:02\n", Shown(true, (1, 0.25), (1.05, 0.3), (2, 0.5), (4, 1)));

    [Fact]
    public void Elsewhere_a_line_appears_now_and_then() => Assert.Equal(3, Shown(false, (1, 0.1), (2, 0.2), (11.5, 0.6), (12, 0.7)).Count(character => character == '\n'));

    [Fact]
    public void Scoring_is_shown_in_samples()
    {
        using var error = new StringWriter();
        var clock = new SetClock();
        var display = new ReadingDisplay(new Screen(TextWriter.Null, error, false), "scoring", "samples", () => 8000, clock);
        clock.Seconds = 2;
        display.Report(0.25);
        Assert.Equal("  scoring     samples   samples/s   time left\n     25 %       2,000       1,000        0:06\n", error.ToString().Replace("\r\n", "\n", StringComparison.Ordinal));
    }

    [Fact]
    public void Blocks_that_pass_are_reported_once_they_are_dealt_with()
    {
        using var error = new StringWriter();
        var clock = new SetClock();
        var display = new ReadingDisplay(new Screen(TextWriter.Null, error, true), "scoring", "samples", () => 8, clock);
        foreach (var block in display.Passing([new float[2], new float[4], new float[2]], 8))
        {
            clock.Seconds += block.Length;
        }

        Assert.Equal("  scoring     samples   samples/s   time left\n\r     25 %           2           1        0:06\r     75 %           6           1        0:02\n", error.ToString().Replace("\r\n", "\n", StringComparison.Ordinal));
    }
}
