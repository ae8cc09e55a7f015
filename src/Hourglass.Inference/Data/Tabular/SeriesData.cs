using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>From a table's rows to windows of them.</summary>
internal static class SeriesData
{
    /// <summary>Windows for training: the last share of the time validates, and windows that reach across the border are left out.</summary>
    public static PreparedData Prepare(PreparedData rows, WindowOptions window, double validation)
    {
        var store = Windows(rows, window);
        var border = (long)Math.Round(rows.Samples.Count * (1 - validation));
        var (training, held) = (new List<long>(), new List<long>());
        for (var number = 0L; number < store.Count; number++)
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

    /// <summary>All windows.</summary>
    public static PreparedData Apply(PreparedData rows, WindowOptions window)
    {
        var store = Windows(rows, window);
        return Wrapped(rows, store, window, new SampleSplit([.. Enumerable.Range(0, (int)store.Count).Select(number => (long)number)], []));
    }

    private static SampleStore Windows(PreparedData rows, WindowOptions window) => rows.Samples.Count >= window.Steps
        ? SampleStore.Windows(rows.Samples, window.Steps, window.Stride)
        : throw new DataException($"{rows.Description.Source}: holds {rows.Samples.Count} rows, fewer than a window of {window.Steps}. Give a smaller --window.");

    // A window is labelled by its last row.
    private static PreparedData Wrapped(PreparedData rows, SampleStore store, WindowOptions window, SampleSplit split) => new()
    {
        Samples = store,
        Preprocessing = new SeriesPreprocessing { Rows = (TablePreprocessing)rows.Preprocessing, Steps = window.Steps, Stride = window.Stride },
        Split = split,
        Labels = rows.Labels is { } labels ? labels with { Codes = [.. Enumerable.Range(0, (int)store.Count).Select(number => labels.Codes[(number * window.Stride) + window.Steps - 1])] } : null,
        Identifiers = rows.Identifiers is { } names ? [.. Enumerable.Range(0, (int)store.Count).Select(number => names[(number * window.Stride) + window.Steps - 1])] : null,
        Description = rows.Description with { Samples = store.Count, Notes = [.. rows.Description.Notes, $"Windows: {store.Count} of {window.Steps} rows, {window.Stride} apart."] },
    };
}
