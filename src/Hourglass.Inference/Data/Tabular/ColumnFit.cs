using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>From a column's statistics to its transform.</summary>
internal static class ColumnFit
{
    private const int OneHotCategories = 32;
    private const int HashBuckets = 64;

    /// <summary>The transform and what it does, in words; null for columns that are left out.</summary>
    public static (ColumnTransform? Transform, string Treatment) Fit(ColumnStatistics column, ColumnKind kind, PreparationOptions options) => kind switch
    {
        ColumnKind.Numeric when column.Values.Count > 0 => Numeric(column, HasMissing(column, options), options.Scaling ?? (options.ByTime ? null : options.TableScaling)),
        ColumnKind.DateTime when column.Values.Count > 0 => options.ByTime ? Calendar(column, HasMissing(column, options)) : Date(column, HasMissing(column, options)),
        ColumnKind.Boolean => Boolean(column, HasMissing(column, options)),
        ColumnKind.Categorical => Category(column, HasMissing(column, options)),
        ColumnKind.Constant => options.KeepsConstants ? Constant(column) : (null, "left out: constant"),
        ColumnKind.Identifier => (null, "left out: identifier"),
        ColumnKind.Text => (null, "left out: free text"),
        _ => (null, "left out: no training row has a value"),
    };

    private static (ColumnTransform, string) Numeric(ColumnStatistics column, bool hasMissing, Scaling? wish)
    {
        var values = new OrderedValues([.. column.Values]);
        var scaling = wish ?? (IsHeavyTailed(values) ? Scaling.Quantile : Scaling.Standard);
        var transform = new NumericTransform { Name = column.Name, Scaling = scaling, Imputed = values.Quantile(0.5), HasMissingIndicator = hasMissing };
        transform = scaling switch
        {
            Scaling.None => transform,
            Scaling.Robust => transform with { Offset = values.Quantile(0.5), Scale = NotZero(values.Quantile(0.75) - values.Quantile(0.25)) },
            Scaling.MinMax => transform with { Offset = values.Minimum, Scale = NotZero(values.Maximum - values.Minimum) },
            Scaling.Quantile => WithQuantiles(transform, values.Sorted()),
            _ => Standard(transform, values.Values),
        };
        var words = transform.Scaling switch { Scaling.MinMax => "min-max", var other => other.ToString().ToLowerInvariant() };
        return (transform, $"{words} scaling{(transform.HasMissingIndicator ? ", missing imputed and flagged" : "")}");
    }

    private static NumericTransform Standard(NumericTransform transform, double[] values)
    {
        var mean = values.Average();
        return transform with { Scaling = Scaling.Standard, Offset = mean, Scale = Deviation(values, mean) };
    }

    // Shares at even steps; equal values share one score, the mean of theirs. Scores are those of a standard normal.
    private static NumericTransform WithQuantiles(NumericTransform transform, double[] sorted)
    {
        var steps = Math.Min(NumericTransform.MaximumQuantiles, sorted.Length);
        var groups = Enumerable.Range(0, steps)
            .Select(step => (Value: sorted[(int)((long)step * (sorted.Length - 1) / Math.Max(1, steps - 1))], Share: (step + 0.5) / steps))
            .GroupBy(entry => entry.Value).Select(group => (group.Key, Share: group.Average(entry => entry.Share))).ToList();
        return groups.Count < 2
            ? Standard(transform, sorted)
            : transform with { Quantiles = [.. groups.Select(group => group.Key)], Scores = [.. groups.Select(group => NormalQuantile.Of(group.Share))] };
    }

    // An extreme more than 15 interquartile ranges from the median squeezes everything else under standard scaling.
    private static bool IsHeavyTailed(OrderedValues values)
    {
        var (median, range) = (values.Quantile(0.5), values.Quantile(0.75) - values.Quantile(0.25));
        return range > 0 && Math.Max(values.Maximum - median, median - values.Minimum) > 15 * range;
    }

    private static (ColumnTransform, string) Date(ColumnStatistics column, bool hasMissing)
    {
        double[] values = [.. column.Values];
        var mean = values.Average();
        return (new DateTimeTransform
        {
            Name = column.Name,
            Offset = mean,
            Scale = Deviation(values, mean),
            Imputed = new OrderedValues(values).Quantile(0.5),
            HasMissingIndicator = hasMissing,
        }, "standardised seconds and time of day");
    }

    // In series the model looks at rows later than those it learnt from.
    private static (ColumnTransform, string) Calendar(ColumnStatistics column, bool hasMissing) =>
        (new CalendarTransform { Name = column.Name, Imputed = new OrderedValues([.. column.Values]).Quantile(0.5), HasMissingIndicator = hasMissing }, "time of day and of week");

    private static (ColumnTransform, string) Boolean(ColumnStatistics column, bool hasMissing)
    {
        string[] truths = ["true", "yes", "t", "y", "1", "on"];
        var yes = column.Distinct.Keys.First(text => truths.Contains(text.ToLowerInvariant()));
        var no = column.Distinct.Keys.First(text => text != yes);
        return (new BooleanTransform { Name = column.Name, True = yes, False = no, Imputed = column.Distinct[yes] > column.Distinct[no], HasMissingIndicator = hasMissing }, $"0 for {no}, 1 for {yes}");
    }

    private static (ColumnTransform, string) Category(ColumnStatistics column, bool hasMissing)
    {
        var categories = column.Distinct.Where(pair => pair.Value > 0).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Key).ToList();
        if (categories.Count == 0)
        {
            return (null!, "left out: no training row has a value");
        }

        if (categories.Count <= OneHotCategories)
        {
            return (new CategoryTransform { Name = column.Name, Categories = categories, HasMissing = hasMissing }, $"one-hot, {categories.Count} categories{(hasMissing ? " and missing" : "")}");
        }

        var commonest = new string?[HashBuckets];
        foreach (var category in categories)
        {
            commonest[HashTransform.BucketOf(category, HashBuckets)] ??= category;
        }

        return (new HashTransform { Name = column.Name, Buckets = HashBuckets, Commonest = commonest, HasMissingIndicator = hasMissing }, $"{categories.Count} categories hashed to {HashBuckets}");
    }

    private static (ColumnTransform, string) Constant(ColumnStatistics column)
    {
        var value = column.Distinct.Keys.FirstOrDefault();
        return (new ConstantTransform { Name = column.Name, Value = value, HasMissingIndicator = value is not null && column.Missing > 0 }, value is null ? "watched: always empty" : $"watched: always {value}");
    }

    private static bool HasMissing(ColumnStatistics column, PreparationOptions options) => (options.KeepsConstants ? column.Missing : column.TrainingMissing) > 0;

    private static double Deviation(double[] values, double mean) => NotZero(Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / values.Length));

    private static double NotZero(double scale) => scale > 1e-12 && double.IsFinite(scale) ? scale : 1;
}
