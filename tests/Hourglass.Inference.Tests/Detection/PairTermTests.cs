using CsCheck;
using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Detection;

public sealed class PairTermTests
{
    private static readonly string[] Colours = ["red", "green", "blue"];

    // A number, the same number again with noise, a colour that follows it, and a flag that hangs on nothing.
    private static TablePreprocessing Columns => new()
    {
        Columns =
        [
            new NumericTransform { Name = "size", Scaling = Scaling.None },
            new NumericTransform { Name = "again", Scaling = Scaling.None },
            new CategoryTransform { Name = "colour", Categories = Colours },
            new BooleanTransform { Name = "flag", False = "no", True = "yes" },
        ],
    };

    private static int Length => Columns.SampleShape[0];

    private static float[] Row(double size, double again, int colour, int flag)
    {
        var row = new float[Length];
        (row[0], row[1], row[2 + colour], row[^1]) = ((float)size, (float)again, 1, flag);
        return row;
    }

    private static float[] Rows(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).SelectMany(_ =>
        {
            var size = GeneratedScores.Normal(random);
            return Row(size, size + (0.1 * GeneratedScores.Normal(random)), size < -0.5 ? 0 : size < 0.5 ? 1 : 2, random.Next(2));
        })];
    }

    private static Detector Fit(bool isSurprise = false) =>
        DetectorFit.Fit(new DetectorBasis(Columns, [], Rows(2000, 1)), Rows(600, 2), [new RuleRecord("pairs", [new PairRecord { IsSurprise = isSurprise }]), new RuleRecord("neighbours", [new NeighbourRecord()])]);

    [Fact]
    public void What_is_usual_by_itself_and_new_together_is_found_and_named()
    {
        var detector = Fit();
        var usual = detector.Score(Rows(2000, 3)).Max();
        var explained = detector.Explain([.. Row(-1, -1, 2, 0), .. Row(1, -1, 2, 1)]);
        Assert.All(explained, row => Assert.True(row.Score > usual, $"{row.Score} beside {usual}"));
        Assert.Equal("colour", explained[0].Columns[0].Column); // blue, though both numbers are of a red one
        Assert.All(explained, row => Assert.Equal("flag", row.Columns[^1].Column)); // it hangs on nothing, and is as it always was
        Assert.All(explained, row => Assert.Equal(row.Score, row.Columns.Sum(column => column.Contribution), 1e-9 * row.Score));
    }

    [Fact]
    public void A_word_is_as_rare_as_it_is_among_rows_with_the_same_word_of_a_partner()
    {
        // Colour and flag alone: 40 rows red and no, 10 red and yes, 50 green and yes.
        var words = new TablePreprocessing { Columns = [.. Columns.Columns.Skip(2)] };
        float[] Of(int colour, int flag) => Row(0, 0, colour, flag)[2..];
        float[] references = [.. Enumerable.Range(0, 100).SelectMany(row => Of(row < 50 ? 0 : 1, row < 40 ? 0 : 1))];
        using var basis = new DetectorBasis(words, [], references);
        var rarest = PairTables.Learn(basis, 3).Rarest(new ScoringBatch(basis, [.. Of(0, 1), .. Of(1, 0), .. Of(2, 0)]));
        double Share(double together, double within, double alone, int codes) => -Math.Log((together + ((alone + (1.0 / codes)) / 101)) / (within + 1));
        double[] expected =
        [
            Share(10, 60, 50, 3), Share(10, 50, 60, 3), // red among yes, yes among red
            Share(0, 40, 50, 3), Share(0, 50, 40, 3), // green and no were never together
            Share(0, 40, 0, 3), Share(0, 0, 40, 3), // no row is blue
        ];
        Assert.Equal(expected, rarest, (wanted, found) => Math.Abs(wanted - found) < 1e-6);
    }

    [Fact]
    public void Partners_are_the_columns_with_the_most_mutual_information() =>
        Gen.Int[0, 3].Array[40].Array[2, 6].Sample(words =>
        {
            var each = Math.Min(2, words.Length - 1);
            var chosen = ColumnPartners.Choose(words, [.. words.Select(_ => 4)], each);
            for (var column = 0; column < words.Length; column++)
            {
                var told = Enumerable.Range(0, words.Length).Where(other => other != column).Select(other => Information(words[column], words[other])).OrderDescending().Take(each);
                Assert.Equal(told, chosen.Skip(column * each).Take(each).Select(partner => Information(words[column], words[partner])), (wanted, found) => Math.Abs(wanted - found) < 1e-9);
                Assert.DoesNotContain(column, chosen.Skip(column * each).Take(each));
                Assert.Equal(each, chosen.Skip(column * each).Take(each).Distinct().Count());
            }
        });

    private static double Information(int[] first, int[] second)
    {
        double Share(Func<(int First, int Second), bool> isCounted) => first.Zip(second).Count(isCounted) / (double)first.Length;
        return first.Zip(second).Distinct().Sum(pair => Share(other => other == pair) * Math.Log(Share(other => other == pair) / (Share(other => other.First == pair.First) * Share(other => other.Second == pair.Second))));
    }

    [Theory, InlineData(1, false, true), InlineData(2, true, true), InlineData(256, true, true), InlineData(257, false, false)]
    public void Columns_count_by_themselves_where_they_are_few_and_pairs_need_two(int columns, bool hasPairs, bool hasOwn)
    {
        var preprocessing = new TablePreprocessing { Columns = [.. Enumerable.Range(0, columns).Select(column => new NumericTransform { Name = $"c{column}", Scaling = Scaling.None })] };
        using var basis = new DetectorBasis(preprocessing, [], new float[columns * 3]);
        Assert.Equal(hasPairs, new PairRecord().Suits(basis));
        Assert.Equal(hasOwn, ((ReconstructionRecord)new ReconstructionRecord { IsByColumn = true }.For(basis)).IsByColumn);
    }

    [Fact]
    public void The_file_keeps_the_term_to_the_last_bit_and_altered_tensors_are_refused()
    {
        var detector = Fit(isSurprise: true);
        var term = detector.Rule.Terms[0];
        var stored = term.ToStored().ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var batch = new ScoringBatch(detector.Basis, Rows(300, 5));
        double[] Values(ScoreTerm asked)
        {
            var values = new double[batch.Count];
            asked.Measure(batch, values, []);
            return values;
        }

        Assert.Equal(Values(term), Values(term.Record.Read(detector.Basis, new TermTensors(stored, "", "file"))));
        Assert.Null(term.Record.Fault(detector.Basis));
        Refused("other columns", new StoredTensor("partners", stored["partners"].Shape, [.. stored["partners"].Longs.Select(_ => 9L)]));
        Refused("other columns", new StoredTensor("partners", stored["partners"].Shape, [.. stored["partners"].Longs.Select(_ => 0L)]));
        Refused("ascend", new StoredTensor("cuts", stored["cuts"].Shape, [.. stored["cuts"].Floats.Select(cut => -cut)]));
        Refused("size", new StoredTensor("nats", stored["nats"].Shape, [.. stored["nats"].Floats.Select(_ => 1f)]));
        Assert.Contains("partners", new PairRecord { Partners = 0 }.Fault(detector.Basis), StringComparison.Ordinal);

        void Refused(string word, StoredTensor altered) => Assert.Contains(word, Assert.Throws<BundleException>(() =>
            term.Record.Read(detector.Basis, new TermTensors(new Dictionary<string, StoredTensor>(stored, StringComparer.Ordinal) { [altered.Name] = altered }, "", "file"))).Message, StringComparison.Ordinal);
    }
}
