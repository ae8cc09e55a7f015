using Hourglass.Detection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>When in a series, or where in a picture, a score comes about, as columns of the scores' file; counted from 1. Rows of a table have no such columns.</summary>
internal static class ScoredPlace
{
    public static IReadOnlyList<string> Names(DetectorBasis basis) => basis.Preprocessing.SampleShape.Count switch
    {
        2 => ["first step", "last step"],
        3 => ["first column", "last column", "first row", "last row"],
        _ => [],
    };

    public static IReadOnlyList<float> Values(DetectorBasis basis, Findings found, int sample)
    {
        var count = Names(basis).Count;
        return count == 0 ? [] : Explanation.Of(basis, found, sample) switch
        {
            { Steps: { } steps } => [steps.First + 1, steps.Last + 1],
            { Box: { } box } => [box.Left + 1, box.Left + box.Width, box.Top + 1, box.Top + box.Height],
            _ => [.. Enumerable.Repeat(float.NaN, count)],
        };
    }
}
