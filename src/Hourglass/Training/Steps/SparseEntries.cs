namespace Hourglass.Training.Steps;

/// <summary>The values of a batch that are not zero: by row, as threads fill them in, and turned by column, as the gradients of weights need them.</summary>
internal sealed class SparseEntries
{
    private readonly int[][] _columns;
    private readonly float[][] _values;
    private readonly float[][] _gradients;
    private readonly int[] _counts;
    private readonly int[] _starts; // of each column's entries, [column + 1]
    private int[] _rows = [];
    private int[] _samples = [];
    private float[] _turnedValues = [];
    private float[] _turnedGradients = [];

    /// <summary>Makes room.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="expected">Entries that a row is likely to have.</param>
    public SparseEntries(int rows, int columns, int expected)
    {
        Columns = columns;
        (_columns, _values, _gradients) = (new int[rows][], new float[rows][], new float[rows][]);
        for (var row = 0; row < rows; row++)
        {
            (_columns[row], _values[row], _gradients[row]) = (new int[expected], new float[expected], new float[expected]);
        }

        (_counts, _starts) = (new int[rows], new int[columns + 1]);
    }

    public int Columns { get; }

    /// <summary>Columns of a row's entries, in ascending order.</summary>
    public ReadOnlySpan<int> Places(int row) => _columns[row].AsSpan(0, _counts[row]);

    public Span<float> Values(int row) => _values[row].AsSpan(0, _counts[row]);

    public Span<float> Gradients(int row) => _gradients[row].AsSpan(0, _counts[row]);

    public void Clear(int row) => _counts[row] = 0;

    /// <summary>Adds an entry to the end of a row.</summary>
    public void Add(int row, int column, float value)
    {
        var count = _counts[row];
        if (count == _columns[row].Length)
        {
            Array.Resize(ref _columns[row], 2 * count);
            Array.Resize(ref _values[row], 2 * count);
            Array.Resize(ref _gradients[row], 2 * count);
        }

        (_columns[row][count], _values[row][count]) = (column, value);
        _counts[row] = count + 1;
    }

    /// <summary>Sorts a batch's entries by column; within a column they stand by row.</summary>
    /// <param name="rows">Samples, a row each.</param>
    /// <param name="offset">Where their second rows start; 0 where there are none.</param>
    public void Turn(int rows, int offset)
    {
        Array.Clear(_starts);
        Count(0, rows);
        Count(offset, offset > 0 ? rows : 0);
        for (var column = 0; column < Columns; column++)
        {
            _starts[column + 1] += _starts[column];
        }

        if (_rows.Length < _starts[Columns])
        {
            var room = Math.Max(_starts[Columns], 2 * _rows.Length);
            (_rows, _samples, _turnedValues, _turnedGradients) = (new int[room], new int[room], new float[room], new float[room]);
        }

        Fill(0, rows);
        Fill(offset, offset > 0 ? rows : 0);
        Array.Copy(_starts, 0, _starts, 1, Columns);
        _starts[0] = 0;
    }

    /// <summary>After <see cref="Turn"/>: rows of a column's entries, in ascending order.</summary>
    public ReadOnlySpan<int> RowsOf(int column) => _rows.AsSpan(_starts[column], _starts[column + 1] - _starts[column]);

    /// <summary>After <see cref="Turn"/>: the samples that the rows belong to.</summary>
    public ReadOnlySpan<int> SamplesOf(int column) => _samples.AsSpan(_starts[column], _starts[column + 1] - _starts[column]);

    /// <summary>After <see cref="Turn"/>.</summary>
    public ReadOnlySpan<float> ValuesOf(int column) => _turnedValues.AsSpan(_starts[column], _starts[column + 1] - _starts[column]);

    /// <summary>After <see cref="Turn"/>.</summary>
    public ReadOnlySpan<float> GradientsOf(int column) => _turnedGradients.AsSpan(_starts[column], _starts[column + 1] - _starts[column]);

    private void Count(int first, int rows)
    {
        for (var row = first; row < first + rows; row++)
        {
            foreach (var column in Places(row))
            {
                _starts[column + 1]++;
            }
        }
    }

    // Each start moves on to its column's end.
    private void Fill(int first, int rows)
    {
        for (var row = first; row < first + rows; row++)
        {
            for (var entry = 0; entry < _counts[row]; entry++)
            {
                var place = _starts[_columns[row][entry]]++;
                (_rows[place], _samples[place], _turnedValues[place], _turnedGradients[place]) = (row, row - first, _values[row][entry], _gradients[row][entry]);
            }
        }
    }
}
