using Hourglass.Bundles;

namespace Hourglass.Detection.Terms;

/// <summary>How surprising a number of each source column is, in nats: a curve for each column, learnt from held-out normal samples.</summary>
/// <remarks>Columns differ in their tails as terms do: added up as surprises, none speaks for all. docs/decisions/0011-columns-count-as-surprise.md.</remarks>
internal sealed class ColumnSurprise
{
    private const int MostColumns = 256; // of more, what all columns have together drowns what a few of them have
    private const int Width = SurpriseCurve.MostValues;
    private readonly SurpriseCurve[] _curves;

    private ColumnSurprise(SurpriseCurve[] curves) => _curves = curves;

    /// <summary>Whether samples are rows of so few columns that each may count by itself.</summary>
    /// <param name="basis">Whose samples.</param>
    public static bool Suits(DetectorBasis basis) => basis.Preprocessing.SampleShape.Count == 1 && basis.Columns.Count <= MostColumns;

    /// <summary>Learns the curves. A batch of another basis counts for the columns that this one has too.</summary>
    /// <param name="basis">Whose columns.</param>
    /// <param name="heldOut">Normal samples that taught nothing that the numbers come from.</param>
    /// <param name="numbersOf">A batch's numbers, [sample, column of its basis], 0 or above.</param>
    public static ColumnSurprise Learn(DetectorBasis basis, IReadOnlyList<ScoringBatch> heldOut, Func<ScoringBatch, double[]> numbersOf)
    {
        var known = basis.Columns.Select(_ => new List<double>()).ToArray();
        foreach (var batch in heldOut)
        {
            var (numbers, places) = (numbersOf(batch), batch.Basis.Columns.Select(column => Place(basis, column.Name)).ToArray());
            for (var entry = 0; entry < numbers.Length; entry++)
            {
                if (places[entry % places.Length] is >= 0 and var place)
                {
                    known[place].Add(numbers[entry]);
                }
            }
        }

        return new ColumnSurprise([.. known.Select(numbers => SurpriseCurve.Learn(numbers.Count > 0 ? [.. numbers.Order()] : [0]).InSinglePrecision())]);
    }

    /// <summary>Reads curves.</summary>
    /// <exception cref="BundleException">The file lacks them, or holds numbers that make no curve.</exception>
    public static ColumnSurprise Read(DetectorBasis basis, TermTensors tensors)
    {
        var count = basis.Columns.Count;
        var (values, nats, rates) = (tensors.Floats("values", count, Width), tensors.Floats("nats", count, Width), tensors.Floats("rates", count));
        return new ColumnSurprise([.. Enumerable.Range(0, count).Select(column =>
        {
            var curve = SurpriseCurve.FromRow(values.AsSpan(column * Width, Width), nats.AsSpan(column * Width, Width), rates[column]);
            return curve.Fault() is { } fault ? throw new BundleException($"{tensors.Place}: '{tensors.Prefix}values', column '{basis.Columns[column].Name}': {fault}. The file is altered.") : curve;
        })]);
    }

    /// <summary>How surprising a number is.</summary>
    /// <param name="column">Whose.</param>
    /// <param name="number">0 or more.</param>
    /// <returns>Nats, 0 or more.</returns>
    public double Of(int column, double number) => _curves[column].Of(number);

    /// <summary>For the file: curves in rows of one width, whose last values repeat.</summary>
    public IEnumerable<StoredTensor> ToStored() =>
    [
        new("values", [_curves.Length, Width], [.. _curves.SelectMany(curve => Row(curve.Values))]),
        new("nats", [_curves.Length, Width], [.. _curves.SelectMany(curve => Row(curve.Nats))]),
        new("rates", [_curves.Length], [.. _curves.Select(curve => (float)curve.TailRate)]),
    ];

    private static IEnumerable<float> Row(IReadOnlyList<double> numbers) => Enumerable.Range(0, Width).Select(place => (float)numbers[Math.Min(place, numbers.Count - 1)]);

    private static int Place(DetectorBasis basis, string name)
    {
        for (var place = 0; place < basis.Columns.Count; place++)
        {
            if (basis.Columns[place].Name == name)
            {
                return place;
            }
        }

        return -1;
    }
}
