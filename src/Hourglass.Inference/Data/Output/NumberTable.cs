namespace Hourglass.Data.Output;

/// <summary>Columns of single-precision numbers that come in blocks of rows, after texts that name the rows.</summary>
public sealed class NumberTable
{
    /// <summary>Names of the columns of numbers.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>Columns of texts, which stand first; .npy and .npz leave them out.</summary>
    public IReadOnlyList<TextColumn> Texts { get; init; } = [];

    /// <summary>Rows that will come.</summary>
    public required long Count { get; init; }

    /// <summary>[row, column], any number of rows each; asked for as they are written.</summary>
    public required IEnumerable<float[]> Blocks { get; init; }
}

/// <summary>A column of texts.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Text">The text of a row, counted from 0; null for nothing.</param>
public sealed record TextColumn(string Name, Func<long, string?> Text);
