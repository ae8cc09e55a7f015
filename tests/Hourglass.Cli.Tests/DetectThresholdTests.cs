using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Hourglass.Cli.Tests;

/// <summary>One detector, trained once; its thresholds changed in every way.</summary>
public sealed class DetectThresholdTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, output, error, isTerminal: false);
        return (code, output.ToString(), error.ToString());
    }

    private string Rows(string name, int count, int seed, double noise = 0.1)
    {
        var (random, text) = (new Random(seed), new StringBuilder("id,a,b,sum\n"));
        for (var row = 0; row < count; row++)
        {
            var (a, b) = (random.NextDouble(), random.NextDouble());
            text.Append(CultureInfo.InvariantCulture, $"{name}{row},{a:0.####},{b:0.####},{a + b + (noise * (random.NextDouble() - 0.5)):0.####}\n");
        }

        File.WriteAllText(In(name), text.ToString());
        return In(name);
    }

    [Fact]
    public async Task Thresholds_change_without_training_and_streams_raise_the_same_alarms()
    {
        var (model, fresh) = (In("d.hourglass"), Rows("new.csv", 800, 2));
        Assert.Equal(0, (await Run("detect", "train", Rows("rows.csv", 1200, 1), "--id", "id", "--ignore", "id", "--epochs", "3", "--members", "1", "--out", model)).Code);

        var refused = await Run("detect", "score", model, fresh, "--false-alarms", "1/100000");
        Assert.Equal(1, refused.Code);
        Assert.Contains("needs 99,999 held-out normal samples", refused.Error, StringComparison.Ordinal);
        Assert.Single(refused.Error.TrimEnd().Split('\n'));
        Assert.Contains("two ways to one threshold", (await Run("detect", "score", model, fresh, "--false-alarms", "1/10", "--contamination", "0.1")).Error, StringComparison.Ordinal);

        var scored = await Json("detect", "score", model, fresh, "--id", "id", "--false-alarms", "5%", "--out", In("scores.csv"), "--json");
        var alarms = scored.GetProperty("alarms").GetInt32();
        Assert.InRange(alarms, 15, 75); // 40 promised; the threshold rests on some 240 samples
        Assert.False(scored.GetProperty("drift").GetProperty("hasDrifted").GetBoolean());
        Assert.InRange((await Json("detect", "score", model, fresh, "--contamination", "0.2", "--out", In("scores.csv"), "--json")).GetProperty("alarms").GetInt32(), 100, 230);
        Assert.Equal("peaks-over-threshold", (await Json("detect", "score", model, fresh, "--peaks-over-threshold", "1/100000", "--out", In("scores.csv"), "--json")).GetProperty("threshold").GetProperty("rule").GetProperty("kind").GetString());
        Assert.Equal(0, (await Json("detect", "score", model, fresh, "--false-discoveries", "1/10", "--out", In("scores.csv"), "--json")).GetProperty("alarms").GetInt32());

        File.WriteAllLines(In("labelled.csv"), File.ReadLines(fresh).Select((line, row) => row == 0 ? $"{line},y" : $"{line},{(row % 9 == 0 ? 1 : 0)}"));
        var evaluated = await Json("detect", "evaluate", model, In("labelled.csv"), "--label", "y", "--contamination", "0.2", "--json");
        Assert.InRange(evaluated.GetProperty("falseAlarmRate").GetDouble(), 0.12, 0.29);
        Assert.Contains("two ways to one threshold", (await Run("detect", "evaluate", model, In("labelled.csv"), "--label", "y", "--false-alarms", "1/10", "--peaks-over-threshold", "0.01")).Error, StringComparison.Ordinal);
        Assert.False((await Json("inspect", model, "--json")).GetProperty("detector").GetProperty("isContaminated").GetBoolean());

        var rival = In("rival.hourglass");
        Assert.Equal(0, (await Run("detect", "calibrate", model, Rows("normal.csv", 400, 9), "--id", "id", "--use", "neighbours", "--out", rival)).Code);
        Assert.Equal("neighbours", (await Json("detect", "score", rival, fresh, "--out", In("scores.csv"), "--json")).GetProperty("rule").GetString());

        Assert.Contains("there is no such file", (await Run("detect", "watch", model, In("nowhere.csv"), "--once")).Error, StringComparison.Ordinal);
        File.AppendAllText(fresh, "broken,1,x,3\n");
        var (code, lines, _) = await Run("detect", "watch", model, fresh, "--once", "--id", "id", "--false-alarms", "5%", "--json", "--state", In("state.json"));
        Assert.Equal(0, code);
        var events = lines.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToLookup(entry => entry.GetProperty("kind").GetString());
        Assert.Equal(alarms, events["alarm"].Count());
        Assert.Equal(802, Assert.Single(events["bad-line"]).GetProperty("line").GetInt32());
        Assert.Equal((800, 1), (Assert.Single(events["end"]).GetProperty("rows").GetInt32(), events["end"].Single().GetProperty("badLines").GetInt32()));
        Assert.StartsWith("new.csv", events["alarm"].First().GetProperty("id").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folds_are_no_part_that_is_held_out()
    {
        var (rows, model) = (Rows("few.csv", 90, 5), In("d.hourglass"));
        Assert.Contains("expected 3 or more", (await Run("detect", "train", rows, "--folds", "2", "--out", model)).Error, StringComparison.Ordinal);
        Assert.Contains("Try 'hourglass detect train --help'", (await Run("detect", "train", rows, "--step", "5")).Error, StringComparison.Ordinal);
        Assert.Contains("give one of the two", (await Run("detect", "train", rows, "--folds", "5", "--held-out", "0.2", "--out", model)).Error, StringComparison.Ordinal);
        var learnt = await Json("detect", "train", rows, "--id", "id", "--ignore", "id", "--epochs", "2", "--members", "1", "--folds", "3", "--report", In("page.html"), "--out", model, "--json");
        Assert.Equal((90, 0, 90), (learnt.GetProperty("training").GetInt32(), learnt.GetProperty("heldOut").GetInt32(), learnt.GetProperty("threshold").GetProperty("heldOut").GetInt32()));
        Assert.Contains("3 folds", learnt.GetProperty("threshold").GetProperty("sentence").GetString(), StringComparison.Ordinal);
        var page = File.ReadAllText(In("page.html"));
        Assert.Contains("Learnt from 90 samples. Each is shown here as it is scored by what was learnt without its fold (3 folds).", page, StringComparison.Ordinal);
        Assert.Equal(10, Enumerable.Range(0, 90).Count(row => page.Contains($">few.csv{row}: score", StringComparison.Ordinal))); // the ten highest of all folds together
    }

    [Fact]
    public async Task Calibrate_writes_the_file_anew_with_other_held_out_scores_and_another_rule()
    {
        var model = In("d.hourglass");
        Assert.Contains("expected a number", (await Run("detect", "train", Rows("rows.csv", 1000, 1), "--members", "convolutional:many", "--out", model)).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await Run("detect", "train", Rows("rows.csv", 1000, 1), "--ignore", "id", "--epochs", "2", "--members", "1", "--report", In("learnt.html"), "--out", model)).Code);
        var learnt = File.ReadAllText(In("learnt.html"));
        Assert.All(new[] { "isolation-forest", "neighbours", "pca", "Sample ", "part of the score" }, words => Assert.Contains(words, learnt, StringComparison.Ordinal));
        var other = Rows("other.csv", 500, 3, noise: 1);
        var result = await Json("detect", "calibrate", model, other, "--false-alarms", "1/50", "--json");
        Assert.Equal(500, result.GetProperty("threshold").GetProperty("heldOut").GetInt32());
        Assert.True(result.GetProperty("drift").GetProperty("hasDrifted").GetBoolean());
        var scored = await Json("detect", "score", model, Rows("again.csv", 500, 4, noise: 1), "--out", In("scores.csv"), "--json");
        Assert.Equal(0.02, scored.GetProperty("threshold").GetProperty("rule").GetProperty("rate").GetDouble());
        Assert.InRange(scored.GetProperty("alarms").GetInt32(), 0, 30); // 10 promised
        Assert.False(scored.GetProperty("drift").GetProperty("hasDrifted").GetBoolean());
        Assert.Empty(Directory.GetFiles(_folder, "*.part"));
    }

    private static async Task<JsonElement> Json(params string[] args)
    {
        var (code, output, error) = await Run(args);
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }
}
