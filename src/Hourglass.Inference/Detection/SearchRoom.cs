using Hourglass.Kernels;

namespace Hourglass.Detection;

/// <summary>Memory in which one thread searches for up to <see cref="SketchIndex.MostQueries"/> queries.</summary>
internal sealed unsafe class SearchRoom
{
    private const int Queries = SketchIndex.MostQueries;
    private readonly int _width;
    private readonly PinnedFloats _rows;
    private readonly PinnedFloats _sketches;
    private readonly PinnedFloats _visitors;
    private readonly PinnedFloats _products;
    private readonly PinnedFloats _scratch;
    private readonly PinnedFloats _coordinates;
    private readonly PinnedFloats _bounds;
    private readonly PinnedFloats _marks; // least bounds, limits and homes
    private readonly (double Farthest, float LeastProduct)[] _reach = new (double, float)[Queries];
    private Candidate[] _candidates = new Candidate[1024];
    private int[] _places = [];
    private int _count;

    /// <summary>Takes memory.</summary>
    /// <param name="length">Values in a row.</param>
    /// <param name="width">Values in a sketch.</param>
    /// <param name="leafRows">Rows in a leaf at most.</param>
    /// <param name="leaves">How many.</param>
    public SearchRoom(int length, int width, int leafRows, int leaves)
    {
        _width = width;
        (_rows, _sketches, _visitors) = (new PinnedFloats((long)Queries * DenseMap.Stride(length)), new PinnedFloats((long)Queries * DenseMap.Stride(width)), new PinnedFloats((long)Queries * DenseMap.Stride(width)));
        (_products, _scratch) = (new PinnedFloats((long)Queries * DenseMap.Stride(leafRows)), new PinnedFloats(DenseMap.TileRows * (long)DenseMap.Stride(length)));
        (_coordinates, _bounds, _marks) = (new PinnedFloats((long)Queries * width), new PinnedFloats((long)Queries * leaves), new PinnedFloats(3L * Queries));
    }

    /// <summary>[row, value], about the centre.</summary>
    public float* Rows => _rows.Pointer;

    /// <summary>[query, value].</summary>
    public float* Sketches => _sketches.Pointer;

    /// <summary>Sketches of the queries that visit a leaf, [visitor, value].</summary>
    public float* Visitors => _visitors.Pointer;

    /// <summary>[visitor, row of the leaf].</summary>
    public float* Products => _products.Pointer;

    /// <summary>For the kernels.</summary>
    public float* Scratch => _scratch.Pointer;

    /// <summary>Squared distances from the centre of each query and of its sketch.</summary>
    public (double Row, double Sketch)[] Squares { get; } = new (double, double)[Queries];

    /// <summary>Sketches the other way round, [value, query].</summary>
    public float* Coordinates => _coordinates.Pointer;

    /// <summary>Squared distances of sketches from boxes, [leaf, query].</summary>
    public float* Bounds => _bounds.Pointer;

    /// <summary>The least of each query's bounds.</summary>
    public float* Least => _marks.Pointer;

    /// <summary>The squared distance beyond which a box holds no near row for a query.</summary>
    public float* Limits => _marks.Pointer + Queries;

    /// <summary>The leaf where each query begins.</summary>
    public int* Home => (int*)(_marks.Pointer + (2 * Queries));

    /// <summary>Which query each visitor is.</summary>
    public int[] Visiting { get; } = new int[Queries];

    /// <summary>Rows to be measured.</summary>
    public ReadOnlySpan<Candidate> Candidates => _candidates.AsSpan(0, _count);

    /// <summary>A query's sketch.</summary>
    public Span<float> Sketch(int query) => _sketches.Span((long)query * DenseMap.Stride(_width), _width);

    /// <summary>Prepares for a search.</summary>
    /// <param name="count">Queries whose sketches are compared with boxes.</param>
    public void Begin(int count)
    {
        new Span<float>(Least, 2 * Queries).Fill(float.PositiveInfinity);
        new Span<int>(Home, Queries).Clear();
        for (var query = 0; query < count; query++)
        {
            for (var place = 0; place < _width; place++)
            {
                Coordinates[(place * Queries) + query] = Sketches[((long)query * DenseMap.Stride(_width)) + place];
            }
        }
    }

    /// <summary>The distance within which a query has found enough rows.</summary>
    public double Farthest(int query) => _reach[query].Farthest;

    /// <summary>The product that a row within that distance has at least.</summary>
    public float LeastProduct(int query) => _reach[query].LeastProduct;

    /// <summary>Narrows down how far a query looks.</summary>
    public void Bound(int query, double farthest, float leastProduct) => _reach[query] = (farthest, leastProduct);

    /// <summary>Adds a row to be measured.</summary>
    public void Add(Candidate candidate)
    {
        if (_count == _candidates.Length)
        {
            Array.Resize(ref _candidates, 2 * _count);
        }

        _candidates[_count++] = candidate;
    }

    /// <summary>Takes all rows off the list.</summary>
    public void Forget() => _count = 0;

    /// <summary>Places of the largest products, largest first; valid until the next call.</summary>
    /// <param name="products">As many as are wanted, or more.</param>
    /// <param name="wanted">How many.</param>
    public ReadOnlySpan<int> Largest(ReadOnlySpan<float> products, int wanted)
    {
        if (_places.Length < wanted)
        {
            _places = new int[wanted];
        }

        var held = 0;
        for (var place = 0; place < products.Length; place++)
        {
            place = held < wanted ? place : SketchIndex.NoneFrom(products, place, products[_places[wanted - 1]]);
            if (place == products.Length)
            {
                break;
            }

            var rank = held = Math.Min(held + 1, wanted);
            for (rank--; rank > 0 && products[place] > products[_places[rank - 1]]; rank--)
            {
                _places[rank] = _places[rank - 1];
            }

            _places[rank] = place;
        }

        return _places.AsSpan(0, wanted);
    }

    /// <summary>Takes a query along to a leaf.</summary>
    public void Visit(int query, int visitor)
    {
        Sketch(query).CopyTo(_visitors.Span((long)visitor * DenseMap.Stride(_width), _width));
        Visiting[visitor] = query;
    }
}

/// <summary>A row that may be near a query.</summary>
/// <param name="Query">The query's place.</param>
/// <param name="Row">The row.</param>
/// <param name="Product">Of their sketches, with the row's bias.</param>
internal readonly record struct Candidate(int Query, int Row, float Product);
