namespace Hourglass.Data.Tabular;

/// <summary>The samples of a table's columns, taken once all rows have passed, where their numbers are still at hand: those whose place another takes are never touched.</summary>
/// <param name="schedule">Of the samples.</param>
/// <param name="kept">The numbers.</param>
/// <param name="splits">Of each block.</param>
internal sealed class LateSamples(SampleSchedule schedule, KeptBlocks kept, IReadOnlyList<BlockSplit> splits)
{
    private readonly long _count = splits.Sum(split => (long)split.Training.Length);

    /// <summary>Takes them.</summary>
    /// <param name="columns">Receive them; all else of the rows is known.</param>
    public void Take(ColumnStatistics[] columns)
    {
        var chosen = Chosen();
        Parallel.ForEach(Enumerable.Range(0, columns.Length), () => new double[splits.Max(split => split.IsHeld.Length)], (column, _, room) =>
        {
            if (columns[column].Missing == 0)
            {
                columns[column].Numbers.Take(Sample(column, chosen, room), _count);
            }
            else
            {
                TakeAll(columns[column].Numbers, column, room);
            }

            return room;
        }, _ => { });
    }

    // For each block, rows of the sample, each with its place, where no number is missing.
    private List<(int Row, int Place)[]> Chosen()
    {
        var (left, next, before, chosen) = (schedule.Left(_count), 0, 0L, new List<(int, int)[]>());
        foreach (var training in splits.Select(split => split.Training))
        {
            var first = next;
            while (next < left.Count && left[next].Number < before + training.Length)
            {
                next++;
            }

            chosen.Add([.. left[first..next].Select(entry => (training[(int)(entry.Number - before)], entry.Place))]);
            before += training.Length;
        }

        return chosen;
    }

    private double[] Sample(int column, List<(int Row, int Place)[]> chosen, double[] room)
    {
        var values = new double[chosen.Sum(rows => rows.Length)];
        for (var number = 0; number < splits.Count; number++)
        {
            kept.Numbers(number, column, room.AsSpan(0, splits[number].IsHeld.Length));
            foreach (var (row, place) in chosen[number])
            {
                values[place] = room[row];
            }
        }

        return values;
    }

    private void TakeAll(NumberSample sample, int column, double[] room)
    {
        for (var number = 0; number < splits.Count; number++)
        {
            var numbers = room.AsSpan(0, splits[number].IsHeld.Length);
            kept.Numbers(number, column, numbers);
            sample.Add(numbers, splits[number].Training, hasMissing: true);
        }
    }
}
