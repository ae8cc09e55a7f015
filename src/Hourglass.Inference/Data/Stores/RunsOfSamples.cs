namespace Hourglass.Data.Stores;

/// <summary>How many neighbouring samples a disk is asked for at once, and how many of such runs are in memory together.</summary>
/// <remarks>A function of the samples' size alone, never of the machine, so that an order made of runs is the same everywhere.</remarks>
internal static class RunsOfSamples
{
    /// <summary>Runs that are shuffled with each other.</summary>
    public const int Together = 256;

    private const int RunBytes = 1 << 17;
    private const int MostSamples = 256; // in a run
    private const int RoomBytes = 1 << 25;

    /// <summary>Samples in a run.</summary>
    public static int Length(SampleStore store) => (int)Math.Clamp(RunBytes / Math.Max(1, store.SampleBytes), 1, MostSamples);

    /// <summary>Samples that are read ahead together.</summary>
    public static int Staged(SampleStore store) => (int)Math.Clamp(RoomBytes / Math.Max(1, store.SampleBytes), 1, Together * Length(store));
}
