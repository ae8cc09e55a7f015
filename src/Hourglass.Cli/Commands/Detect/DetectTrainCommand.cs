using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Display;
using Hourglass.Cli.Options;
using Hourglass.Data;
using Hourglass.Reporting;
using Hourglass.Tasks;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>hourglass detect train DATA.</summary>
internal static class DetectTrainCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("train", "Learn what is normal.\n\nExample:\n  hourglass detect train normal.csv --out detector.hourglass");
        var (data, json, output) = (CommonOptions.Data(), CommonOptions.Json(), CommonOptions.Out("Where the detector goes (detector.hourglass)."));
        var held = new Option<double>("--held-out") { Description = "Share of the samples that only thresholds and p-values are made from.", DefaultValueFactory = _ => DetectRequest.HeldOutShare };
        var folds = new Option<int>("--folds") { Description = "Instead of holding a part out: so many folds, each scored by what was trained without it, so that all samples make thresholds and train (3 or more; as many more trainings; for small data)." };
        var members = new Option<string?>("--members") { Description = "Autoencoders in the ensemble (2); \"convolutional\" for pictures: convolutional ones, with their error in features beside that in pixels, or \"convolutional:3\" for so many." };
        var contaminated = new Option<bool>("--contaminated") { Description = "A few percent of the samples may be anomalies: learns from the half that a first look finds typical." };
        var scaling = new Option<string?>("--scaling") { Description = "Numbers: none, standard, robust, quantile or min-max; quantile for tables when left out." };
        var report = new Option<string?>("--report") { Description = "A page about it: rivals on the held-out samples, and why the highest of these score high (.html)." };
        var (read, model) = (new ReadFlags(), new ModelFlags());
        command.Arguments.Add(data);
        foreach (var option in new Option[] { output, contaminated, held, folds, members, scaling, report, json })
        {
            command.Options.Add(option);
        }

        read.AddTo(command);
        model.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            RequireFolds(parse.GetValue(folds), parse.GetResult(held) is { Implicit: false });
            var start = Start(parse.GetValue(members), parse.GetValue(contaminated));
            var request = new DetectRequest
            {
                Data = parse.GetRequiredValue(data),
                Read = read.Read(parse),
                Preparation = new PreparationOptions { Validation = parse.GetValue(held) },
                Detector = start with
                {
                    Folds = parse.GetValue(folds),
                    Member = model.Read(parse, start.Member),
                    Scaling = parse.GetValue(scaling) is { } words ? TrainCommand.Scale(words) : start.Scaling,
                },
                Out = parse.GetValue(output) ?? "detector.hourglass",
            };
            Run(screen, request, parse.GetValue(report), parse.GetValue(json), cancellationToken);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void RequireFolds(int folds, bool isPartNamed)
    {
        if (folds is not 0 and < 3)
        {
            throw new HourglassException($"--folds {folds}: expected 3 or more; 5 is usual. Without it a part is held out.");
        }

        if (folds > 0 && isPartNamed)
        {
            throw new HourglassException("--folds keeps no part of the samples out, and --held-out names one: give one of the two.");
        }
    }

    // "3", "convolutional", "convolutional:3".
    private static DetectorOptions Start(string? members, bool isContaminated)
    {
        const string Kind = "convolutional";
        var isConvolutional = members?.StartsWith(Kind, StringComparison.Ordinal) == true;
        var count = isConvolutional ? members![Kind.Length..].TrimStart(':') : members ?? "";
        if (count.Length > 0 && !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw new HourglassException($"--members {members}: expected a number, \"{Kind}\", or \"{Kind}:\" and a number.");
        }

        if (isConvolutional && isContaminated)
        {
            throw new HourglassException($"--members {Kind} learns from normal pictures. Leave out --contaminated, or take its own members.");
        }

        var start = isConvolutional ? DetectorOptions.ForPictures() : isContaminated ? DetectorOptions.ForContaminated() : new DetectorOptions();
        return count.Length > 0 ? start with { Members = int.Parse(count, CultureInfo.InvariantCulture) } : start;
    }

    private static void Run(Screen screen, DetectRequest request, string? page, bool asJson, CancellationToken cancellationToken)
    {
        var reading = new ReadingDisplay(screen, request.Data);
        using var training = new ProgressDisplay(screen);
        var observer = new TrainObserver(reading, (data, options) => DataDisplay.Write(screen, data, options, reading), training)
        {
            Detected = page is null ? null : (learnt, parts) => DetectorReport.Write(page, HeldOutPage.Of(learnt.Detector, parts)),
        };
        using var detector = AnomalyDetector.Fit(request, observer, cancellationToken);
        training.End();
        var record = detector.Record;
        var result = new DetectTrainResult(record.Data.Samples, record.TrainingSamples, record.ValidationSamples, detector.Detector.Basis.Members.Count, detector.Detector.Rule.Name, [.. detector.Detector.RuleNames], ThresholdResult.Of(detector.Detector.Calibration.Threshold()), Path.GetFullPath(request.Out!), page is null ? null : Path.GetFullPath(page));
        if (asJson)
        {
            screen.WriteJson(result);
            return;
        }

        var half = detector.IsContaminated ? " that a first look found typical" : "";
        screen.Output.WriteLine(request.Detector.Folds > 0
            ? $"Learnt from {result.Training} samples{half}, each scored for thresholds without its fold: {request.Out}"
            : $"Learnt from {result.Training} samples{half}, {result.HeldOut} held out for thresholds: {request.Out}");
        screen.Output.WriteLine(result.Threshold.Sentence);
    }

    private sealed record DetectTrainResult(long Samples, int Training, int HeldOut, int Members, string Rule, IReadOnlyList<string> Rules, ThresholdResult Threshold, string Model, string? Report);
}
