using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Display;
using Hourglass.Cli.Options;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>hourglass detect calibrate MODEL FRESH.</summary>
internal static class DetectCalibrateCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("calibrate", "Make thresholds and p-values from fresh normal samples, without training again; the file is replaced as a whole.\n\nExamples:\n  hourglass detect calibrate detector.hourglass normal-of-this-week.csv\n  hourglass detect calibrate detector.hourglass normal.csv --false-alarms 1/10000 --out strict.hourglass\n  hourglass detect calibrate detector.hourglass normal.csv --use neighbours");
        var (model, data, json, output) = (CommonOptions.Model(), CommonOptions.Data(), CommonOptions.Json(), CommonOptions.Out("Where the detector goes (MODEL itself)."));
        var use = new Option<string?>("--use") { Description = "Which rule of the file scores from now on: autoencoder, reconstruction, pca, neighbours or isolation-forest; the file's own when left out." };
        var (thresholds, read) = (new ThresholdFlags(), new ReadFlags());
        command.Arguments.Add(model);
        command.Arguments.Add(data);
        command.Options.Add(output);
        command.Options.Add(use);
        thresholds.AddTo(command);
        command.Options.Add(json);
        read.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            var path = parse.GetRequiredValue(model);
            using var loaded = DetectorBundle.Open(path);
            var detector = parse.GetValue(use) is { } rule ? loaded.Use(rule) : loaded;
            using var prepared = DetectData.Apply(screen, parse.GetRequiredValue(data), read.Read(parse), detector, cancellationToken);
            var progress = ReadingDisplay.OfScoring(screen, prepared.Samples.Count);
            var calibrated = thresholds.Apply(parse, detector.Calibrate(SampleBlocks.Of(prepared.Samples, progress)));
            progress.End();
            var target = parse.GetValue(output) ?? path;
            DetectorBundle.Rewrite(path, calibrated, target);
            Print(screen, new CalibrateResult(prepared.Samples.Count, detector.Calibration.HeldOut.Count, ThresholdResult.Of(calibrated.Calibration.Threshold()), DriftResult.Of(Drift(detector, prepared)), Path.GetFullPath(target)), parse.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    // Whether the fresh samples look like those that they replace.
    private static Detection.Calibration.DriftTest Drift(Detector before, PreparedData fresh)
    {
        var drift = before.Drift(onlyNormal: true);
        foreach (var score in SampleBlocks.Of(fresh.Samples).SelectMany(block => before.Score(block)))
        {
            drift.Add(score);
        }

        return drift;
    }

    private static void Print(Screen screen, CalibrateResult result, bool asJson)
    {
        if (asJson)
        {
            screen.WriteJson(result);
            return;
        }

        screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Calibrated on {result.Samples:N0} samples in place of {result.Before:N0}: {result.Model}"));
        screen.Output.WriteLine(result.Threshold.Sentence);
        screen.Output.WriteLine(result.Drift.HasDrifted
            ? string.Create(CultureInfo.InvariantCulture, $"The fresh samples score otherwise than those before (p below {Math.Max(result.Drift.PValue, 1e-12):0.0###e-0}): the calibration was due.")
            : "The fresh samples score like those before.");
    }

    private sealed record CalibrateResult(long Samples, long Before, ThresholdResult Threshold, DriftResult Drift, string Model);
}
