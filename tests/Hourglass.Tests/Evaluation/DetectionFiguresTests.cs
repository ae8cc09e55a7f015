using CsCheck;
using Hourglass.Evaluation;
using Hourglass.Evaluation.Series;

namespace Hourglass.Tests.Evaluation;

/// <summary>Figures of detection against the references of series_figures.py (numpy 1.24.2, scikit-learn 1.2.1) and against what theory promises.</summary>
public sealed class DetectionFiguresTests
{
    private static readonly Dictionary<string, (int Steps, StepRange[] Runs, double Lift, int Levels)> Cases = new(StringComparer.Ordinal)
    {
        ["separate"] = (600, [new(40, 59), new(200, 200), new(330, 389), new(595, 599)], 0.4, 1000),
        ["touching"] = (300, [new(0, 9), new(20, 29), new(36, 40), new(150, 170)], 0.2, 50),
        ["tied"] = (120, [new(50, 69)], 0.5, 4),
    };

    private static readonly Gen<(double[] Scores, bool[] Truth)> Labelled =
        Gen.Select(Gen.Int[0, 20].Select(value => value / 4.0), Gen.Bool).Array[2, 80]
            .Where(pairs => pairs.Any(pair => pair.Item2) && pairs.Any(pair => !pair.Item2))
            .Select(pairs => (pairs.Select(pair => pair.Item1).ToArray(), pairs.Select(pair => pair.Item2).ToArray()));

    [Theory]
    [InlineData("separate", 0.831621572708, 0.609753933394)]
    [InlineData("touching", 0.688163300240, 0.279349001866)]
    [InlineData("tied", 0.796250000000, 0.469250000000)]
    public void Rankings_agree_with_scikit_learn(string name, double auroc, double averagePrecision)
    {
        var (scores, truth) = Series(name);
        Assert.Equal(auroc, Ranking.Auroc(scores, truth), 1e-11);
        Assert.Equal(averagePrecision, Ranking.AveragePrecision(scores, truth), 1e-11);
    }

    [Theory]
    [InlineData("separate", 1.25, 0.941176470588, 0.113333333333, 0.5)]
    [InlineData("touching", 0.9, 0.308333333333, 0.289523809524, 1.0)]
    [InlineData("tied", 1, 0.857142857143, 0.246666666667, 1.0)]
    public void Range_figures_agree_with_their_definition(string name, double threshold, double precision, double recall, double existence)
    {
        var (scores, truth) = Series(name);
        var figures = RangeFigures.At(scores, truth, threshold);
        Assert.Equal(precision, figures.Precision, 1e-11);
        Assert.Equal(recall, figures.Recall, 1e-11);
        Assert.Equal(existence, figures.Existence, 1e-11);
    }

    [Theory]
    [InlineData("separate", 20, 0.869468484852, 0.664749454152)]
    [InlineData("touching", 31, 0.816304803339, 0.496092182378)]
    [InlineData("tied", 10, 0.839790363046, 0.568324917568)]
    public void Volumes_agree_with_their_definition(string name, int width, double roc, double precisionRecall)
    {
        var (scores, truth) = Series(name);
        var volume = VolumeUnderSurface.Of(scores, truth, width);
        Assert.Equal(roc, volume.Roc, 1e-11);
        Assert.Equal(precisionRecall, volume.PrecisionRecall, 1e-11);
    }

    [Fact]
    public void Reversed_scores_have_the_complementary_area() =>
        Labelled.Sample(pair => Assert.Equal(1, Ranking.Auroc(pair.Scores, pair.Truth) + Ranking.Auroc([.. pair.Scores.Select(score => -score)], pair.Truth), 1e-12));

    [Fact]
    public void With_runs_of_one_step_each_range_figures_are_point_figures() =>
        Labelled.Sample(pair =>
        {
            // Every step apart from the next, so that no two alarms and no two anomalies touch.
            var scores = pair.Scores.SelectMany(score => new[] { score, double.NegativeInfinity }).ToArray();
            var truth = pair.Truth.SelectMany(mark => new[] { mark, false }).ToArray();
            var (points, ranges) = (PointFigures.At(scores, truth, 2), RangeFigures.At(scores, truth, 2));
            Assert.Equal(points.Precision, ranges.Precision, 1e-12);
            Assert.Equal(points.Recall, ranges.Recall, 1e-12);
        });

    [Fact]
    public void Point_figures_count_alarms_at_or_above_the_threshold()
    {
        var figures = PointFigures.At([3, 2, 1, 2, 0], [true, false, true, true, false], 2);
        Assert.Equal((2.0 / 3, 2.0 / 3, 0.5), (figures.Precision, figures.Recall, figures.FalseAlarmRate));
        Assert.Equal(2.0 / 3, figures.F1, 1e-12);
    }

    [Fact]
    public void Precision_at_n_shares_out_the_tie_at_the_last_place()
    {
        Assert.Equal(0.5 * (1 + (1.0 / 3)), Ranking.PrecisionAt([9, 5, 5, 5], [true, true, false, false]), 1e-12);
        Assert.Equal(1, Ranking.PrecisionAt([9, 5, 5, 5], [true, true, false, false], 1), 1e-12);
    }

    [Fact]
    public void Figures_of_a_series_raise_alarms_above_the_threshold_and_stand_beside_each_other()
    {
        var (scores, truth) = Series("touching");
        var figures = SeriesFigures.Of(scores, scores, truth, 0.9);
        Assert.Equal(PointFigures.At(scores, truth, 0.91).Recall, figures.Points!.Value.Recall);
        Assert.Equal(RangeFigures.At(scores, truth, 0.91), figures.Ranges);
        Assert.Equal(VolumeUnderSurface.Of(scores, truth), figures.Volume);
        Assert.Null(SeriesFigures.Of(scores, scores, truth, null).Ranges);
    }

    [Fact]
    public void Scores_that_cannot_be_judged_are_refused_with_the_reason()
    {
        Assert.Contains("3 scores and 2 labels", Assert.Throws<HourglassException>(() => Ranking.Auroc([1, 2, 3], [true, false])).Message, StringComparison.Ordinal);
        Assert.Contains("score 2 of 2 is NaN", Assert.Throws<HourglassException>(() => VolumeUnderSurface.Of([1, double.NaN], [true, false])).Message, StringComparison.Ordinal);
        Assert.Contains("None of the 2 labels", Assert.Throws<HourglassException>(() => RangeFigures.At([1, 2], [false, false], 1)).Message, StringComparison.Ordinal);
        Assert.Contains("needs normal samples", Assert.Throws<HourglassException>(() => Ranking.Auroc([1, 2], [true, true])).Message, StringComparison.Ordinal);
    }

    private static (double[] Scores, bool[] Truth) Series(string name)
    {
        var (steps, runs, lift, levels) = Cases[name];
        var truth = new bool[steps];
        foreach (var run in runs)
        {
            truth.AsSpan(run.First, run.Length).Fill(true);
        }

        var (state, scores) = (1L, new double[steps]);
        for (var step = 0; step < steps; step++)
        {
            state = ((1103515245 * state) + 12345) % (1L << 31);
            scores[step] = Math.Floor(((state / (double)(1L << 31)) + (truth[step] || truth[Math.Max(0, step - 4)] ? lift : 0)) * levels) / levels;
        }

        return (scores, truth);
    }
}
