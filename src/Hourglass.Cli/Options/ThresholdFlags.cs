using System.CommandLine;
using Hourglass.Detection;
using Hourglass.Detection.Calibration;

namespace Hourglass.Cli.Options;

/// <summary>How scores become alarms; the model's own way when nothing is said.</summary>
internal sealed class ThresholdFlags
{
    private readonly Option<string?> _falseAlarms = new("--false-alarms") { Description = "Promised share of normal samples that raise an alarm: 1/1000, 0.001 or 0.1%." };
    private readonly Option<string?> _contamination = new("--contamination") { Description = "Share of samples like those trained on that raises an alarm: 0.05." };
    private readonly Option<string?> _peaks = new("--peaks-over-threshold") { Description = "Share aimed at by a tail fitted to the highest held-out scores: 1/100000. A model, not a promise." };

    public void AddTo(Command command)
    {
        foreach (var option in new[] { _falseAlarms, _contamination, _peaks })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The rule that was asked for; null when none was.</summary>
    /// <exception cref="HourglassException">Several were, or a rate is none.</exception>
    public ThresholdRule? Rule(ParseResult parse)
    {
        var given = new[] { _falseAlarms, _contamination, _peaks }.Where(option => parse.GetValue(option) is not null).ToList();
        if (given.Count > 1)
        {
            throw new HourglassException($"{given[0].Name} and {given[1].Name} are two ways to one threshold: give one of them.");
        }

        return given.Count == 0 ? null
            : RateText.Parse(parse.GetValue(given[0])!, given[0].Name) is var rate && given[0] == _falseAlarms ? new FalseAlarmRule { Rate = rate }
            : given[0] == _contamination ? new ContaminationRule { Share = rate }
            : new PeaksOverThresholdRule { Rate = rate };
    }

    /// <summary>The detector with the rule that was asked for; refused when its calibration does not support it.</summary>
    /// <exception cref="HourglassException">As <see cref="Rule"/>, or too few held-out samples for the rate.</exception>
    public Detector Apply(ParseResult parse, Detector detector)
    {
        if (Rule(parse) is not { } rule)
        {
            return detector;
        }

        var changed = detector.With(rule);
        changed.Calibration.Threshold().Require();
        return changed;
    }
}
