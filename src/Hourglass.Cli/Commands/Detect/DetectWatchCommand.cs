using System.CommandLine;
using System.Globalization;
using System.IO.Hashing;
using Hourglass.Cli.Options;
using Hourglass.Detection;
using Hourglass.Detection.Streams;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>hourglass detect watch MODEL [INPUT].</summary>
internal static class DetectWatchCommand
{
    private const int Reasons = 3;

    public static Command Create(Screen screen)
    {
        var command = new Command("watch", "Score lines as they come, CSV or JSON, and print alarms with their why. A file is followed as it grows and is rotated; bad lines are reported and passed over. With --json, every alarm, bad line, drift and the end is an object on a line of its own.\n\nExamples:\n  collect | hourglass detect watch detector.hourglass\n  hourglass detect watch detector.hourglass /var/log/plant.csv --state plant.state --json\n  hourglass detect watch detector.hourglass rows.csv --once --false-alarms 1/10000");
        var model = CommonOptions.Model();
        var input = new Argument<string>("INPUT") { Description = "A file to follow; standard input when left out.", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "-" };
        var once = new Option<bool>("--once") { Description = "Stop at the file's present end." };
        var use = new Option<string?>("--use") { Description = "Which rule of the file scores: autoencoder, reconstruction, pca, neighbours or isolation-forest." };
        var (json, thresholds, lines) = (CommonOptions.Json(), new ThresholdFlags(), new LineFlags());
        command.Arguments.Add(model);
        command.Arguments.Add(input);
        thresholds.AddTo(command);
        lines.AddTo(command);
        command.Options.Add(once);
        command.Options.Add(use);
        command.Options.Add(json);
        command.SetAction((parse, cancellationToken) =>
        {
            var path = parse.GetRequiredValue(model);
            using var loaded = DetectorBundle.Open(path);
            var detector = thresholds.Apply(parse, parse.GetValue(use) is { } rule ? loaded.Use(rule) : loaded);
            if (parse.GetValue(once) && parse.GetRequiredValue(input) is var file && file != "-" && !File.Exists(file))
            {
                throw new HourglassException($"{file}: there is no such file, and --once waits for none. Without --once the file may come later.");
            }

            screen.Error.WriteLine(detector.Calibration.Threshold().Sentence);
            var printer = new Printer(screen, parse.GetValue(json));
            var watch = new StreamWatch(detector, lines.Read(parse) with { Model = Hash(path) }, printer.Observer);
            var counts = parse.GetRequiredValue(input) is var name && name == "-"
                ? watch.Read(Console.OpenStandardInput(), "standard input", cancellationToken)
                : watch.Follow(name, parse.GetValue(once), cancellationToken);
            printer.End(counts, watch.Drift.Sentence, DriftResult.Of(watch.Drift));
            return Task.FromResult(0);
        });
        return command;
    }

    private static string Hash(string path)
    {
        using var stream = File.OpenRead(path);
        var hash = new XxHash128();
        hash.Append(stream);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>Prints what happens: alarms on standard output, the rest on standard error; with --json all on standard output.</summary>
    private sealed class Printer(Screen screen, bool asJson)
    {
        public StreamObserver Observer => new(Alarm, Bad, drift => Drift(drift.Sentence, DriftResult.Of(drift)), null, screen.Error.WriteLine);

        public void End(StreamCounts counts, string sentence, DriftResult drift)
        {
            if (asJson)
            {
                screen.WriteJsonLine(new EndLine("end", counts.Rows, counts.Scores, counts.Alarms, counts.BadLines, drift));
                return;
            }

            screen.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Number(counts.Alarms, "alarm")} among {Number(counts.Scores, "sample")} of {Number(counts.Rows, "row")}; {Number(counts.BadLines, "bad line")}. {sentence}"));
        }

        private static string Number(long count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}{(count == 1 ? "" : "s")}");

        private void Alarm(StreamAlarm alarm)
        {
            var why = alarm.Why.Summary(Reasons);
            if (asJson)
            {
                screen.WriteJsonLine(new AlarmLine("alarm", alarm.Line, alarm.Row, alarm.Id, alarm.Why.Score, alarm.PValue, why, [.. alarm.Why.Columns.Take(ScoredColumn.Shown).Select(ScoredColumn.Of)], alarm.Why.Steps));
                return;
            }

            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"line {alarm.Line}{(alarm.Id is null ? "" : $" ({alarm.Id})")}: score {alarm.Why.Score:0.000}, p {alarm.PValue:0.######}: {why}"));
        }

        private void Bad(BadLine bad)
        {
            if (asJson)
            {
                screen.WriteJsonLine(new BadLineLine("bad-line", bad.Line, bad.Reason));
                return;
            }

            screen.Error.WriteLine($"line {bad.Line}: {bad.Reason}");
        }

        private void Drift(string sentence, DriftResult drift)
        {
            if (asJson)
            {
                screen.WriteJsonLine(new DriftLine("drift", drift.PValue, drift.Scores, sentence));
                return;
            }

            screen.Error.WriteLine(sentence);
        }
    }

    private sealed record AlarmLine(string Kind, long Line, long Row, string? Id, double Score, double PValue, string Why, IReadOnlyList<ScoredColumn> Columns, StepSpan? Steps);

    private sealed record BadLineLine(string Kind, long Line, string Reason);

    private sealed record DriftLine(string Kind, double PValue, long Scores, string Sentence);

    private sealed record EndLine(string Kind, long Rows, long Samples, long Alarms, long BadLines, DriftResult Drift);
}
