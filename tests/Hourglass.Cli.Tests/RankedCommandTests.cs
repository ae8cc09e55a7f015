using System.CommandLine;

namespace Hourglass.Cli.Tests;

/// <summary>Under a launcher of several processes, each command either shares its work or is refused.</summary>
public sealed class RankedCommandTests
{
    private static readonly string[] Shared = ["encode", "reconstruct", "score", "train"];

    [Fact]
    public async Task Every_command_but_those_that_share_is_refused_by_rank_zero_alone()
    {
        var refused = new List<string>();
        foreach (var words in Leaves(CommandLine.CreateRoot(new Screen(TextWriter.Null, TextWriter.Null, IsTerminal: false)), []).Where(words => !Shared.Contains(words)))
        {
            var error = new StringWriter();
            Assert.Equal(1, await CommandLine.RunAsync(words.Split(' '), TextWriter.Null, error, isTerminal: false, rank: 0, ranks: 2));
            Assert.StartsWith($"hourglass {words}: does not share its work among ranks: each of the 2 processes", error.ToString(), StringComparison.Ordinal);
            refused.Add(words);
        }

        Assert.Empty(new[] { "detect train", "detect score", "detect evaluate", "evaluate", "tune", "demo", "data list", "denoise" }.Except(refused));
        var silent = new StringWriter();
        Assert.Equal(1, await CommandLine.RunAsync(["tune", "rows.csv"], silent, silent, isTerminal: false, rank: 1, ranks: 2));
        Assert.Equal("", silent.ToString());
    }

    [Theory]
    [InlineData("tune", "--help")]
    [InlineData("train", "--help")]
    public async Task Help_is_given_to_ranks_as_well(params string[] words)
    {
        var output = new StringWriter();
        Assert.Equal(0, await CommandLine.RunAsync(words, output, TextWriter.Null, isTerminal: false, rank: 0, ranks: 2));
        Assert.Contains("Usage", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Those_that_share_are_known() => Assert.Equal(Shared, RankedCommand.Shared.Order(StringComparer.Ordinal));

    private static IEnumerable<string> Leaves(Command command, IEnumerable<string> words) => command.Subcommands.Count == 0
        ? [string.Join(' ', words)]
        : command.Subcommands.SelectMany(next => Leaves(next, words.Append(next.Name)));
}
