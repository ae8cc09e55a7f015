using Hourglass.Preprocessing;

namespace Hourglass.Data.Streams;

/// <summary>Turns one line into the values of one row, without garbage.</summary>
internal abstract class RowFields
{
    private readonly int[] _starts;
    private readonly bool[] _isFilled;
    private int _filled;

    protected RowFields(TablePreprocessing preprocessing, char decimalMark)
    {
        (Columns, Decimal, Width) = ([.. preprocessing.Columns], decimalMark, preprocessing.SampleShape[0]);
        (_starts, _isFilled) = (new int[Columns.Length], new bool[Columns.Length]);
        for (var column = 1; column < Columns.Length; column++)
        {
            _starts[column] = _starts[column - 1] + Columns[column - 1].Width;
        }
    }

    /// <summary>Values of a row.</summary>
    public int Width { get; }

    /// <summary>The field that names the row, where one was asked for and the line has it.</summary>
    public ReadOnlySpan<char> Identifier => Name.AsSpan(0, NameLength);

    /// <summary>The line that told the columns; null before, and for lines that tell them themselves.</summary>
    public virtual string? Header => null;

    protected ColumnTransform[] Columns { get; }

    protected char Decimal { get; }

    protected char[] Name { get; } = new char[128];

    protected int NameLength { get; set; }

    /// <summary>Takes a line that may tell the columns: the first of a file.</summary>
    /// <returns>Whether it did, and so holds no values.</returns>
    public abstract bool TakeHeader(ReadOnlySpan<byte> line);

    /// <summary>Reads a line.</summary>
    /// <param name="line">Without its end.</param>
    /// <param name="values">Receives <see cref="Width"/> values.</param>
    /// <returns>What is wrong with the line; null when nothing is.</returns>
    public string? Read(ReadOnlySpan<byte> line, Span<float> values)
    {
        values.Clear();
        Array.Clear(_isFilled);
        (_filled, NameLength) = (0, 0);
        if (Split(line, values) is { } fault)
        {
            return fault;
        }

        for (var column = 0; _filled < Columns.Length && column < Columns.Length; column++)
        {
            if (!_isFilled[column] && Fill(column, default, values) is { } missing)
            {
                return missing;
            }
        }

        return null;
    }

    /// <summary>Takes the line apart and gives each field to <see cref="Fill"/>.</summary>
    protected abstract string? Split(ReadOnlySpan<byte> line, Span<float> values);

    /// <summary>Fills the values of one column.</summary>
    protected string? Fill(int column, ReadOnlySpan<char> field, Span<float> values)
    {
        var transform = Columns[column];
        return Begin(column)
            ?? (transform.Apply(field, Decimal, values.Slice(_starts[column], transform.Width)) ? null : $"column '{transform.Name}': expected {transform.Expected}, found '{Short(field)}'.");
    }

    /// <summary>Fills the value of a column of numbers.</summary>
    /// <returns>False where a text must be looked at: the column holds other things, the number is too large, or the column is filled already.</returns>
    protected bool TryFill(int column, double number, Span<float> values)
    {
        if (Columns[column] is not NumericTransform transform || _isFilled[column] || !transform.TryForward(number, out values[_starts[column]]))
        {
            return false;
        }

        _ = Begin(column);
        return true;
    }

    private string? Begin(int column)
    {
        if (_isFilled[column])
        {
            return $"'{Columns[column].Name}' stands there twice.";
        }

        _isFilled[column] = true;
        _filled++;
        return null;
    }

    /// <summary>Keeps the field that names the row.</summary>
    protected void Remember(ReadOnlySpan<char> field)
    {
        NameLength = Math.Min(field.Length, Name.Length);
        field[..NameLength].CopyTo(Name);
    }

    protected static string Short(ReadOnlySpan<char> text) => text.Length > 40 ? $"{text[..40]}..." : text.ToString();
}
