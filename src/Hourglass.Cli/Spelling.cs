using System.CommandLine;

namespace Hourglass.Cli;

/// <summary>Finds the word that a misspelt one was probably meant to be.</summary>
internal static class Spelling
{
    private const int MaximumEdits = 3;

    /// <summary>The nearest option or command; null when none is near: less than half of the word may differ.</summary>
    public static string? Nearest(string word, Command command) => command.Options.Select(option => option.Name).Concat(command.Subcommands.Select(sub => sub.Name))
        .Select(name => (name, Edits: Distance(word, name))).Where(entry => entry.Edits <= MaximumEdits && 2 * entry.Edits < word.Length).OrderBy(entry => entry.Edits).Select(entry => entry.name).FirstOrDefault();

    // Levenshtein 1966: insertions, deletions and replacements.
    private static int Distance(string first, string second)
    {
        var row = Enumerable.Range(0, second.Length + 1).ToArray();
        for (var i = 1; i <= first.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= second.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (first[i - 1] == second[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
