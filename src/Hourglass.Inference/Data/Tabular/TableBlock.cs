using System.Buffers;

namespace Hourglass.Data.Tabular;

/// <summary>A table in blocks of consecutive rows that several threads can read at once: the quick way in, for tables without a single flaw.</summary>
/// <remarks>A block that is not flawless is not repaired here: the caller then reads the whole table by its rows, which names file, line and column.</remarks>
internal abstract class TableBlocks : IDisposable
{
    /// <summary>Blocks, in order of their rows.</summary>
    public abstract int Count { get; }

    /// <summary>Reads a block; safe for concurrent calls.</summary>
    /// <param name="number">Its number, from 0.</param>
    /// <returns>Null where a row has a flaw.</returns>
    public abstract TableBlock? Read(int number);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Some rows of a table.</summary>
internal abstract class TableBlock
{
    /// <summary>Rows held.</summary>
    public abstract int Rows { get; }

    /// <summary>A column's numbers.</summary>
    /// <param name="column">Its number.</param>
    /// <param name="numbers">Receives [row]; NaN where the value is missing.</param>
    /// <returns>False where a value is neither missing nor a number.</returns>
    public abstract bool TryNumbers(int column, Span<double> numbers);

    /// <summary>A field as the rows would give it; null for nothing.</summary>
    public abstract string? Text(int row, int column);

    /// <summary>Adds the bytes of a field, in UTF-8.</summary>
    public abstract void CopyText(int row, int column, IBufferWriter<byte> destination);
}
