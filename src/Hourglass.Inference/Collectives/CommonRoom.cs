namespace Hourglass.Collectives;

/// <summary>Memory that the ranks of one machine work on together: a part that is everyone's, a part of each that the others read, and how far each has come.</summary>
/// <remarks>Ranks wait for what they need of each other, not for each other: whoever is ahead goes on while it can.</remarks>
internal sealed unsafe class CommonRoom : IDisposable
{
    private readonly SharedSlots _slots;

    private CommonRoom(SharedSlots slots, ICollective ranks)
    {
        (_slots, Rank, Size) = (slots, ranks.Rank, ranks.Size);
    }

    /// <summary>This rank.</summary>
    public int Rank { get; }

    /// <summary>How many there are.</summary>
    public int Size { get; }

    /// <summary>What all ranks read and write.</summary>
    public float* Common => _slots.Common;

    /// <summary>What a rank writes and the others read.</summary>
    public float* Part(int rank) => _slots.Slot(rank);

    /// <summary>Opens such memory, zeroed.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="part">Values of each rank's part.</param>
    /// <param name="common">Values that are everyone's.</param>
    /// <returns>Null on all ranks where they share no memory.</returns>
    public static CommonRoom? Open(ICollective ranks, long part, long common) =>
        ranks is RankGroup { SharesMemory: true } && SharedSlots.Open(ranks, part, common) is { } slots ? new CommonRoom(slots, ranks) : null;

    /// <summary>Lets the others know that this rank has come a stage further; they see what it wrote before.</summary>
    public void Advance() => _slots.Advance();

    /// <summary>Waits until all ranks have come to a stage.</summary>
    /// <param name="stage">Calls of <see cref="Advance"/>.</param>
    public void Await(long stage) => _slots.Await(stage);

    /// <summary>Waits until all ranks have come here.</summary>
    public void Meet() => _slots.Meet();

    /// <summary>Before the next stage: numbers to be added up.</summary>
    public void Tell(ReadOnlySpan<double> values) => values.CopyTo(new Span<double>(_slots.Told(Rank), SharedSlots.MostTold));

    /// <summary>Replaces numbers by their sums over all ranks, when all have come to the stage before which they told theirs.</summary>
    public void Sum(Span<double> values)
    {
        for (var place = 0; place < values.Length; place++)
        {
            values[place] = Tree(place, 0, 1);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    // In the order in which messages would have added them.
    private double Tree(int place, int rank, int step)
    {
        var even = RankGroup.EvenRanks(Size);
        return step < even ? Tree(place, rank, 2 * step) + Tree(place, rank + step, 2 * step)
            : rank + even < Size ? _slots.Told(rank)[place] + _slots.Told(rank + even)[place] : _slots.Told(rank)[place];
    }
}
