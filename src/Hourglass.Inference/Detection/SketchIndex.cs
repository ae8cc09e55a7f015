using System.Collections.Concurrent;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hourglass.Kernels;

namespace Hourglass.Detection;

/// <summary>Sketches of all rows, in leaves of rows that lie near each other: boxes say which leaves can hold near rows, products of sketches which rows can be near.</summary>
/// <remarks>|x - r|^2 = |x|^2 - 2 (x r - |r|^2 / 2): the bracket is a dense map with a bias, which the kernels compute for the rows of a leaf and many queries at once.
/// What rounding may add to a distance there is taken off again, so that no near row is passed over. Leaves by medians: Friedman, Bentley and Finkel 1977,
/// https://doi.org/10.1145/355744.355745.</remarks>
internal sealed unsafe class SketchIndex
{
    /// <summary>Queries that are searched for together.</summary>
    public const int MostQueries = 128;

    private const int LeafRows = 128;
    private const int CacheLine = 16; // values
    private static readonly int Lanes = Vector512<float>.Count; // queries that are compared with a box at once
    private const int PanelRows = 512; // of whole rows, which no boxes sort out
    private const int PanelValues = 1 << 17; // half of a second cache of a megabyte
    private const double Rounding = 1.0 / (1 << 22); // four halves of a unit in the last place of single precision, for each value of a row

    private readonly NeighbourSearch _search;
    private readonly RowSketch _sketch;
    private readonly int[] _order; // rows, leaf by leaf
    private readonly Leaf[] _leaves;
    private readonly float[] _boxes; // [leaf, least and largest, value]; empty where boxes would not tell
    private readonly ConcurrentBag<SearchRoom> _rooms = [];
    private readonly double _allowance; // for rounding, as a share of both squared lengths

    public SketchIndex(NeighbourSearch search, int[] rows, RowSketch sketch)
    {
        (_search, _sketch, _order) = (search, sketch, rows);
        _allowance = Rounding * (search.Row(0).Length + DenseMap.TileRows);
        var (sketches, squares) = Sketches();
        if (sketch.IsWhole)
        {
            (_leaves, _boxes) = (Leaves(Math.Clamp(PanelValues / sketch.Width / DenseMap.PanelWidth * DenseMap.PanelWidth, DenseMap.PanelWidth, PanelRows), sketches, squares), []);
            return;
        }

        Sort(sketches, 0, _order.Length);
        _leaves = Leaves(LeafRows, sketches, squares);
        _boxes = new float[2 * _leaves.Length * sketch.Width];
        for (var leaf = 0; leaf < _leaves.Length; leaf++)
        {
            Bound(_leaves[leaf], sketches, _boxes.AsSpan(2 * leaf * sketch.Width, sketch.Width), _boxes.AsSpan(((2 * leaf) + 1) * sketch.Width, sketch.Width));
        }
    }

    /// <summary>The nearest rows of each query, nearest first; equal distances in the order of rows.</summary>
    /// <param name="queries">[query, value].</param>
    /// <param name="results">Receives [query, rank].</param>
    /// <param name="wanted">How many, at most the rows there are.</param>
    public void Search(ReadOnlySpan<float> queries, Span<Neighbour> results, int wanted)
    {
        var length = _search.Length;
        var room = _rooms.TryTake(out var used) ? used : new SearchRoom(length, _sketch.Width, _leaves[0].Count, _leaves.Length);
        results.Fill(new Neighbour(int.MaxValue, double.PositiveInfinity));
        for (var first = 0; first < queries.Length / length; first += MostQueries)
        {
            var count = Math.Min(MostQueries, (queries.Length / length) - first);
            var task = new Work(queries.Slice(first * length, count * length), results.Slice(first * wanted, count * wanted), wanted, room);
            _sketch.Apply(task.Queries, count, room);
            Measure(count, room);
            for (var leaf = 0; leaf < _leaves.Length; leaf++)
            {
                Visit(leaf, count, task, isHome: true);
            }

            for (var leaf = 0; leaf < _leaves.Length; leaf++)
            {
                Visit(leaf, count, task, isHome: false);
            }
        }

        _rooms.Add(room);
    }

    // The squared distance of each query's sketch from each box, and the nearest box, where the search begins: near rows known early sort out most others.
    private void Measure(int count, SearchRoom room)
    {
        room.Begin(_boxes.Length > 0 ? count : 0);
        for (var leaf = 0; leaf < _leaves.Length && _boxes.Length > 0; leaf++)
        {
            for (var query = 0; query < count; query += Lanes)
            {
                var bounds = FromBox(room.Coordinates + query, _boxes.AsSpan(2 * leaf * _sketch.Width, 2 * _sketch.Width));
                bounds.Store(room.Bounds + (leaf * MostQueries) + query);
                var (least, home) = (Vector512.Load(room.Least + query), Vector512.Load(room.Home + query));
                var isNearer = Vector512.LessThan(bounds, least);
                Vector512.ConditionalSelect(isNearer, bounds, least).Store(room.Least + query);
                Vector512.ConditionalSelect(isNearer.AsInt32(), Vector512.Create(leaf), home).Store(room.Home + query);
            }
        }
    }

    private static Vector512<float> FromBox(float* coordinates, ReadOnlySpan<float> box)
    {
        var (sum, width) = (Vector512<float>.Zero, box.Length / 2);
        for (var place = 0; place < width; place++)
        {
            var value = Vector512.Load(coordinates + (place * MostQueries));
            var outside = Vector512.Max(Vector512.Max(Vector512.Create(box[place]) - value, value - Vector512.Create(box[width + place])), Vector512<float>.Zero);
            sum = Vector512.FusedMultiplyAdd(outside, outside, sum);
        }

        return sum;
    }

    // Searches a leaf for the queries that begin there, or for the others that may find something.
    private void Visit(int leaf, int count, in Work work, bool isHome)
    {
        var (room, rows, visitors) = (work.Room, _leaves[leaf], 0);
        for (var first = 0; first < count; first += Lanes)
        {
            var atHome = Vector512.Equals(Vector512.Load(room.Home + first), Vector512.Create(leaf)).ExtractMostSignificantBits();
            var tooFar = isHome ? ~atHome : atHome | Vector512.GreaterThan(Vector512.Load(room.Bounds + (leaf * MostQueries) + first), Vector512.Load(room.Limits + first) + Vector512.Create(rows.Allowance)).ExtractMostSignificantBits();
            for (var left = ~tooFar & ((1UL << Math.Min(Lanes, count - first)) - 1); left != 0; left &= left - 1)
            {
                room.Visit(first + BitOperations.TrailingZeroCount(left), visitors++);
            }
        }

        if (visitors == 0)
        {
            return;
        }

        var map = DenseMap.Over(_sketch.Width, rows.Count, rows.Map.Pointer);
        DenseKernels.Widest.Map(map, room.Visitors, room.Products, DenseMap.Padded(visitors, DenseMap.TileRows), room.Scratch);
        if (isHome)
        {
            Begin(visitors, rows, work);
        }

        Collect(visitors, rows, room);
        Measure(work);
        for (var visitor = 0; visitor < visitors; visitor++)
        {
            var query = room.Visiting[visitor];
            var farthest = work.Nearest(query)[^1].Distance;
            room.Limits[query] = MathF.BitIncrement((float)((farthest * farthest) + (_allowance * room.Squares[query].Row)));
        }
    }

    // A bound to begin with: the distance within which some rows lie for certain, those with the largest products.
    private void Begin(int visitors, Leaf rows, in Work work)
    {
        var (room, wanted) = (work.Room, work.Wanted);
        for (var visitor = 0; visitor < visitors; visitor++)
        {
            room.Bound(room.Visiting[visitor], double.PositiveInfinity, float.NegativeInfinity);
            if (rows.Count >= wanted)
            {
                var products = Products(visitor, rows.Count, room);
                foreach (var place in room.Largest(products, wanted))
                {
                    Add(new Candidate(room.Visiting[visitor], _order[rows.Start + place], products[place]), room);
                }
            }
        }

        var candidates = room.Candidates;
        for (var first = 0; first < candidates.Length; first += wanted)
        {
            var (query, farthest) = (candidates[first].Query, 0.0);
            foreach (var candidate in candidates.Slice(first, wanted))
            {
                farthest = Math.Max(farthest, Distance(work.Query(query), candidate.Row));
            }

            room.Bound(query, farthest, Least(query, farthest, room));
        }

        room.Forget();
    }

    // Rows whose products say that they may be nearer than the farthest so far. They lie anywhere in memory, and are on their way while others are looked for.
    private void Collect(int visitors, Leaf rows, SearchRoom room)
    {
        for (var visitor = 0; visitor < visitors; visitor++)
        {
            var products = Products(visitor, rows.Count, room);
            var (query, least) = (room.Visiting[visitor], room.LeastProduct(room.Visiting[visitor]));
            for (var place = NoneFrom(products, 0, least); place < products.Length; place = NoneFrom(products, place + 1, least))
            {
                Add(new Candidate(query, _order[rows.Start + place], products[place]), room);
            }
        }
    }

    private void Measure(in Work work)
    {
        var room = work.Room;
        foreach (var candidate in room.Candidates)
        {
            var query = candidate.Query;
            if (candidate.Product < room.LeastProduct(query))
            {
                continue; // a nearer one was found meanwhile
            }

            var nearest = work.Nearest(query);
            if (Insert(new Neighbour(candidate.Row, Distance(work.Query(query), candidate.Row)), nearest) && nearest[^1].Distance < room.Farthest(query))
            {
                room.Bound(query, nearest[^1].Distance, Least(query, nearest[^1].Distance, room));
            }
        }

        room.Forget();
    }

    private void Add(Candidate candidate, SearchRoom room)
    {
        room.Add(candidate);
        if (Sse.IsSupported)
        {
            fixed (float* row = _search.Row(candidate.Row))
            {
                for (var line = 0; line < _search.Length; line += CacheLine)
                {
                    Sse.Prefetch0(row + line);
                }
            }
        }
    }

    // The product that a row at this distance has at least; below everything where numbers are too large to say.
    private float Least(int query, double distance, SearchRoom room)
    {
        var square = room.Squares[query];
        var product = (square.Sketch - (_allowance * square.Row) - (distance * distance)) / 2;
        return double.IsFinite(product) ? MathF.BitDecrement((float)product) : float.NegativeInfinity;
    }

    private static ReadOnlySpan<float> Products(int visitor, int count, SearchRoom room) => new(room.Products + ((long)visitor * DenseMap.Stride(count)), count);

    private double Distance(ReadOnlySpan<float> query, int row) => TensorPrimitives.Distance(query, _search.Row(row)) is var distance && float.IsNaN(distance) ? double.PositiveInfinity : distance;

    // Ascending by distance, then row; the last falls out.
    private static bool Insert(Neighbour found, Span<Neighbour> nearest)
    {
        var place = nearest.Length;
        while (place > 0 && (found.Distance < nearest[place - 1].Distance || (found.Distance == nearest[place - 1].Distance && found.Row < nearest[place - 1].Row)))
        {
            place--;
        }

        if (place == nearest.Length)
        {
            return false;
        }

        nearest[place..^1].CopyTo(nearest[(place + 1)..]);
        nearest[place] = found;
        return true;
    }

    // The first place whose value is not below a bound; most rows are far away.
    internal static int NoneFrom(ReadOnlySpan<float> values, int place, float bound)
    {
        var (bounds, width) = (Vector512.Create(bound), Vector512<float>.Count);
        for (ref var start = ref MemoryMarshal.GetReference(values); values.Length - place >= width && Vector512.LessThanAll(Vector512.LoadUnsafe(ref start, (nuint)place), bounds);)
        {
            place += width;
        }

        while (place < values.Length && values[place] < bound)
        {
            place++;
        }

        return place;
    }

    private (float[] Sketches, double[] Squares) Sketches()
    {
        var (width, length) = (_sketch.Width, _search.Length);
        var (sketches, squares, room) = (new float[_search.Count * width], new double[_search.Count], new SearchRoom(length, width, 0, 0));
        for (var first = 0; first < squares.Length; first += MostQueries)
        {
            var count = Math.Min(MostQueries, squares.Length - first);
            _sketch.Apply(_search.Rows(first, count), count, room);
            for (var row = 0; row < count; row++)
            {
                room.Sketch(row).CopyTo(sketches.AsSpan((first + row) * width));
                squares[first + row] = room.Squares[row].Row;
            }
        }

        return (sketches, squares);
    }

    // Halves at the median of the coordinate with the largest spread, down to leaves; every leaf but the last is full.
    private void Sort(float[] sketches, int start, int count)
    {
        if (count <= LeafRows)
        {
            return;
        }

        var width = _sketch.Width;
        var rows = _order.AsSpan(start, count);
        var (widest, spread) = (0, -1f);
        for (var place = 0; place < width; place++)
        {
            var (least, largest) = (float.PositiveInfinity, float.NegativeInfinity);
            foreach (var row in rows)
            {
                var value = sketches[(row * width) + place];
                (least, largest) = (Math.Min(least, value), Math.Max(largest, value));
            }

            (widest, spread) = largest - least > spread ? (place, largest - least) : (widest, spread);
        }

        var keys = new float[count];
        for (var place = 0; place < count; place++)
        {
            keys[place] = sketches[(rows[place] * width) + widest];
        }

        keys.AsSpan().Sort(rows);
        var half = Math.Min(count - 1, DenseMap.Padded(count / 2, LeafRows));
        Sort(sketches, start, half);
        Sort(sketches, start + half, count - half);
    }

    private Leaf[] Leaves(int most, float[] sketches, double[] squares)
    {
        var (width, leaves) = (_sketch.Width, new Leaf[(_order.Length + most - 1) / most]);
        for (var leaf = 0; leaf < leaves.Length; leaf++)
        {
            var rows = _order.AsSpan(leaf * most, Math.Min(most, _order.Length - (leaf * most)));
            var (values, bias, largest) = (new float[rows.Length * width], new float[rows.Length], 0.0);
            for (var place = 0; place < rows.Length; place++)
            {
                var sketch = sketches.AsSpan(rows[place] * width, width);
                sketch.CopyTo(values.AsSpan(place * width));
                bias[place] = (float)(((_allowance * squares[rows[place]]) - RowSketch.Square(sketch)) / 2);
                largest = Math.Max(largest, squares[rows[place]]);
            }

            var map = new PinnedFloats(DenseMap.Length(width, rows.Length));
            DenseMap.Over(width, rows.Length, map.Pointer).Pack(values, bias);
            leaves[leaf] = new Leaf(leaf * most, rows.Length, map, MathF.BitIncrement((float)(_allowance * largest)));
        }

        return leaves;
    }

    private void Bound(Leaf leaf, float[] sketches, Span<float> least, Span<float> largest)
    {
        least.Fill(float.PositiveInfinity);
        largest.Fill(float.NegativeInfinity);
        foreach (var row in _order.AsSpan(leaf.Start, leaf.Count))
        {
            var sketch = sketches.AsSpan(row * _sketch.Width, _sketch.Width);
            TensorPrimitives.Min<float>(least, sketch, least);
            TensorPrimitives.Max<float>(largest, sketch, largest);
        }
    }

    /// <summary>Rows that are searched together.</summary>
    /// <param name="Start">The first one's place in the order.</param>
    /// <param name="Count">How many.</param>
    /// <param name="Map">Their sketches, packed for the kernels.</param>
    /// <param name="Allowance">For rounding, of the row that is farthest from the centre.</param>
    private sealed record Leaf(int Start, int Count, PinnedFloats Map, float Allowance);

    /// <summary>Queries under way.</summary>
    private readonly ref struct Work(ReadOnlySpan<float> queries, Span<Neighbour> results, int wanted, SearchRoom room)
    {
        private readonly Span<Neighbour> _results = results;
        private readonly int _length = queries.Length * wanted / results.Length;

        public ReadOnlySpan<float> Queries { get; } = queries;

        public int Wanted { get; } = wanted;

        public SearchRoom Room { get; } = room;

        public ReadOnlySpan<float> Query(int query) => Queries.Slice(query * _length, _length);

        public Span<Neighbour> Nearest(int query) => _results.Slice(query * Wanted, Wanted);
    }
}
