using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Detection;

/// <summary>Short stand-ins for rows, whose distances are never larger than those of the rows: where a sketch is too far away, so is its row.</summary>
/// <remarks>The coordinates along the directions in which the rows vary most, and the length of what is left of the row: by the reverse triangle inequality two
/// rests are at least as far apart as their lengths differ. Partial distances for searches among principal axes: Cheng et al. 1984; McNames 2001,
/// https://doi.org/10.1109/34.955110.</remarks>
internal sealed unsafe class RowSketch
{
    private const int SampleRows = 1024;
    private const int SampleQueries = 64;
    private const int Sweeps = 4;
    private const int Rank = 4; // a sample row itself, and the third nearest beside it
    private const int OutputCost = 8; // multiplications that take as long as to store a product and to look at it
    private const int CandidateCost = 2000; // multiplications that take as long as to fetch a far row

    private static readonly int[] Directions = [7, 11, 15, 23, 31, 47]; // with the rest's length no more than fill the stride of the coordinates

    private readonly float[] _centre;
    private readonly PinnedFloats? _axes; // a dense map from a row to its coordinates; null where the sketch is the row itself
    private readonly int _count;

    private RowSketch(float[] centre, float[][] axes)
    {
        (_centre, _count) = (centre, axes.Length);
        if (axes.Length > 0)
        {
            _axes = new PinnedFloats(DenseMap.Length(centre.Length, axes.Length));
            Map().Pack([.. axes.SelectMany(axis => axis)], new float[axes.Length]);
        }
    }

    /// <summary>Values in a sketch.</summary>
    public int Width => _axes is null ? _centre.Length : _count + 1;

    /// <summary>Whether a sketch is the whole row.</summary>
    public bool IsWhole => _axes is null;

    /// <summary>The rows themselves, about their centre.</summary>
    public static RowSketch Whole(float[] centre) => new(centre, []);

    /// <summary>The sketch with which a search should be cheapest, by a trial on some of the rows; possibly the whole row.</summary>
    /// <param name="rows">[row, value].</param>
    /// <param name="centre">Their mean.</param>
    public static RowSketch Fit(ReadOnlySpan<float> rows, float[] centre)
    {
        var (length, count) = (centre.Length, rows.Length / centre.Length);
        if (count < SampleRows || length <= Directions[0])
        {
            return Whole(centre);
        }

        var sample = new float[SampleRows][];
        for (var place = 0; place < SampleRows; place++)
        {
            sample[place] = new float[length];
            TensorPrimitives.Subtract(rows.Slice((int)((long)place * count / SampleRows) * length, length), centre, sample[place]);
        }

        var axes = Axes(sample, Math.Min(Directions[^1], length));
        var best = Cheapest(sample, axes, (double)count / SampleRows);
        return new RowSketch(centre, axes[..best]);
    }

    /// <summary>Sketches of rows, with the squared distances from the centre of rows and of sketches.</summary>
    /// <param name="rows">[row, value].</param>
    /// <param name="count">How many, at most <see cref="SketchIndex.MostQueries"/>.</param>
    /// <param name="room">Receives them.</param>
    public void Apply(ReadOnlySpan<float> rows, int count, SearchRoom room)
    {
        var (length, stride) = (_centre.Length, DenseMap.Stride(_centre.Length));
        var whole = IsWhole ? room.Sketches : room.Rows;
        for (var row = 0; row < count; row++)
        {
            var centred = new Span<float>(whole + ((long)row * stride), length);
            TensorPrimitives.Subtract(rows.Slice(row * length, length), _centre, centred);
            var square = Square(centred);
            room.Squares[row] = (square, square);
        }

        if (IsWhole)
        {
            return;
        }

        DenseKernels.Widest.Map(Map(), whole, room.Sketches, DenseMap.Padded(count, DenseMap.TileRows), room.Scratch);
        for (var row = 0; row < count; row++)
        {
            var sketch = room.Sketch(row);
            sketch[_count] = (float)Math.Sqrt(Math.Max(0, room.Squares[row].Row - Square(sketch[.._count])));
            room.Squares[row].Sketch = Square(sketch);
        }
    }

    /// <summary>The squared length of a row.</summary>
    internal static double Square(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += (double)value * value;
        }

        return sum;
    }

    private DenseMap Map() => DenseMap.Over(_centre.Length, _count, _axes!.Pointer);

    // Directions of largest variance, to the accuracy that a bound needs, by sweeps over all at once (orthogonal iteration).
    private static float[][] Axes(float[][] sample, int count)
    {
        var random = new Random(1);
        var axes = new float[count][];
        for (var axis = 0; axis < count; axis++)
        {
            axes[axis] = [.. Enumerable.Range(0, sample[0].Length).Select(_ => (float)(random.NextDouble() - 0.5))];
        }

        for (var sweep = 0; sweep < Sweeps; sweep++)
        {
            Orthonormalise(axes);
            var next = axes.Select(axis => new float[axis.Length]).ToArray();
            foreach (var row in sample)
            {
                for (var axis = 0; axis < count; axis++)
                {
                    TensorPrimitives.MultiplyAdd(row, TensorPrimitives.Dot<float>(row, axes[axis]), next[axis], next[axis]);
                }
            }

            axes = next;
        }

        Orthonormalise(axes);
        return axes;
    }

    // Gram and Schmidt, twice: once leaves traces that would let distances grow. A direction without variance becomes zero, which no distance sees.
    private static void Orthonormalise(float[][] axes)
    {
        for (var axis = 0; axis < axes.Length; axis++)
        {
            var before = TensorPrimitives.Norm<float>(axes[axis]);
            for (var other = 0; other < 2 * axis; other++)
            {
                var earlier = axes[other % axis];
                TensorPrimitives.MultiplyAdd(earlier, -TensorPrimitives.Dot<float>(earlier, axes[axis]), axes[axis], axes[axis]);
            }

            var norm = TensorPrimitives.Norm<float>(axes[axis]);
            TensorPrimitives.Multiply(axes[axis], norm > 1e-4f * before ? 1 / norm : 0, axes[axis]);
        }
    }

    // How many directions: few are quickly compared, many leave few candidates.
    private static int Cheapest(float[][] sample, float[][] axes, double scale)
    {
        var length = sample[0].Length;
        var coordinates = sample.Select(row => axes.Select(axis => TensorPrimitives.Dot<float>(row, axis)).ToArray()).ToArray();
        var squares = Array.ConvertAll(sample, row => Square(row));
        var queries = Enumerable.Range(0, SampleQueries).Select(query => query * (SampleRows / SampleQueries)).ToArray();
        var bounds = Array.ConvertAll(queries, query => sample.Select(row => (double)TensorPrimitives.Distance<float>(row, sample[query])).Order().ElementAt(Rank - 1));
        var (best, cost) = (0, scale * SampleRows * (length + OutputCost));
        foreach (var count in Directions.Where(count => count + 1 < length))
        {
            var rests = coordinates.Select((own, row) => Math.Sqrt(Math.Max(0, squares[row] - Square(own.AsSpan(0, count))))).ToArray();
            var candidates = queries.Zip(bounds).Average(pair => Candidates(coordinates, rests, pair.First, count, pair.Second));
            var own = scale * ((SampleRows * (count + 1.0 + OutputCost)) + (candidates * (CandidateCost + (8.0 * length))));
            (best, cost) = own < cost ? (count, own) : (best, cost);
        }

        return best;
    }

    // Sample rows whose sketches are no farther from a sample row's than a distance.
    private static int Candidates(float[][] coordinates, double[] rests, int query, int count, double distance)
    {
        var candidates = 0;
        for (var row = 0; row < coordinates.Length; row++)
        {
            var part = (double)TensorPrimitives.Distance(coordinates[row].AsSpan(0, count), coordinates[query].AsSpan(0, count));
            candidates += (part * part) + ((rests[row] - rests[query]) * (rests[row] - rests[query])) <= distance * distance ? 1 : 0;
        }

        return candidates;
    }
}
