using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Options;
using Hourglass.Data;
using Hourglass.Reporting;
using Hourglass.Tasks;
using Hourglass.Tasks.Tuning;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass tune DATA.</summary>
internal static class TuneCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("tune", "Find options for some data within a time budget, then train with them. Test data is never seen; flags fix what is not to be searched.\n\nExamples:\n  hourglass tune rows.csv --label class --minutes 5 --out model.hourglass\n  hourglass tune mnist --latent 32 --minutes 10");
        var (data, json, output) = (CommonOptions.Data(), CommonOptions.Json(), CommonOptions.Out("Where the model goes (tuned.hourglass)."));
        var minutes = new Option<double>("--minutes") { Description = "Time for everything.", DefaultValueFactory = _ => 10 };
        var resume = new Option<bool>("--resume") { Description = "Go on with the trials of a search that was stopped." };
        var report = new Option<string?>("--report") { Description = "Where the report goes (beside the model, .html); 'none' for no report." };
        var validation = new Option<double>("--validation") { Description = "Share of the samples held out.", DefaultValueFactory = _ => 0.1 };
        var (read, model) = (new ReadFlags(), new ModelFlags());
        command.Arguments.Add(data);
        foreach (var option in new Option[] { minutes, output, report, resume, validation, json })
        {
            command.Options.Add(option);
        }

        read.AddTo(command);
        model.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            var budget = parse.GetValue(minutes);
            if (!(budget > 0 && budget <= 10_000))
            {
                throw new HourglassException($"--minutes takes more than 0 and up to 10000, got {budget}.");
            }

            var request = new TrainRequest
            {
                Data = parse.GetRequiredValue(data),
                Read = read.Read(parse),
                Preparation = new PreparationOptions { Validation = parse.GetValue(validation) },
                Options = model.Read(parse),
                Out = parse.GetValue(output) ?? "tuned.hourglass",
                Resume = parse.GetValue(resume),
            };
            using var outcome = TuneTask.Run(request, budget, new TrialDisplay(screen), cancellationToken);
            Finish(screen, request, outcome, parse.GetValue(report), parse.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Finish(Screen screen, TrainRequest request, TuneOutcome outcome, string? report, bool asJson)
    {
        var record = outcome.Outcome.Trained.Record;
        var words = $"The best of {outcome.Trials.Count} trials: {outcome.WinnerWords}.";
        var page = report == "none" ? null : report ?? Path.ChangeExtension(request.Out, ".html");
        if (page is not null)
        {
            TuneReport.Write(
                page, $"Search on {Path.GetFileName(request.Data)}", words, [.. outcome.Frontier.Select(point => (point.LatentSize, point.SquaredError, point.PcaSquaredError))],
                [.. outcome.Trials.Select(trial => (trial.Stage, trial.Words, trial.SquaredError, trial.Epochs, trial.Seconds))]);
        }

        if (asJson)
        {
            screen.WriteJson(new
            {
                trials = outcome.Trials,
                frontier = outcome.Frontier,
                options = outcome.Winner with { Input = null },
                squaredError = record.SquaredError,
                pca = record.Comparison?.PcaSquaredError,
                model = Path.GetFullPath(request.Out!),
                report = page is null ? null : Path.GetFullPath(page),
            });
            return;
        }

        if (outcome.Frontier.Count > 0)
        {
            screen.WriteTable(["latents", "autoencoder", "PCA"], outcome.Frontier.Select(point => new[] { point.LatentSize.ToString(CultureInfo.InvariantCulture), Number(point.SquaredError), Number(point.PcaSquaredError) }));
        }

        screen.Output.WriteLine(words);
        screen.Output.WriteLine($"Trained on all training data: squared error {Number(record.SquaredError)} on validation data{(record.Comparison is { } comparison ? $", PCA {Number(comparison.PcaSquaredError)}" : "")}.");
        screen.Output.WriteLine($"Model:  {Path.GetFullPath(request.Out!)}");
        if (page is not null)
        {
            screen.Output.WriteLine($"Report: {Path.GetFullPath(page)}");
        }
    }

    private static string Number(double value) => value.ToString("0.000000", CultureInfo.InvariantCulture);

    /// <summary>One line for each trial.</summary>
    private sealed class TrialDisplay(Screen screen) : IProgress<TuneTrial>
    {
        public void Report(TuneTrial value) =>
            screen.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value.Stage,-7} {value.SquaredError,10:0.000000}  {value.Epochs,4} epochs {value.Seconds,6:0.0} s  {value.Words}"));
    }
}
