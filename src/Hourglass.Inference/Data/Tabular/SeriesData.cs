using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>From a table's rows to windows of them.</summary>
internal static class SeriesData
{
    private const double Gap = 3; // usual times between rows

    /// <summary>Windows for training: the last share of the time validates; windows that reach across the border or a gap in time are left out.</summary>
    public static PreparedData Prepare(PreparedData rows, WindowOptions window, double validation)
    {
        var store = Windows(rows, window);
        var border = HoldOut.Border(rows.Samples.Count, validation);
        var (training, held) = (new List<long>(), new List<long>());
        foreach (var number in Whole(rows, store.Count, window))
        {
            var first = number * window.Stride;
            if (first + window.Steps <= border)
            {
                training.Add(number);
            }
            else if (first >= border)
            {
                held.Add(number);
            }
        }

        return Wrapped(rows, store, window, new SampleSplit([.. training], [.. held]));
    }

    /// <summary>All windows; those that reach across a gap in time are left out of the split.</summary>
    public static PreparedData Apply(PreparedData rows, WindowOptions window)
    {
        var store = Windows(rows, window);
        return Wrapped(rows, store, window, new SampleSplit([.. Whole(rows, store.Count, window)], []));
    }

    private static SampleStore Windows(PreparedData rows, WindowOptions window) => rows.Samples.Count >= window.Steps
        ? SampleStore.Windows(rows.Samples, window.Steps, window.Stride)
        : throw new DataException($"{rows.Description.Source}: holds {rows.Samples.Count} rows, fewer than a window of {window.Steps}. Give a smaller --window.");

    // Windows without a gap; all of them where rows have no times.
    private static IEnumerable<long> Whole(PreparedData rows, long count, WindowOptions window)
    {
        var gaps = Gaps(rows.Times ?? []); // rows that a gap follows
        var next = 0;
        for (var number = 0L; number < count; number++)
        {
            var first = number * window.Stride;
            while (next < gaps.Count && gaps[next] < first)
            {
                next++;
            }

            if (next == gaps.Count || gaps[next] >= first + window.Steps - 1)
            {
                yield return number;
            }
        }
    }

    private static List<int> Gaps(IReadOnlyList<double> times)
    {
        var waits = times.Skip(1).Zip(times, (later, earlier) => later - earlier).ToArray();
        var usual = waits.Where(wait => wait > 0).Order().ToArray();
        return usual.Length == 0 ? [] : [.. Enumerable.Range(0, waits.Length).Where(row => waits[row] > Gap * usual[usual.Length / 2])];
    }

    // A window is labelled by its last row.
    private static PreparedData Wrapped(PreparedData rows, SampleStore store, WindowOptions window, SampleSplit split) => new()
    {
        Samples = store,
        Preprocessing = new SeriesPreprocessing { Rows = (TablePreprocessing)rows.Preprocessing, Steps = window.Steps, Stride = window.Stride },
        Split = split,
        Labels = rows.Labels is { } labels ? labels with { Codes = [.. Enumerable.Range(0, (int)store.Count).Select(number => labels.Codes[(number * window.Stride) + window.Steps - 1])] } : null,
        Identifiers = rows.Identifiers is { } names ? [.. Enumerable.Range(0, (int)store.Count).Select(number => names[(number * window.Stride) + window.Steps - 1])] : null,
        IsReused = rows.IsReused,
        Rows = new SeriesRows((int)rows.Samples.Count, window.Stride, rows.Labels, rows.Identifiers, rows.Times),
        Description = rows.Description with { Samples = store.Count, Notes = [.. rows.Description.Notes, $"Windows: {store.Count} of {window.Steps} rows, {window.Stride} apart.", .. GapNote(rows)] },
    };

    private static IEnumerable<string> GapNote(PreparedData rows) => Gaps(rows.Times ?? []).Count is var gaps and > 0
        ? [$"Gaps in time: {gaps}; windows that reach across one are left out."]
        : [];
}
