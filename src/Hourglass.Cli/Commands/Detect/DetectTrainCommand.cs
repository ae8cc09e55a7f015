using System.CommandLine;
using Hourglass.Cli.Display;
using Hourglass.Cli.Options;
using Hourglass.Data;
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
        var members = new Option<int>("--members") { Description = "Autoencoders in the ensemble.", DefaultValueFactory = _ => new DetectorOptions().Members };
        var contaminated = new Option<bool>("--contaminated") { Description = "A few percent of the samples may be anomalies: narrow models, trained a second time without the strangest samples." };
        var scaling = new Option<string?>("--scaling") { Description = "Numbers: none, standard, robust, quantile or min-max; quantile for tables when left out." };
        var (read, model) = (new ReadFlags(), new ModelFlags());
        command.Arguments.Add(data);
        foreach (var option in new Option[] { output, contaminated, held, members, scaling, json })
        {
            command.Options.Add(option);
        }

        read.AddTo(command);
        model.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            var start = parse.GetValue(contaminated) ? DetectorOptions.ForContaminated() : new DetectorOptions();
            var request = new DetectRequest
            {
                Data = parse.GetRequiredValue(data),
                Read = read.Read(parse),
                Preparation = new PreparationOptions { Validation = parse.GetValue(held) },
                Detector = start with
                {
                    Member = model.Read(parse, start.Member),
                    Members = parse.GetValue(members),
                    Scaling = parse.GetValue(scaling) is { } words ? TrainCommand.Scale(words) : start.Scaling,
                },
                Out = parse.GetValue(output) ?? "detector.hourglass",
            };
            Run(screen, request, parse.GetValue(json), cancellationToken);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(Screen screen, DetectRequest request, bool asJson, CancellationToken cancellationToken)
    {
        using var detector = AnomalyDetector.Fit(request, new TrainObserver(null, (data, options) => DataDisplay.Write(screen, data, options), new ProgressDisplay(screen)), cancellationToken);
        var record = detector.Record;
        var result = new DetectTrainResult(record.Data.Samples, record.TrainingSamples, record.ValidationSamples, detector.Detector.Basis.Members.Count, detector.Detector.Rule.Name, [.. detector.Detector.RuleNames], ThresholdResult.Of(detector.Detector.Calibration.Threshold()), Path.GetFullPath(request.Out!));
        if (asJson)
        {
            screen.WriteJson(result);
            return;
        }

        screen.Output.WriteLine($"Learnt from {result.Training} samples, {result.HeldOut} held out for thresholds: {request.Out}");
        screen.Output.WriteLine(result.Threshold.Sentence);
    }

    private sealed record DetectTrainResult(long Samples, int Training, int HeldOut, int Members, string Rule, IReadOnlyList<string> Rules, ThresholdResult Threshold, string Model);
}
