namespace Hourglass.Data.Output;

/// <summary>What a command has to write: named columns of equal length, or one matrix.</summary>
public sealed class ResultTable
{
    /// <summary>Column names, in order.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>Rows of cells, streamed; each as long as <see cref="Columns"/>.</summary>
    public required IEnumerable<Preprocessing.Cell[]> Rows { get; init; }

    /// <summary>Which columns are text.</summary>
    public required IReadOnlyList<bool> IsText { get; init; }

    /// <summary>Shape of one row for .npy and .npz, when it is more than a vector: a picture's [channel, height, width].</summary>
    public IReadOnlyList<int>? RowShape { get; init; }
}
