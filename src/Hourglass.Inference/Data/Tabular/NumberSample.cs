using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hourglass.Data.Tabular;

/// <summary>The training numbers of a column: all, or a seeded sample, from a schedule that all columns share.</summary>
/// <param name="schedule">Which numbers enter; null to count them only.</param>
/// <param name="before">Training numbers of the column that others have seen before the first one here.</param>
internal sealed class NumberSample(SampleSchedule? schedule, long before = 0)
{
    private readonly double[]? _placed = before > 0 ? Nowhere() : null; // by those who come after others: they do not hold what these have seen; NaN where nothing was placed
    private int _entry = EntryFrom(schedule, before); // of the schedule, that comes next

    /// <summary>Numbers seen, those of others before included.</summary>
    public long Count { get; private set; } = before;

    /// <summary>The sample, of whoever is the first.</summary>
    public List<double> Values { get; } = [];

    /// <summary>Takes a number that others may have to be let pass for.</summary>
    public void Add(double value)
    {
        schedule?.Reach(Count);
        Keep(value);
    }

    /// <summary>Takes the numbers of a block; the schedule reaches as far.</summary>
    /// <param name="numbers">[row]; NaN where the value is missing.</param>
    /// <param name="training">Rows that train, in order.</param>
    /// <param name="hasMissing">Whether values are missing.</param>
    public void Add(ReadOnlySpan<double> numbers, int[] training, bool hasMissing)
    {
        if (hasMissing || (schedule is not null && Count < SampleSchedule.Size))
        {
            foreach (var row in training)
            {
                if (!double.IsNaN(numbers[row]))
                {
                    Keep(numbers[row]);
                }
            }

            return;
        }

        var entries = schedule is null ? [] : schedule.Drawn;
        var values = _placed ?? CollectionsMarshal.AsSpan(Values);
        for (; _entry < entries.Length && entries[_entry].Number - Count < training.Length; _entry++)
        {
            values[entries[_entry].Place] = numbers[training[(int)(entries[_entry].Number - Count)]];
        }

        Count += training.Length;
    }

    /// <summary>Takes a whole sample.</summary>
    /// <param name="values">In their places.</param>
    /// <param name="count">Numbers that it is of.</param>
    public void Take(double[] values, long count)
    {
        Values.AddRange(values);
        Count = count;
    }

    /// <summary>Takes a column of a block, of which some fields may be dates or no numbers at all.</summary>
    /// <param name="block">The rows.</param>
    /// <param name="column">Which of their columns.</param>
    /// <param name="training">Rows that train, in order.</param>
    /// <param name="decimalMark">Before decimals.</param>
    public void Add(TableBlock block, int column, int[] training, char decimalMark)
    {
        var numbers = new double[block.Rows];
        if (block.TryNumbers(column, numbers))
        {
            Add(numbers, training, hasMissing: true);
            return;
        }

        foreach (var row in training)
        {
            var text = block.Text(row, column);
            if (!Numbers.IsMissing(text) && (Numbers.TryParse(text, decimalMark, out var value) || Numbers.TryParseDate(text, out value)))
            {
                Keep(value);
            }
        }
    }

    /// <summary>Writes what entered the sample here, with the places it took.</summary>
    public void Write(BinaryWriter writer)
    {
        ReadOnlySpan<double> all = _placed ?? CollectionsMarshal.AsSpan(Values);
        var (places, values) = (new List<int>(), new List<double>());
        for (var place = 0; place < all.Length; place++)
        {
            if (!double.IsNaN(all[place]))
            {
                places.Add(place);
                values.Add(all[place]);
            }
        }

        writer.Write(places.Count);
        writer.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(places)));
        writer.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(values)));
    }

    /// <summary>Takes what entered at those who came after, in their order.</summary>
    /// <param name="reader">Of what they have written.</param>
    public void Join(BinaryReader reader)
    {
        var count = reader.ReadInt32();
        var (places, values) = (reader.ReadBytes(sizeof(int) * count), reader.ReadBytes(sizeof(double) * count));
        for (var entry = 0; entry < count; entry++)
        {
            Put(MemoryMarshal.Cast<byte, int>(places)[entry], MemoryMarshal.Cast<byte, double>(values)[entry]);
        }
    }

    // The schedule reaches as far as the numbers that have passed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Keep(double value)
    {
        if (schedule is not null)
        {
            if (Count < SampleSchedule.Size)
            {
                Put((int)Count, value);
            }
            else if (schedule[_entry] is var (number, place) && number == Count)
            {
                Put(place, value);
                _entry++;
            }
        }

        Count++;
    }

    private void Put(int place, double value)
    {
        if (_placed is not null)
        {
            _placed[place] = value;
        }
        else if (place == Values.Count)
        {
            Values.Add(value);
        }
        else
        {
            Values[place] = value;
        }
    }

    private static double[] Nowhere()
    {
        var values = new double[SampleSchedule.Size];
        Array.Fill(values, double.NaN);
        return values;
    }

    private static int EntryFrom(SampleSchedule? schedule, long number)
    {
        schedule?.Reach(number);
        var entry = 0;
        while (number > 0 && schedule?[entry].Number < number)
        {
            entry++;
        }

        return entry;
    }
}
