using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Display;
using Hourglass.Cli.Options;
using Hourglass.Data;
using Hourglass.Reporting;
using Hourglass.Tasks;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass train DATA.</summary>
internal static class TrainCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("train", "Train an autoencoder and compare it with PCA.\n\nExamples:\n  hourglass train iris.csv --label 5\n  hourglass train pictures/ --network convolutional --latent 32 --epochs 20\n  hourglass train glyphs --recipe vae --report vae.html\n  mpirun -n 4 hourglass train rows.parquet --batch-size 64");
        var (data, json, output) = (CommonOptions.Data(), CommonOptions.Json(), CommonOptions.Out("Where the model goes (model.hourglass)."));
        var report = new Option<string?>("--report") { Description = "Where the report goes (beside the model, .html); 'none' for no report." };
        var resume = new Option<bool>("--resume") { Description = "Go on from the checkpoint of a run that was stopped or killed: one is written at the ends of epochs, at most five seconds of work after the last, and when the run is stopped." };
        var validation = new Option<double>("--validation") { Description = "Share of the samples held out.", DefaultValueFactory = _ => 0.1 };
        var scaling = new Option<string?>("--scaling") { Description = "Numbers: none, standard, robust, quantile or min-max; chosen for each column when left out." };
        var startFrom = new Option<string?>("--start") { Description = "A model whose weights to start from, where names and shapes agree." };
        var condition = new Option<bool>("--condition-on-label") { Description = "Tell encoder and decoder each sample's label (a conditional model)." };
        var profile = new Option<bool>("--profile") { Description = "Print where the time goes: gathering, forwards, backwards, update, validation." };
        var (read, model) = (new ReadFlags(), new ModelFlags());
        command.Arguments.Add(data);
        foreach (var option in new Option[] { output, report, resume, validation, scaling, condition, startFrom, profile, json })
        {
            command.Options.Add(option);
        }

        read.AddTo(command);
        model.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            var request = new TrainRequest
            {
                Data = parse.GetRequiredValue(data),
                Read = read.Read(parse),
                Preparation = new PreparationOptions { Validation = parse.GetValue(validation), Scaling = parse.GetValue(scaling) is { } words ? Scale(words) : null },
                Options = model.Read(parse),
                Start = parse.GetValue(startFrom),
                ConditionOnLabel = parse.GetValue(condition),
                Out = parse.GetValue(output) ?? "model.hourglass",
                Resume = parse.GetValue(resume),
            };
            return Task.FromResult(RankedCommand.Run(command.Name, screen, (ranks, mine) =>
                Run(mine, request with { Ranks = ranks }, parse.GetValue(report), parse.GetValue(json), cancellationToken, parse.GetValue(profile))));
        });
        return command;
    }

    /// <summary>Trains, writes model and report, prints the result.</summary>
    public static TrainResult Run(Screen screen, TrainRequest request, string? reportPath, bool asJson, CancellationToken cancellationToken, bool withProfile = false)
    {
        var reading = new ReadingDisplay(screen, request.Data);
        using var training = new ProgressDisplay(screen);
        using var outcome = TrainTask.Run(request, new TrainObserver(reading, (data, options) => DataDisplay.Write(screen, data, options, reading), training), cancellationToken);
        training.End();
        var report = reportPath == "none" || request.Ranks.Rank > 0 ? null : reportPath ?? Path.ChangeExtension(request.Out, ".html");
        if (report is not null)
        {
            TrainingReport.Write(report!, outcome.Trained, outcome.Data);
        }

        var record = outcome.Trained.Record;
        var comparison = record.Comparison;
        var result = new TrainResult(
            record.Data.Samples, record.Objective, record.SquaredError, record.NormalizedSquaredError, comparison is null ? null : new PcaResult(comparison.PcaSquaredError, comparison.Components), comparison?.Verdict,
            comparison?.Advice, comparison is null ? null : new IntervalResult(comparison.Difference.Mean, comparison.Difference.Low, comparison.Difference.High), record.Latents,
            Path.GetFullPath(request.Out!), report is null ? null : Path.GetFullPath(report), record.History.Epochs.Count, record.History.BestEpoch, record.History.StopReason,
            Math.Round(record.History.Seconds, 3), Math.Round(record.History.SamplesPerSecond, 1), record.History.Engine, withProfile ? record.History.Profile : null);
        if (asJson)
        {
            screen.WriteJson(result);
        }
        else
        {
            Print(screen, result, record.ValidationSamples);
        }

        return result;
    }

    private static void Print(Screen screen, TrainResult result, int validation)
    {
        var rows = new List<string[]> { new[] { $"autoencoder, epoch {result.BestEpoch} of {result.Epochs}", Number(result.SquaredError) } };
        if (result is { Pca: { } pca, Difference: { } difference })
        {
            rows.Add([$"PCA, {pca.Components} components", Number(pca.SquaredError)]);
            rows.Add(["difference, 95 % interval", $"{Number(difference.Mean)} [{Number(difference.Low)}, {Number(difference.High)}]"]);
        }

        screen.WriteTable([validation > 0 ? "on held-out samples" : "on training samples", "squared error per value"], rows);
        foreach (var line in new[] { Results.Latents(result.Latents), result.Advice }.OfType<string>())
        {
            screen.Output.WriteLine(line);
        }

        if (result.Profile is { } profile)
        {
            ProfileDisplay.Write(screen, profile);
        }

        screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Engine: {result.Engine}; {result.SamplesPerSecond:N0} samples/s, validation included."));
        screen.Output.WriteLine($"Model:  {result.Model}");
        if (result.Report is not null)
        {
            screen.Output.WriteLine($"Report: {result.Report}");
        }
    }

    private static string Number(double value) => value.ToString("0.000000", CultureInfo.InvariantCulture);

    internal static Scaling Scale(string words) => words switch
    {
        "none" => Scaling.None,
        "standard" => Scaling.Standard,
        "robust" => Scaling.Robust,
        "quantile" => Scaling.Quantile,
        "min-max" => Scaling.MinMax,
        _ => throw new HourglassException($"--scaling takes none, standard, robust, quantile or min-max, got '{words}'."),
    };
}
