using System.Text.RegularExpressions;
using Hourglass.Evaluation;
using Hourglass.Detection;
using Hourglass.Reporting;
using Hourglass.Reporting.Plots;
using Hourglass.Training;

namespace Hourglass.Tests.Reporting;

public sealed class ReportTests(TrainedFixture fixture) : IClassFixture<TrainedFixture>
{
    private static ReportContents Contents(string hostile = "plain") => new()
    {
        Title = hostile,
        Comparison = PcaComparison.Of([1, 2, 3], [2, 3, 4.5], 2),
        MeasuredOn = hostile,
        History = new TrainingHistory([new(1, 2, 3, 0.1), new(2, 1, double.NaN, 0.1)], 1, StopReason.Completed, [hostile], 1, 1),
        Rows = new ReportTable([hostile], [([hostile], [hostile])]),
        Map = [new(1, 2, hostile), new(2, 3, hostile)],
        FeatureErrors = [(hostile, 1, 2), ("b", 0, 0)],
        Scores = [1, 2, 3],
        Facts = [(hostile, hostile)],
        OptionsJson = hostile,
    };

    [Fact]
    public void Hostile_names_are_escaped()
    {
        var html = Report.Render(Contents("<script>alert('x')</script>\"&"));
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_needs_no_network_and_is_the_same_every_time()
    {
        var html = Report.Render(TrainingReport.Gather(fixture.Outcome.Trained, fixture.Outcome.Data));
        Assert.DoesNotMatch(new Regex("(src|href)=\"(http|//)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)), html);
        Assert.Equal(html, Report.Render(TrainingReport.Gather(fixture.Outcome.Trained, fixture.Outcome.Data)));
    }

    [Fact]
    public void Pictures_with_the_highest_scores_stand_in_the_page_of_a_detector()
    {
        var path = Path.Combine(fixture.Folder, "detector.html");
        var sample = new ExplainedSample("film <7>", new Explanation(4.25, []));
        DetectorReport.Write(path, new DetectorReportContents("Films", "Two films.", [1, 2], [3, 4], [], [sample with { Picture = [1, 2, 3] }, sample]));
        var page = File.ReadAllText(path);
        Assert.Contains("src=\"data:image/png;base64,AQID\"", page, StringComparison.Ordinal);
        Assert.Contains("film &lt;7&gt;: score 4.25</figcaption>", page, StringComparison.Ordinal);
        Assert.Contains("Left the picture", page, StringComparison.Ordinal);
        Assert.Contains("img-src data:;", page, StringComparison.Ordinal);
        Assert.Contains("<h3>film &lt;7&gt;: score 4.25</h3>", page, StringComparison.Ordinal); // without a picture, columns say why
    }

    [Fact]
    public void Drawings_are_well_formed()
    {
        foreach (Match drawing in Regex.Matches(Report.Render(Contents("a < b & c")), "<svg.*?</svg>", RegexOptions.Singleline, TimeSpan.FromSeconds(5)))
        {
            System.Xml.Linq.XDocument.Parse(drawing.Value);
        }
    }

    [Fact]
    public void The_first_screen_says_plainly_that_PCA_wins()
    {
        var html = Report.Render(Contents() with { Comparison = PcaComparison.Of([2, 3, 4.5], [1, 2, 3], 2) });
        Assert.Contains("PCA wins here.", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Ticks_lie_on_the_axis_at_round_values() => CsCheck.Check.Sample(
        CsCheck.Gen.Select(CsCheck.Gen.Double[-1e6, 1e6], CsCheck.Gen.Double[1e-3, 1e6]),
        (low, width) =>
        {
            var axis = new Axis(low, low + width, 0, 100);
            var ticks = axis.Ticks().ToList();
            Assert.InRange(ticks.Count, 1, 12);
            Assert.All(ticks, tick => Assert.InRange(tick, low - (width * 1e-6), low + (width * 1.000001)));
        });

    [Theory]
    [InlineData(234700, "234700")]
    [InlineData(0.43591, "0.4359")]
    [InlineData(10.3, "10.3")]
    [InlineData(0, "0")]
    public void Figures_are_printed_for_people(double value, string expected) => Assert.Equal(expected, Markup.Figure(value));
}
