using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>A table in blocks of consecutive rows that several threads can read at once: the quick way in, for tables without a single flaw.</summary>
/// <remarks>A block that is not flawless is not repaired here: the caller then reads the whole table by its rows, which names file, line and column.</remarks>
internal abstract class TableBlocks : IDisposable
{
    /// <summary>Blocks, in order of their rows.</summary>
    public abstract int Count { get; }

    /// <summary>Rows of all blocks; 0 where that is not known before they are read.</summary>
    public virtual long Rows => 0;

    /// <summary>The first block of a share, where several read one after another's run.</summary>
    /// <param name="share">Its number, from 0; the number of shares gives what stands after the last.</param>
    /// <param name="shares">How many.</param>
    public virtual int FirstOf(int share, int shares) => (int)((long)Count * share / shares);

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
    /// <summary>Bytes that a number takes, at most, where it is not held as text.</summary>
    public const int LongestNumber = 64;

    /// <summary>Rows held.</summary>
    public abstract int Rows { get; }

    /// <summary>Bytes that the numbers lie in, where all columns are numbers and to ask for them again costs no reading; else 0.</summary>
    public virtual long HeldBytes => 0;

    /// <summary>A column's numbers.</summary>
    /// <param name="column">Its number.</param>
    /// <param name="numbers">Receives [row]; NaN where the value is missing.</param>
    /// <returns>False where a value is neither missing nor a number.</returns>
    public abstract bool TryNumbers(int column, Span<double> numbers);

    /// <summary>The numbers of all columns.</summary>
    /// <param name="columns">How many.</param>
    /// <param name="numbers">Receives [column][row].</param>
    /// <returns>For each column, what <see cref="TryNumbers"/> says.</returns>
    public virtual bool[] AllNumbers(int columns, Span<double> numbers)
    {
        var are = new bool[columns];
        for (var column = 0; column < columns; column++)
        {
            are[column] = TryNumbers(column, numbers.Slice(column * Rows, Rows));
        }

        return are;
    }

    /// <summary>A column's numbers scaled, where the block does that in one pass.</summary>
    /// <param name="column">Its number.</param>
    /// <param name="transform">The scaling.</param>
    /// <param name="scaled">Receives [row].</param>
    /// <returns>False where <see cref="TryNumbers"/> must be asked.</returns>
    public virtual bool TryScaled(int column, NumericTransform transform, Span<float> scaled) => false;

    /// <summary>Gives lent memory back once nobody asks for values any more; blocks that are not released are the collector's.</summary>
    public virtual void Release()
    {
    }

    /// <summary>A field as the rows would give it; null for nothing.</summary>
    public abstract string? Text(int row, int column);

    /// <summary>How the numbers of a column are written, where they are held as such and differ in their texts as they do in their bytes; else null.</summary>
    public virtual Func<double, string>? Written(int column) => null;

    /// <summary>The bytes of a field, in UTF-8.</summary>
    /// <param name="row">Its row.</param>
    /// <param name="column">Its column.</param>
    /// <param name="room">Room for <see cref="LongestNumber"/> bytes, which may be used.</param>
    public abstract ReadOnlySpan<byte> Field(int row, int column, Span<byte> room);

    /// <summary>What the split hashes of a field: the value of a number that is held as such, else the text.</summary>
    /// <param name="row">Its row.</param>
    /// <param name="column">Its column.</param>
    /// <param name="room">Room for <see cref="LongestNumber"/> bytes, which may be used.</param>
    public virtual ReadOnlySpan<byte> Key(int row, int column, Span<byte> room) => Field(row, column, room);

    /// <summary>Whether the key of each field of a column is the bytes of its number, and nothing where it is missing.</summary>
    public virtual bool HasNumberKeys(int column) => false;

    /// <summary>The keys of neighbouring columns at once, where they lie side by side.</summary>
    /// <param name="row">Their row.</param>
    /// <param name="first">First column.</param>
    /// <param name="last">Last column.</param>
    /// <param name="keys">They.</param>
    /// <param name="delimiter">What stands between them.</param>
    /// <returns>False where each must be asked for.</returns>
    public virtual bool TryKeys(int row, int first, int last, out ReadOnlySpan<byte> keys, out byte delimiter)
    {
        keys = default;
        delimiter = 0;
        return false;
    }

    /// <summary>How many numbers of a column are written with zeros before them, like codes.</summary>
    public virtual int LeadingZeros(int column) => 0;
}
