using System.Runtime.InteropServices;

namespace Hourglass.Data.Tabular;

/// <summary>Which of the numbers that pass by enter a uniform sample of a fixed size, and in whose place; the same for all columns of a table.</summary>
/// <remarks>A draw only for those that enter: Li 1994, https://doi.org/10.1145/198429.198435, algorithm L.</remarks>
internal sealed class SampleSchedule(int seed)
{
    /// <summary>Numbers held: quantiles are exact up to so many.</summary>
    public const int Size = 100_000;

    private readonly Random _random = new(seed);
    private readonly List<(long Number, int Place)> _entries = [];
    private double _weight = 1;
    private long _last = Size - 1;

    /// <summary>An entry: the number that enters, counted from 0, and the place it takes. Only entries that <see cref="Reach"/> has drawn may be asked for.</summary>
    public (long Number, int Place) this[int entry] => _entries[entry];

    /// <summary>All entries that are drawn.</summary>
    public ReadOnlySpan<(long Number, int Place)> Drawn => CollectionsMarshal.AsSpan(_entries);

    /// <summary>Draws all entries up to a number and one more, so that others may read them at the same time.</summary>
    public void Reach(long number)
    {
        while (_entries.Count == 0 || _entries[^1].Number < number)
        {
            _weight *= Math.Exp(Math.Log(1 - _random.NextDouble()) / Size);
            _last += 1 + (long)(Math.Log(1 - _random.NextDouble()) / Math.Log(1 - _weight));
            _entries.Add((_last, _random.Next(Size)));
        }
    }

    /// <summary>The sample of so many numbers: those that no later one takes the place of.</summary>
    /// <param name="count">How many.</param>
    /// <returns>In the numbers' order.</returns>
    public List<(long Number, int Place)> Left(long count)
    {
        Reach(count);
        var last = new long[Math.Min(count, Size)]; // in each place
        for (var place = 0; place < last.Length; place++)
        {
            last[place] = place;
        }

        var entered = _entries.TakeWhile(entry => entry.Number < count).ToList();
        entered.ForEach(entry => last[entry.Place] = entry.Number);
        return [.. Enumerable.Range(0, last.Length).Where(place => last[place] == place).Select(place => ((long)place, place)), .. entered.Where(entry => last[entry.Place] == entry.Number)];
    }
}
