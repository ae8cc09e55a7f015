using System.Text.Json;
using Hourglass.Bundles;
using Spectre.Console;

namespace Hourglass.Cli;

/// <summary>Where commands write: results to output, everything else to error.</summary>
/// <param name="Output">Results: tables for people, or one JSON object.</param>
/// <param name="Error">Progress and notes.</param>
/// <param name="IsTerminal">Whether error can be redrawn.</param>
public sealed record Screen(TextWriter Output, TextWriter Error, bool IsTerminal)
{
    private static readonly JsonSerializerOptions OneLine = new(BundleJson.Options) { WriteIndented = false };

    /// <summary>Writes the one JSON object of a command.</summary>
    /// <param name="value">The result.</param>
    public void WriteJson<T>(T value) => Output.WriteLine(BundleJson.Serialize(value));

    /// <summary>Writes an object on one line, for commands that print as things happen.</summary>
    /// <param name="value">The object.</param>
    public void WriteJsonLine<T>(T value) => Output.WriteLine(JsonSerializer.Serialize(value, OneLine));

    /// <summary>Writes an aligned table of two or more columns.</summary>
    /// <param name="headers">Column titles.</param>
    /// <param name="rows">Cells; columns whose cells are numbers stand right.</param>
    public void WriteTable(IReadOnlyList<string> headers, IEnumerable<string[]> rows)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Output), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No });
        console.Profile.Width = 200;
        var table = new Table().Border(TableBorder.Simple);
        var cells = rows.ToList();
        for (var column = 0; column < headers.Count; column++)
        {
            var isNumeric = cells.Count > 0 && cells.TrueForAll(row => row[column].Length == 0 || char.IsAsciiDigit(row[column].TrimStart('-')[..1][0]));
            table.AddColumn(new TableColumn(Markup.Escape(headers[column])) { Alignment = isNumeric ? Justify.Right : Justify.Left });
        }

        foreach (var row in cells)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        console.Write(table);
    }
}
