using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data;

/// <summary>Samples ready for a model, with everything that is known about where they came from.</summary>
public sealed class PreparedData : IDisposable
{
    /// <summary>Model inputs, memory-mapped.</summary>
    public required SampleStore Samples { get; init; }

    /// <summary>How the inputs were made from raw data, and the way back.</summary>
    public required SamplePreprocessing Preprocessing { get; init; }

    /// <summary>What was read: for people to see, for the report and for training.json.</summary>
    public required DataDescription Description { get; init; }

    /// <summary>Which samples train and which validate; everything in Training when nothing was held out.</summary>
    public required SampleSplit Split { get; init; }

    /// <summary>Labels, where the source has them; never model input.</summary>
    public SampleLabels? Labels { get; init; }

    /// <summary>Values of the identifier column, where one was named or found.</summary>
    public IReadOnlyList<string>? Identifiers { get; init; }

    /// <summary>For rows of a series, when each was: seconds since 2000-01-01, NaN where that is missing; null without such a column.</summary>
    public IReadOnlyList<double>? Times { get; init; }

    /// <summary>For windows of a table's rows: the rows they were cut from; else null.</summary>
    public SeriesRows? Rows { get; init; }

    /// <summary>Whether the samples come from a store that was kept, and the source was not read.</summary>
    public bool IsReused { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Samples.Dispose();

    /// <summary>The same samples, split in another way.</summary>
    internal PreparedData With(SampleSplit split) => With(Samples, split, IsReused);

    /// <summary>The same with its samples in another place.</summary>
    internal PreparedData With(SampleStore samples, bool isReused = false) => With(samples, Split, isReused);

    private PreparedData With(SampleStore samples, SampleSplit split, bool isReused) =>
        new() { Samples = samples, Preprocessing = Preprocessing, Description = Description, Split = split, Labels = Labels, Identifiers = Identifiers, Times = Times, Rows = Rows, IsReused = isReused };
}

/// <summary>The rows of a table that windows were cut from.</summary>
/// <param name="Count">How many.</param>
/// <param name="Stride">Rows from one window to the next; the first window starts at the first row.</param>
/// <param name="Labels">One for each row, where the source has them.</param>
/// <param name="Identifiers">One for each row, where a column was named or found.</param>
/// <param name="Times">When each row was: seconds since 2000-01-01, NaN where that is missing; null without such a column.</param>
public sealed record SeriesRows(int Count, int Stride, SampleLabels? Labels, IReadOnlyList<string>? Identifiers, IReadOnlyList<double>? Times)
{
    /// <summary>What people call a row: its time, else its identifier; null where it has neither.</summary>
    /// <param name="row">Which row, counted from 0.</param>
    public string? NameOf(int row) => Times is { } times && double.IsFinite(times[row]) ? Tabular.Numbers.WriteDate(times[row]) : Identifiers?[row];
}

/// <summary>Sample numbers of the two parts, each ascending.</summary>
/// <param name="Training">Samples that train.</param>
/// <param name="Validation">Samples that are held out; empty when nothing was.</param>
public sealed record SampleSplit(long[] Training, long[] Validation);

/// <summary>One label for each sample.</summary>
/// <param name="Names">Distinct labels, in order of first appearance or numeric order.</param>
/// <param name="Codes">For each sample, the place of its label in <paramref name="Names"/>; -1 where it is missing.</param>
public sealed record SampleLabels(IReadOnlyList<string> Names, int[] Codes);

/// <summary>What was read from a source.</summary>
public sealed record DataDescription
{
    /// <summary>Path or built-in name.</summary>
    public required string Source { get; init; }

    /// <summary>"csv", "parquet", "npy", "npz", "idx", "cifar", "images", "glyphs", "telemetry", ...</summary>
    public required string Format { get; init; }

    /// <summary>Samples read.</summary>
    public required long Samples { get; init; }

    /// <summary>SHA-256 of the source's bytes (of every file's bytes, in order, for a folder), lower-case hexadecimal.</summary>
    public required string Hash { get; init; }

    /// <summary>For tables, the columns with the inferred kinds; empty otherwise.</summary>
    public IReadOnlyList<ColumnDescription> Columns { get; init; } = [];

    /// <summary>Repairs and oddities, a sentence each: rows skipped (with lines), values imputed, columns left out.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>What was inferred about one column.</summary>
/// <param name="Name">Header, or "column 3" without one.</param>
/// <param name="Kind">numeric, categorical, boolean, date-time, constant, identifier, text; or label, ignored.</param>
/// <param name="Missing">How many values are missing.</param>
/// <param name="Distinct">How many distinct values were seen (counting stops at a documented bound).</param>
/// <param name="Treatment">What becomes of it, in words: "standard scaling", "one-hot, 7 categories", "left out: identifier".</param>
public sealed record ColumnDescription(string Name, string Kind, long Missing, long Distinct, string Treatment);
