using Hourglass.Bundles;
using Hourglass.Preprocessing;

namespace Hourglass.Detection.Terms;

/// <summary>A small number for each source column of a sample: which word it holds, or which part of the normal numbers. What is missing is a word too.</summary>
internal sealed class ColumnCodes
{
    private const int Cuts = 17; // of each number: 16 parts that are equally frequent, one below and one above all normal numbers
    private const int MostWords = 64; // rarer words share the last code
    private readonly DetectorBasis _basis;
    private readonly float[] _cuts; // [value, cut], ascending; the last repeats
    private readonly FeatureBlock[][] _blocks; // of each column
    private readonly Dictionary<long, int>[] _words;

    private ColumnCodes(DetectorBasis basis, float[] cuts)
    {
        (_basis, _cuts) = (basis, cuts);
        _blocks = [.. basis.Columns.Select(column => basis.Preprocessing.Blocks.Where(block => block.Start >= column.Start && block.Start < column.Start + column.Length).ToArray())];
        _words = new Dictionary<long, int>[basis.Columns.Count];
        Parallel.For(0, _words.Length, column => _words[column] = Words([.. Enumerable.Range(0, basis.References.Length / basis.SampleLength).Select(row => Key(column, basis.References.AsSpan(row * basis.SampleLength, basis.SampleLength)))]));
    }

    /// <summary>Learns them from a basis's normal samples.</summary>
    public static ColumnCodes Learn(DetectorBasis basis)
    {
        var (length, count) = (basis.SampleLength, basis.References.Length / basis.SampleLength);
        var (cuts, column) = (new float[length * Cuts], new float[count]);
        foreach (var value in basis.Preprocessing.Blocks.Where(block => block.Kind == FeatureBlockKind.Numeric).SelectMany(block => Enumerable.Range(block.Start, block.Length)))
        {
            for (var row = 0; row < count; row++)
            {
                column[row] = basis.References[(row * length) + value];
            }

            Array.Sort(column);
            float[] distinct = [.. column.Distinct().Take(Cuts + 1)];
            float[] own = distinct.Length <= Cuts ? distinct : [.. Enumerable.Range(0, Cuts).Select(cut => column[(int)((long)cut * (count - 1) / (Cuts - 1))]).Distinct()];
            for (var cut = 0; cut < Cuts; cut++)
            {
                cuts[(value * Cuts) + cut] = own[Math.Min(cut, own.Length - 1)];
            }
        }

        return new ColumnCodes(basis, cuts);
    }

    /// <summary>Reads them; words are counted anew from the basis's normal samples.</summary>
    /// <exception cref="BundleException">The file lacks the cuts, or they do not ascend.</exception>
    public static ColumnCodes Read(DetectorBasis basis, TermTensors tensors)
    {
        var cuts = tensors.Floats("cuts", basis.SampleLength, Cuts);
        for (var place = 1; place < cuts.Length; place++)
        {
            if (place % Cuts != 0 && cuts[place] < cuts[place - 1])
            {
                throw new BundleException($"{tensors.Place}: '{tensors.Prefix}cuts' must ascend. The file is altered.");
            }
        }

        return new ColumnCodes(basis, cuts);
    }

    /// <summary>For the file.</summary>
    public StoredTensor ToStored() => new("cuts", [_basis.SampleLength, Cuts], _cuts);

    /// <summary>Codes of a column: one for each word, and a last one for what no normal sample holds.</summary>
    public int Count(int column) => Math.Min(_words[column].Count, MostWords) + 1;

    /// <summary>A sample's codes.</summary>
    /// <param name="sample">[value].</param>
    /// <param name="codes">Receives one for each column.</param>
    public void Of(ReadOnlySpan<float> sample, Span<int> codes)
    {
        for (var column = 0; column < codes.Length; column++)
        {
            codes[column] = _words[column].TryGetValue(Key(column, sample), out var code) ? code : Count(column) - 1;
        }
    }

    // The frequent words first; among equally frequent ones an order that hangs on nothing else.
    private static Dictionary<long, int> Words(long[] keys) =>
        keys.CountBy(key => key).OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key).Select((entry, place) => (entry.Key, Math.Min(place, MostWords - 1))).ToDictionary();

    // A digit for each block; a column of so many numbers that this overflows has a hash of them.
    private long Key(int column, ReadOnlySpan<float> sample)
    {
        var key = 0L;
        foreach (var block in _blocks[column])
        {
            var own = sample.Slice(block.Start, block.Length);
            switch (block.Kind)
            {
                case FeatureBlockKind.Categorical:
                    var largest = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(own);
                    key = unchecked((key * (own.Length + 1)) + (own[largest] > 0.5f ? largest : own.Length));
                    break;
                case FeatureBlockKind.Binary:
                    key = unchecked((key * 3) + (own[0] is 0 or 1 ? (int)own[0] : 2));
                    break;
                default:
                    for (var value = 0; value < own.Length; value++)
                    {
                        key = unchecked((key * (Cuts + 2)) + Part(_cuts.AsSpan((block.Start + value) * Cuts, Cuts), own[value]));
                    }

                    break;
            }
        }

        return key;
    }

    // 0 below all cuts, 1 at the first, then the part that ends at a cut, and one above all.
    private static int Part(ReadOnlySpan<float> cuts, float number) => number < cuts[0] ? 0 : 1 + SortedPlace.CountBelow(cuts, number);
}
