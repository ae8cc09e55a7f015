using System.CommandLine;
using System.CommandLine.Parsing;
using Hourglass.Cli.Commands;
using Hourglass.Cli.Commands.Detect;
using Hourglass.Collectives;

namespace Hourglass.Cli;

/// <summary>The command tree, and what becomes of faults: 0 done, 1 wrong input, 2 internal fault.</summary>
public static class CommandLine
{
    /// <summary>Runs one command line.</summary>
    /// <param name="args">Words after the program's name.</param>
    /// <param name="output">Results.</param>
    /// <param name="error">Progress and faults.</param>
    /// <param name="isTerminal">Whether <paramref name="error"/> is a screen that can be redrawn.</param>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, bool isTerminal) =>
        RunAsync(args, output, error, isTerminal, Collective.LaunchedRank(), Collective.LaunchedSize());

    /// <summary>Runs one command line in one of several processes that a launcher has started.</summary>
    internal static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, bool isTerminal, int rank, int ranks)
    {
        var screen = new Screen(output, error, isTerminal);
        var result = CreateRoot(screen).Parse(args);
        var command = result.CommandResult.Command;
        if (command.Action is not null && command.Subcommands.Count == 0 && !args.Contains("--help") && RankedCommand.Refuses(Words(result.CommandResult), rank, ranks, error))
        {
            return 1;
        }

        if (result.Errors.Count > 0)
        {
            await ExplainAsync(result, error);
            return 1;
        }

        try
        {
            return await result.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (HourglassException fault)
        {
            await error.WriteLineAsync($"hourglass {Words(result.CommandResult)}: {fault.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("hourglass: stopped.");
            return 1;
        }
        catch (Exception fault)
        {
            var log = Path.Combine(Path.GetTempPath(), $"hourglass-fault-{Environment.ProcessId}.log");
            await File.WriteAllTextAsync(log, fault.ToString());
            await error.WriteLineAsync($"hourglass: internal fault: {fault.Message.ReplaceLineEndings(" ")[..Math.Min(200, fault.Message.ReplaceLineEndings(" ").Length)]} This is a fault of Hourglass, not of your data; please report it with {log}.");
            return 2;
        }
    }

    private static async Task ExplainAsync(ParseResult result, TextWriter error)
    {
        foreach (var fault in result.Errors)
        {
            await error.WriteLineAsync($"hourglass: {fault.Message}");
        }

        foreach (var near in result.UnmatchedTokens.Select(token => Spelling.Nearest(token, result.CommandResult.Command)).OfType<string>())
        {
            await error.WriteLineAsync($"Did you mean '{near}'?");
        }

        await error.WriteLineAsync($"Try 'hourglass {(result.CommandResult.Command is RootCommand ? "" : $"{Words(result.CommandResult)} ")}--help'.");
    }

    // "data get" for a command under another.
    private static string Words(CommandResult command) => command.Parent is CommandResult { Command: not RootCommand } parent ? $"{Words(parent)} {command.Command.Name}" : command.Command.Name;

    /// <summary>All commands.</summary>
    /// <param name="screen">Where they write.</param>
    public static RootCommand CreateRoot(Screen screen)
    {
        var root = new RootCommand("Hourglass trains autoencoders, compares them with PCA, and uses them.\n\nFirst steps:\n  hourglass demo\n  hourglass train transactions.csv --label fraud --out model.hourglass\n  hourglass score model.hourglass new.csv --out scores.csv");
        foreach (var command in new[]
        {
            TrainCommand.Create(screen), DetectCommand.Create(screen), EvaluateCommand.Create(screen), EncodeCommand.Create(screen), DecodeCommand.Create(screen), ReconstructCommand.Create(screen),
            ScoreCommand.Create(screen), SampleCommand.Create(screen), InterpolateCommand.Create(screen), InspectCommand.Create(screen), ReportCommand.Create(screen),
            DataCommand.Create(screen), DemoCommand.Create(screen), TuneCommand.Create(screen), AttributeCommand.Create(screen), ClassifierCommand.Create(screen), DistanceCommand.Create(screen), DenoiseCommand.Create(screen), FeaturesCommand.Create(screen), MapCommand.Create(screen), DoctorCommand.Create(screen), CompletionCommand.Create(screen), SchemaCommand.Create(screen),
        })
        {
            root.Subcommands.Add(command);
        }

        return root;
    }
}
