namespace Hourglass.Evaluation.Series;

/// <summary>A run of time steps, both ends included.</summary>
/// <param name="First">The first step.</param>
/// <param name="Last">The last step.</param>
public readonly record struct StepRange(int First, int Last)
{
    /// <summary>Number of steps.</summary>
    public int Length => Last - First + 1;

    /// <summary>Runs of consecutive marked steps.</summary>
    /// <param name="marked">One mark for each step.</param>
    public static IReadOnlyList<StepRange> Of(ReadOnlySpan<bool> marked)
    {
        var ranges = new List<StepRange>();
        for (var step = 0; step < marked.Length;)
        {
            var rest = marked[step..];
            var length = rest.IndexOf(false) is var end and >= 0 ? end : rest.Length;
            if (length > 0)
            {
                ranges.Add(new StepRange(step, step + length - 1));
            }

            step += length + 1;
        }

        return ranges;
    }
}
