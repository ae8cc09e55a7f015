namespace Hourglass.Detection;

/// <summary>Exact nearest neighbours by Euclidean distance.</summary>
/// <remarks>A few queries are compared with whole rows. Whoever asks often gets an index of short sketches, which finds the same rows sooner.
/// Of equal rows only the first are compared. Queries are shared among threads; results do not depend on them. Safe for concurrent calls.</remarks>
public sealed unsafe class NeighbourSearch
{
    private const int IndexAfter = 256; // queries: making the index takes about as long as so many searches without it
    private readonly float[] _rows;
    private readonly float[] _centre;
    private readonly int _length;
    private readonly Lock _making = new();
    private SketchIndex? _index;
    private int _most; // rows that the index can be asked for
    private long _asked;
    private bool _isSettled;

    /// <summary>Takes the rows to search.</summary>
    /// <param name="rows">[row, value] row-major; kept, not copied.</param>
    /// <param name="length">Values in a row.</param>
    public NeighbourSearch(float[] rows, int length)
    {
        (_rows, _length, Count) = (rows, length, rows.Length / length);
        _centre = new float[length];
        for (var place = 0; place < rows.Length; place++)
        {
            _centre[place % length] += rows[place] / Count;
        }
    }

    /// <summary>Rows to search.</summary>
    public int Count { get; }

    /// <summary>Values in a row.</summary>
    internal int Length => _length;

    /// <summary>A row's values.</summary>
    /// <param name="row">Which row.</param>
    public ReadOnlySpan<float> Row(int row) => _rows.AsSpan(row * _length, _length);

    /// <summary>Values of some rows.</summary>
    internal ReadOnlySpan<float> Rows(int first, int count) => _rows.AsSpan(first * _length, count * _length);

    /// <summary>The nearest rows of each query, nearest first; equal distances in the order of rows.</summary>
    /// <param name="queries">[query, value] row-major.</param>
    /// <param name="wanted">How many, at most <see cref="Count"/>.</param>
    /// <returns>[query, rank] row-major.</returns>
    public Neighbour[] Nearest(ReadOnlySpan<float> queries, int wanted)
    {
        const int Piece = SketchIndex.MostQueries;
        var (count, length) = (queries.Length / _length, _length);
        var results = new Neighbour[count * wanted];
        if (results.Length == 0)
        {
            return results;
        }

        var index = Prepare(count, wanted);
        fixed (float* start = queries)
        {
            var asked = start;
            if (count <= 2 * Piece)
            {
                index.Search(queries, results, wanted);
            }
            else
            {
                Parallel.For(0, (count + Piece - 1) / Piece, Search);
            }

            void Search(int piece)
            {
                var (first, own) = (piece * Piece, Math.Min(Piece, count - (piece * Piece)));
                index.Search(new ReadOnlySpan<float>(asked + ((long)first * length), own * length), results.AsSpan(first * wanted, own * wanted), wanted);
            }
        }

        return results;
    }

    private SketchIndex Prepare(int queries, int wanted)
    {
        lock (_making)
        {
            _asked += queries;
            if (_index is null || wanted > _most || (!_isSettled && _asked >= IndexAfter))
            {
                (_isSettled, _most) = (_asked >= IndexAfter, Math.Max(wanted, _most));
                var rows = EqualRows.FirstOf(_rows, _length, _most);
                _index = new SketchIndex(this, rows, _isSettled ? RowSketch.Fit(EqualRows.Gather(_rows, _length, EqualRows.FirstOf(_rows, _length, 1)), _centre) : RowSketch.Whole(_centre));
            }

            return _index;
        }
    }
}

/// <summary>A near row.</summary>
/// <param name="Row">Its number.</param>
/// <param name="Distance">Euclidean distance.</param>
public readonly record struct Neighbour(int Row, double Distance);
