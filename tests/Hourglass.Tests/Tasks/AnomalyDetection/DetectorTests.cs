using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Calibration;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Tests.Tasks.AnomalyDetection;

public sealed class DetectorTests(DetectorFixture fixture) : IDisposable, IClassFixture<DetectorFixture>
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    private string Table(string name, int rows, int seed, Action<double[], int>? fault = null) => DetectorFixture.Table(In(name), rows, seed, fault);

    [Theory, InlineData("autoencoder"), InlineData("pca"), InlineData("neighbours"), InlineData("isolation-forest")]
    public void Contributions_add_up_to_the_score_of_every_rule(string rule)
    {
        var detector = fixture.Detector;
        foreach (var explanation in detector.Use(rule).Explain(Table("new.csv", 50, 2, (values, row) => values[row % 6] += 30)))
        {
            Assert.Equal(explanation.Score, explanation.Columns.Sum(column => column.Contribution), 1e-6 * Math.Max(1, explanation.Score));
        }
    }

    [Fact]
    public void A_planted_fault_in_a_single_cell_ranks_first()
    {
        var detector = fixture.Detector;
        double[] sizes = [8, 8, 500, 60, 11, 11];
        var explained = detector.Explain(Table("faults.csv", 300, 3, (values, row) => values[row % 6] += (row % 12 < 6 || row % 6 == 3 ? 1 : -1) * sizes[row % 6]));
        var names = new[] { "a", "b", "c", "d", "e", "f" };
        var right = explained.Where((explanation, row) => explanation.Columns[0].Column == names[row % 6]).Count();
        Assert.True(right >= 0.95 * explained.Count, $"The faulty column ranks first in {right} of {explained.Count} rows.");
    }

    [Fact]
    public void A_word_that_a_flag_never_had_is_very_anomalous_and_says_why_and_a_word_among_numbers_is_refused()
    {
        var random = new Random(11);
        string Row(string? flag = null, string? number = null) => random.NextDouble() is var size
            ? FormattableString.Invariant($"{number ?? size.ToString("0.####", System.Globalization.CultureInfo.InvariantCulture)},{flag ?? (size > 0.8 ? "yes" : "no")},{(random.NextDouble() > 0.5 ? 1 : 0)}") : "";
        File.WriteAllLines(In("flags.csv"), Enumerable.Range(0, 400).Select(_ => Row()).Prepend("size,flag,bit"));
        using var detector = AnomalyDetector.Fit(new DetectRequest { Data = In("flags.csv"), Detector = new DetectorOptions { Steps = 100, Members = 1 } });
        detector.Save(In("flags.hourglass"));
        using var loaded = AnomalyDetector.Load(In("flags.hourglass"));
        File.WriteAllLines(In("new.csv"), ["size,flag,bit", .. Enumerable.Range(0, 100).Select(_ => Row()), Row("perhaps")]);
        var explained = loaded.Explain(In("new.csv"));
        var strange = explained[^1];
        Assert.True(strange.Score > 2 * explained.SkipLast(1).Max(row => row.Score), $"{strange.Score} beside {explained.SkipLast(1).Max(row => row.Score)}");
        Assert.StartsWith("flag (other), expected ", strange.Summary(1), StringComparison.Ordinal);
        Assert.True(strange.Columns[0].Contribution > 0.8 * strange.Score);
        File.WriteAllLines(In("bad.csv"), ["size,flag,bit", Row(), Row(number: "much")]);
        Assert.Contains("line 3, column 1 ('size')", Assert.Throws<DataException>(() => loaded.Score(In("bad.csv"))).Message, StringComparison.Ordinal);
        using var model = TrainedAutoencoder.Load(In("flags.hourglass")); // a model alone has no say in what is strange
        Assert.Throws<DataException>(() => DataFile.Apply(In("new.csv"), new ReadOptions(), model.Preprocessing).Dispose());
    }

    [Fact]
    public void A_saved_detector_scores_the_same_with_and_without_the_engine()
    {
        var detector = fixture.Detector;
        var file = Table("new.csv", 60, 4);
        var scores = detector.Score(file);
        detector.Save(In("detector.hourglass"));
        using var loaded = AnomalyDetector.Load(In("detector.hourglass"));
        Assert.Equal(scores, loaded.Score(file));
        using var bare = Detector.Load(In("detector.hourglass"));
        using var data = DataFile.Apply(file, new ReadOptions(), bare.Basis.Preprocessing);
        var rows = new float[data.Samples.Count * data.Samples.SampleLength];
        data.Samples.Read(0, (int)data.Samples.Count, rows);
        Assert.Equal(scores, bare.Score(rows));
    }

    [Fact]
    public void The_same_seed_gives_the_same_scores()
    {
        var file = Table("new.csv", 40, 5);
        using var second = DetectorFixture.Fit();
        Assert.Equal(fixture.Detector.Score(file), second.Score(file));
    }

    [Fact]
    public void Evaluation_tells_faults_from_normal_rows_beside_every_rival()
    {
        var detector = fixture.Detector;
        var (normal, faults) = (File.ReadAllLines(Table("n.csv", 200, 6)), File.ReadAllLines(Table("f.csv", 50, 7, (values, row) => values[row % 3] += row % 3 == 2 ? 600 : 9)));
        File.WriteAllLines(In("test.csv"), [.. normal, .. faults.Skip(1)]);
        using var data = DataFile.Apply(In("test.csv"), new ReadOptions { Label = "y" }, detector.Detector.Basis.Preprocessing);
        var figures = detector.With(new FalseAlarmRule { Rate = 0.05 }).Evaluate(data);
        Assert.Equal((250, 50), (figures.Samples, figures.Anomalies));
        Assert.True(figures.Figures.Auroc > 0.99, $"{figures.Figures.Auroc}");
        Assert.Equal(["isolation-forest", "neighbours", "pca", "reconstruction"], figures.Rivals.Keys.Order(StringComparer.Ordinal));
        Assert.InRange(figures.Figures.FalseAlarmRate!.Value, 0, 0.12);
        Assert.True(figures.Figures.Recall > 0.95, $"{figures.Figures.Recall}");
        Assert.Equal((200, false), (figures.Drift.Count, figures.Drift.HasDrifted)); // of the normal ones, faults passed over
    }

    [Fact]
    public void Across_folds_all_rows_train_and_make_thresholds()
    {
        var request = new DetectRequest
        {
            Data = Table("small.csv", 240, 21),
            Read = new ReadOptions { Label = "y" },
            Detector = new DetectorOptions { Steps = 100, Members = 1, Folds = 4 },
            Out = In("folded.hourglass"),
        };
        AnomalyDetector.Fit(request).Dispose();
        using var detector = AnomalyDetector.Load(In("folded.hourglass"));
        var (calibration, threshold) = (detector.Detector.Calibration, detector.Detector.Calibration.Threshold(new FalseAlarmRule { Rate = 0.1 }));
        Assert.Equal((4, 240L, 180L * detector.Detector.Basis.SampleLength), (calibration.Folds, calibration.HeldOut.Count, detector.Detector.Basis.References.Length));
        Assert.Null(threshold.Realised);
        Assert.Contains("experience and no proof", threshold.Sentence, StringComparison.Ordinal);
        Assert.InRange(detector.Score(Table("new.csv", 1000, 22)).Count(threshold.IsAlarm), 40, 160); // 100 promised
        Assert.Equal(0, detector.Detector.Use("pca").Calibrate([detector.Detector.Basis.References]).Calibration.Folds); // fresh samples stand for themselves
        Assert.Contains("share rows", Assert.Throws<HourglassException>(() => AnomalyDetector.Fit(request with { Read = new ReadOptions { Label = "y", Window = new WindowOptions(4, 2) } })).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(9)]
    public void A_handful_of_rows_teaches_nothing_and_is_refused(int rows)
    {
        var fault = Assert.Throws<HourglassException>(() => AnomalyDetector.Fit(Table("handful.csv", rows, 24)));
        Assert.Contains("a detector learns from 10 or more", fault.Message, StringComparison.Ordinal);
        fault = Assert.Throws<HourglassException>(() => AnomalyDetector.Fit(new DetectRequest { Data = Table("n.csv", 20 + rows, 25), Preparation = new PreparationOptions { Validation = 0 } }));
        Assert.Contains("was held out", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_of_one_fold_alone_is_no_obstacle()
    {
        var lines = File.ReadAllLines(Table("rare.csv", 120, 23));
        File.WriteAllLines(In("rare.csv"), lines.Select((line, row) => row == 40 ? line.Replace("red", "green", StringComparison.Ordinal).Replace("blue", "green", StringComparison.Ordinal) : line));
        using var detector = AnomalyDetector.Fit(new DetectRequest { Data = In("rare.csv"), Read = new ReadOptions { Label = "y" }, Detector = new DetectorOptions { Steps = 50, Members = 1, Folds = 3 } });
        Assert.Equal(120, detector.Detector.Calibration.HeldOut.Count);
        Assert.All(detector.Score(In("rare.csv")), score => Assert.True(double.IsFinite(score)));
    }

    [Fact]
    public void A_labelled_file_in_an_order_of_its_own_is_no_drift()
    {
        var detector = fixture.Detector;
        var (rows, faults) = (File.ReadAllLines(Table("n.csv", 1500, 12)), File.ReadAllLines(Table("f.csv", 20, 13, (values, row) => values[0] += 9)));
        var scores = detector.Score(In("n.csv"));
        int[] order = [.. Enumerable.Range(0, scores.Length).OrderBy(row => scores[row])];
        File.WriteAllLines(In("ordered.csv"), [rows[0], .. order.Select(row => rows[row + 1]), .. faults.Skip(1)]);
        using var data = DataFile.Apply(In("ordered.csv"), new ReadOptions { Label = "y" }, detector.Detector.Basis.Preprocessing);
        Assert.False(detector.Evaluate(data).Drift.HasDrifted);
        var stream = detector.Detector.Drift(onlyNormal: true);
        Array.ForEach(order, row => stream.Add(scores[row]));
        Assert.True(stream.HasDrifted);
    }

    [Fact]
    public void Training_on_contaminated_rows_still_finds_the_anomalies_among_them()
    {
        using var detector = AnomalyDetector.Fit(new DetectRequest
        {
            Data = Table("mixed.csv", 1000, 8, (values, row) => values[4] += row % 33 == 0 ? 9 : 0),
            Read = new ReadOptions { Label = "y" },
            Detector = DetectorOptions.ForContaminated(),
        });
        var scores = detector.Score(In("mixed.csv"));
        Assert.True(Hourglass.Evaluation.Ranking.Auroc(scores, [.. scores.Select((_, row) => row % 33 == 0)]) > 0.9);
        detector.Save(In("contaminated.hourglass"));
        using var again = AnomalyDetector.Load(In("contaminated.hourglass"));
        Assert.True(again.IsContaminated);
        Assert.True(again.Use("pca").IsContaminated);
        Assert.False(fixture.Detector.IsContaminated);
    }

    // A crowd is near itself, so that neighbours among all rows do not find it.
    [Fact]
    public void A_crowd_of_anomalies_among_the_training_rows_is_not_what_rows_are_compared_with()
    {
        var random = new Random(5);
        using var detector = AnomalyDetector.Fit(new DetectRequest
        {
            Data = Table("crowd.csv", 1000, 8, (values, row) =>
            {
                if (row % 12 == 0)
                {
                    double[] crowd = [2.5, -2, 1150, 4, -3, 2.5];
                    Array.ForEach([0, 1, 2, 3, 4, 5], place => values[place] = crowd[place] * (1 + (0.02 * random.NextDouble())));
                }
            }),
            Read = new ReadOptions { Label = "y" },
            Detector = DetectorOptions.ForContaminated(),
        });
        Assert.True(Auroc(detector.Use("neighbours")) < 0.6);
        Assert.True(Auroc(detector) > 0.95);

        double Auroc(AnomalyDetector rule) => rule.Score(In("crowd.csv")) is var scores ? Hourglass.Evaluation.Ranking.Auroc(scores, [.. scores.Select((_, row) => row % 12 == 0)]) : 0;
    }

    [Fact]
    public void A_mutated_detector_file_is_refused_or_works_and_never_crashes()
    {
        fixture.Detector.Save(In("detector.hourglass"));
        var contents = BundleFile.Read(In("detector.hourglass"));
        var random = new Random(9);
        for (var round = 0; round < 40; round++)
        {
            var text = contents.Detector!.ToCharArray();
            for (var change = 0; change < 1 + (round % 3); change++)
            {
                text[random.Next(text.Length)] = "0123456789-.\"{}[]:,ae"[random.Next(21)];
            }

            var name = contents.Weights.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(contents.Weights.Count));
            var weights = contents.Weights.Where(pair => round % 2 == 0 || pair.Key != name).ToDictionary(StringComparer.Ordinal);
            BundleFile.Write(In("mutant.hourglass"), contents with { Detector = round % 2 == 0 ? new string(text) : contents.Detector, Weights = weights });
            try
            {
                using var mutant = AnomalyDetector.Load(In("mutant.hourglass"));
                _ = mutant.Detector.Score(new float[mutant.Detector.Basis.SampleLength]);
            }
            catch (HourglassException)
            {
            }
        }
    }
}
