using System.Numerics;
using Hourglass.Kernels;

namespace Hourglass.Detection;

/// <summary>Exact nearest neighbours by Euclidean distance: products over panels of rows find candidates, differences rank them.</summary>
/// <remarks>|x - r|^2 = |x|^2 - 2 (x r - |r|^2 / 2): the bracket is a dense map with a bias, which the kernels compute.
/// Rounding there can swap near ties, so a few candidates more are kept and measured again.</remarks>
public sealed unsafe class NeighbourSearch
{
    private const int Queries = 64;
    private const int Panel = 2048;
    private const int Spare = 4;
    private const int Alignment = 16; // values in 64 bytes
    private readonly float[] _rows;
    private readonly float[] _centre;
    private readonly int _length;
    private readonly float[]?[] _panels; // packed when they are first searched, and kept: a stream searches often

    /// <summary>Takes the rows to search.</summary>
    /// <param name="rows">[row, value] row-major; kept, not copied.</param>
    /// <param name="length">Values in a row.</param>
    public NeighbourSearch(float[] rows, int length)
    {
        (_rows, _length, Count) = (rows, length, rows.Length / length);
        _panels = new float[(Count + Panel - 1) / Panel][];
        _centre = new float[length];
        for (var place = 0; place < rows.Length; place++)
        {
            _centre[place % length] += rows[place] / Count;
        }
    }

    /// <summary>Rows to search.</summary>
    public int Count { get; }

    /// <summary>A row's values.</summary>
    /// <param name="row">Which row.</param>
    public ReadOnlySpan<float> Row(int row) => _rows.AsSpan(row * _length, _length);

    /// <summary>The nearest rows of each query, nearest first; equal distances in the order of rows.</summary>
    /// <param name="queries">[query, value] row-major.</param>
    /// <param name="wanted">How many, at most <see cref="Count"/>.</param>
    /// <returns>[query, rank] row-major.</returns>
    public Neighbour[] Nearest(ReadOnlySpan<float> queries, int wanted)
    {
        var count = queries.Length / _length;
        var results = new Neighbour[count * wanted];
        var kept = Math.Min(Count, wanted + Spare);
        var heaps = new CandidateHeap[count];
        for (var query = 0; query < count; query++)
        {
            heaps[query] = new CandidateHeap(kept);
        }

        for (var panel = 0; panel < _panels.Length; panel++)
        {
            Search(queries, panel, heaps);
        }

        for (var query = 0; query < count; query++)
        {
            var row = queries.Slice(query * _length, _length).ToArray();
            var ranked = heaps[query].Rows.Select(candidate => new Neighbour(candidate, Distance(row, candidate))).OrderBy(neighbour => neighbour.Distance).ThenBy(neighbour => neighbour.Row).Take(wanted);
            var rank = query * wanted;
            foreach (var neighbour in ranked)
            {
                results[rank++] = neighbour;
            }
        }

        return results;
    }

    private void Search(ReadOnlySpan<float> queries, int panel, CandidateHeap[] heaps)
    {
        var (start, rows) = (panel * Panel, Math.Min(Panel, Count - (panel * Panel)));
        var packed = _panels[panel] ??= Pack(start, rows);
        var map = Map(packed, rows);
        using var inputs = new AlignedFloats((long)Queries * DenseMap.Stride(_length));
        using var outputs = new AlignedFloats((long)Queries * DenseMap.Stride(rows));
        using var scratch = new AlignedFloats(DenseMap.TileRows * (long)map.PaddedInputs);
        for (var first = 0; first < heaps.Length; first += Queries)
        {
            var count = Math.Min(Queries, heaps.Length - first);
            for (var query = 0; query < count; query++)
            {
                System.Numerics.Tensors.TensorPrimitives.Subtract(queries.Slice((first + query) * _length, _length), _centre, inputs.Span((long)query * DenseMap.Stride(_length), _length));
            }

            DenseKernels.Widest.Map(map, inputs.Pointer, outputs.Pointer, DenseMap.Padded(count, DenseMap.TileRows), scratch.Pointer);
            for (var query = 0; query < count; query++)
            {
                heaps[first + query].Offer(outputs.Span((long)query * DenseMap.Stride(rows), rows), start);
            }
        }
    }

    private float[] Pack(int start, int rows)
    {
        var packed = GC.AllocateArray<float>((int)DenseMap.Length(_length, rows) + Alignment, pinned: true);
        var (centred, bias) = (new float[rows * _length], new float[rows]);
        for (var place = 0; place < centred.Length; place++)
        {
            centred[place] = _rows[((long)start * _length) + place] - _centre[place % _length];
            bias[place / _length] -= centred[place] * centred[place] / 2;
        }

        Map(packed, rows).Pack(centred, bias);
        return packed;
    }

    // The array is pinned: its memory stays where it is.
    private DenseMap Map(float[] packed, int rows)
    {
        var memory = (float*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(packed, 0);
        var offset = (int)(((nint)memory / sizeof(float)) % Alignment);
        return DenseMap.Over(_length, rows, memory + ((Alignment - offset) % Alignment));
    }

    private double Distance(ReadOnlySpan<float> query, int row) => System.Numerics.Tensors.TensorPrimitives.Distance(query, Row(row));

    // How many values at the start, in steps of a register, do not exceed a bound; most rows are far away.
    private static int NothingAbove(ReadOnlySpan<float> values, float bound)
    {
        var (passed, bounds) = (0, new Vector<float>(bound));
        while (values.Length - passed >= Vector<float>.Count && !Vector.GreaterThanAny(new Vector<float>(values[passed..]), bounds))
        {
            passed += Vector<float>.Count;
        }

        while (passed < values.Length && values[passed] <= bound)
        {
            passed++;
        }

        return passed;
    }

    // Keeps the rows with the largest products; ties go to the earlier row.
    private sealed class CandidateHeap(int capacity)
    {
        private readonly PriorityQueue<int, (float Product, int Row)> _queue = new(capacity);
        private float _least = float.NegativeInfinity;

        public IEnumerable<int> Rows => _queue.UnorderedItems.Select(item => item.Element);

        public void Offer(ReadOnlySpan<float> products, int start)
        {
            for (var place = 0; place < products.Length; place++)
            {
                if (_queue.Count >= capacity)
                {
                    place += NothingAbove(products[place..], _least);
                    if (place >= products.Length)
                    {
                        return;
                    }
                }

                var row = start + place;
                if (_queue.Count < capacity)
                {
                    _queue.Enqueue(row, (products[place], -row));
                }
                else
                {
                    _queue.EnqueueDequeue(row, (products[place], -row));
                }

                _least = _queue.TryPeek(out _, out var lowest) ? lowest.Product : _least;
            }
        }
    }
}

/// <summary>A near row.</summary>
/// <param name="Row">Its number.</param>
/// <param name="Distance">Euclidean distance.</param>
public readonly record struct Neighbour(int Row, double Distance);
