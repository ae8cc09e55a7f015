namespace Hourglass.Data.Arrays;

/// <summary>The samples of an array in runs, which follow from its size alone: what is learnt is added up within each and then from run to run, so that its bits do not depend on who reads which.</summary>
/// <param name="samples">Samples of the array.</param>
/// <param name="sampleLength">Values in a sample.</param>
/// <param name="features">What is learnt about: features, channels, or one for all values.</param>
internal readonly struct ArrayRuns(long samples, int sampleLength, int features)
{
    private const int Most = 256;
    private const int LeastSteps = 64; // values of each feature in a run: what is learnt about it is small beside them

    /// <summary>How many.</summary>
    public int Count { get; } = (int)Math.Clamp(Math.Min(samples, (double)samples * sampleLength / ((double)LeastSteps * features)), 1, Most);

    /// <summary>The first sample of a run, or what stands after the last.</summary>
    /// <param name="run">Its number.</param>
    public long First(int run) => (long)((Int128)samples * run / Count);

    /// <summary>The first run of a rank, or what stands after the last rank's.</summary>
    /// <param name="rank">Whose.</param>
    /// <param name="ranks">How many share.</param>
    public int FirstOf(int rank, int ranks) => (int)((long)Count * rank / ranks);
}
