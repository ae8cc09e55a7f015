namespace Hourglass.Detection.Series;

/// <summary>Lets a score through only where it is higher than all of the last ones: one event raises its alarm once, and again only when it gets worse.</summary>
/// <remarks>Any threshold behind it then rests for a while after each alarm, whatever the threshold is.</remarks>
internal sealed class EventFilter(int rest)
{
    private readonly LinkedList<(long Step, double Score)> _falling = [];
    private long _step;

    /// <summary>The score, or 0 where one within the rest was as high.</summary>
    /// <param name="score">The next step's score.</param>
    public double Next(double score)
    {
        while (_falling.First is { } oldest && oldest.Value.Step < _step - rest)
        {
            _falling.RemoveFirst();
        }

        var passes = _falling.First is not { } highest || score > highest.Value.Score;
        while (_falling.Last is { } last && last.Value.Score <= score)
        {
            _falling.RemoveLast();
        }

        _falling.AddLast((_step++, score));
        return passes ? score : 0;
    }
}
