namespace Hourglass.Benchmarks;

/// <summary>Two processes that share each step, beside one.</summary>
internal static class SpeedRanks
{
    private const string Widths = "784,128,32";

    public static IEnumerable<SpeedWork> Works()
    {
        if (RankLauncher.Find() is not { } launcher)
        {
            yield break;
        }

        yield return new SpeedWork($"textbook 784-128-32, 2 ranks, {launcher.Name}", 1, () => new SpeedContest(
            "samples/s", () => Rate(2, launcher), [new SpeedPeer("one rank", 1.7, () => Rate(1, launcher))]));
    }

    private static double Rate(int ranks, RankLauncher launcher) => ranks * 256 / RankWorker.Start<StepTimes>(ranks, launcher.Words, "--widths", Widths, "--batch", "256").Median;
}
