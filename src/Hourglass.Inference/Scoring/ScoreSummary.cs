namespace Hourglass.Scoring;

/// <summary>Mean and highest of scores that pass by.</summary>
/// <param name="kept">How many of the highest are kept.</param>
public sealed class ScoreSummary(int kept)
{
    // The lowest kept leaves first; of equal scores the later one.
    private readonly PriorityQueue<long, (float Score, long Earlier)> _highest = new();
    private double _sum;
    private float _lowest; // of those kept, once all places are taken

    /// <summary>Scores seen.</summary>
    public long Count { get; private set; }

    /// <summary>Their mean; NaN for none.</summary>
    public double Mean => _sum / Count;

    /// <summary>The highest, from the highest on; of equal ones the first.</summary>
    public IReadOnlyList<HighScore> Highest => [.. _highest.UnorderedItems.OrderByDescending(item => item.Priority).Select(item => new HighScore(item.Element, item.Priority.Score))];

    /// <summary>Takes the next sample's score.</summary>
    /// <param name="score">Higher is more anomalous.</param>
    public void Add(float score)
    {
        _sum += score;
        if (Count < kept || score > _lowest)
        {
            Keep(score);
        }

        Count++;
    }

    private void Keep(float score)
    {
        _highest.Enqueue(Count, (score, -Count));
        if (_highest.Count > kept)
        {
            _highest.Dequeue();
        }

        _lowest = _highest.TryPeek(out _, out var lowest) ? lowest.Score : float.PositiveInfinity;
    }
}

/// <summary>A sample's score.</summary>
/// <param name="Sample">Its number, from 0.</param>
/// <param name="Score">Higher is more anomalous.</param>
public readonly record struct HighScore(long Sample, float Score);
