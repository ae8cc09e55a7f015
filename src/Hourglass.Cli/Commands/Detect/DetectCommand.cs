using System.CommandLine;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>hourglass detect: the verbs of anomaly detection.</summary>
internal static class DetectCommand
{
    public static Command Create(Screen screen) => new("detect", "Find what is not normal, with a threshold that means what it says, and say why.\n\nFirst steps:\n  hourglass detect train normal.csv --out detector.hourglass\n  hourglass detect score detector.hourglass new.csv --out scores.csv")
    {
        DetectTrainCommand.Create(screen),
        DetectScoreCommand.Create(screen),
        DetectEvaluateCommand.Create(screen),
        DetectCalibrateCommand.Create(screen),
        DetectWatchCommand.Create(screen),
    };
}
