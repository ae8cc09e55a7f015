using System.Globalization;
using Hourglass.Training;

namespace Hourglass.Cli.Display;

/// <summary>Where a run's time went, as a table.</summary>
internal static class ProfileDisplay
{
    public static void Write(Screen screen, TrainingProfile profile)
    {
        var parts = new[]
        {
            ("gather", profile.Gather), ("forward", profile.Forward), ("backward", profile.Backward), ("update", profile.Update), ("exchange among ranks", profile.Exchange), ("validation", profile.Validation), ("rest", profile.Rest),
        };
        parts = [.. parts.Where(part => part.Item2 > 0)];
        var all = parts.Sum(part => part.Item2);
        screen.WriteTable(["where the time went", "seconds", "share", "microseconds a step"], parts.Append(("all", all)).Select(part => new[]
        {
            part.Item1, part.Item2.ToString("0.000", CultureInfo.InvariantCulture), (part.Item2 / Math.Max(all, 1e-9)).ToString("0.0 %", CultureInfo.InvariantCulture),
            (part.Item2 * 1e6 / Math.Max(1, profile.Steps)).ToString("N1", CultureInfo.InvariantCulture),
        }));
    }
}
