using Hourglass.Bundles;

namespace Hourglass.Detection.Terms;

/// <summary>For each source column, how rare each of its words is among normal samples that share the word of another column: tables of the columns that tell most about it.</summary>
internal sealed class PairTables
{
    private const long MostCounted = 1L << 28; // rows times pairs, to choose partners from: less than a second
    private readonly DetectorBasis _basis;
    private readonly ColumnCodes _codes;
    private readonly int[] _partners; // [column, place]
    private readonly float[][] _nats; // of each column and place: [partner's code, own code]

    private PairTables(DetectorBasis basis, ColumnCodes codes, int[] partners)
    {
        (_basis, _codes, _partners) = (basis, codes, partners);
        var words = Coded(basis, codes, basis.References.Length / basis.SampleLength);
        _nats = new float[partners.Length][];
        Parallel.For(0, partners.Length, entry => _nats[entry] = Table(words, entry * basis.Columns.Count / partners.Length, partners[entry]));
    }

    /// <summary>Learns from a basis's normal samples.</summary>
    /// <param name="basis">Two columns or more.</param>
    /// <param name="partners">Columns that each is compared with, if there are so many.</param>
    public static PairTables Learn(DetectorBasis basis, int partners)
    {
        var (codes, columns, count) = (ColumnCodes.Learn(basis), (long)basis.Columns.Count, basis.References.Length / basis.SampleLength);
        var rows = (int)Math.Min(count, MostCounted / (columns * (columns - 1) / 2));
        return new PairTables(basis, codes, ColumnPartners.Choose(Coded(basis, codes, rows), [.. basis.Columns.Select((_, column) => codes.Count(column))], PartnersOf(basis, partners)));
    }

    /// <summary>Reads partners and cuts; tables are counted anew from the basis's normal samples.</summary>
    /// <exception cref="BundleException">The file lacks them, or names columns that there are not.</exception>
    public static PairTables Read(DetectorBasis basis, int partners, TermTensors tensors)
    {
        var (columns, each) = (basis.Columns.Count, PartnersOf(basis, partners));
        var named = tensors.Longs("partners", columns * each);
        return named.Where((partner, entry) => partner < 0 || partner >= columns || partner == entry / each).Any()
            ? throw new BundleException($"{tensors.Place}: '{tensors.Prefix}partners' must name other columns, each from 0 to {columns - 1}. The file is altered.")
            : new PairTables(basis, ColumnCodes.Read(basis, tensors), [.. named.Select(partner => (int)partner)]);
    }

    /// <summary>For the file.</summary>
    public IEnumerable<StoredTensor> ToStored() => [_codes.ToStored(), new("partners", [_partners.Length], [.. _partners.Select(partner => (long)partner)])];

    /// <summary>How rare each column's word is where it is rarest: minus the natural logarithm of its share among normal samples with the same word of a partner.</summary>
    /// <param name="batch">Samples of the same basis.</param>
    /// <returns>[sample, column] in nats, 0 or above.</returns>
    public double[] Rarest(ScoringBatch batch)
    {
        var columns = _basis.Columns.Count;
        var (codes, rarest, each) = (new int[columns], new double[batch.Count * columns], _partners.Length / columns);
        for (var sample = 0; sample < batch.Count; sample++)
        {
            _codes.Of(batch.Row(sample), codes);
            for (var entry = 0; entry < _partners.Length; entry++)
            {
                var column = entry / each;
                ref var own = ref rarest[(sample * columns) + column];
                own = Math.Max(own, _nats[entry][(codes[_partners[entry]] * _codes.Count(column)) + codes[column]]);
            }
        }

        return rarest;
    }

    private static int PartnersOf(DetectorBasis basis, int partners) => Math.Min(partners, basis.Columns.Count - 1);

    // The words of some rows at even steps, column by column.
    private static int[][] Coded(DetectorBasis basis, ColumnCodes codes, int rows)
    {
        var (length, count) = (basis.SampleLength, basis.References.Length / basis.SampleLength);
        var (words, row) = (basis.Columns.Select(_ => new int[rows]).ToArray(), new int[basis.Columns.Count]);
        for (var place = 0; place < rows; place++)
        {
            codes.Of(basis.References.AsSpan((int)((long)place * count / rows) * length, length), row);
            for (var column = 0; column < row.Length; column++)
            {
                words[column][place] = row[column];
            }
        }

        return words;
    }

    // Shares within a partner's word lean on the shares among all, as if one more sample were spread like these; what no sample holds has a share too.
    private float[] Table(int[][] words, int column, int partner)
    {
        var (own, others, rows) = (_codes.Count(column), _codes.Count(partner), words[column].Length);
        var (together, alone, within) = (new int[own * others], new int[own], new int[others]);
        for (var row = 0; row < rows; row++)
        {
            together[(words[partner][row] * own) + words[column][row]]++;
            alone[words[column][row]]++;
            within[words[partner][row]]++;
        }

        return [.. together.Select((count, entry) => (float)-Math.Log((count + ((alone[entry % own] + (1.0 / own)) / (rows + 1))) / (within[entry / own] + 1)))];
    }
}
