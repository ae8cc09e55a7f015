namespace Hourglass.Benchmarks;

/// <summary>Scores of a million rows, from a Parquet file to a file of scores; the peer starts from prepared samples in memory and ends there.</summary>
internal static class SpeedScoring
{
    public static IEnumerable<SpeedWork> Works() => new[] { 2, 1 }.Select(threads => new SpeedWork($"score {ScoringScene.Rows} x {ScoringScene.Columns} from Parquet to disk, {threads} thread{(threads == 1 ? "" : "s")}", threads, () => Prepare(threads)));

    private static SpeedContest Prepare(int threads)
    {
        var scene = new ScoringScene();
        var peer = new OnnxScorer(scene.Model, scene.Table, threads);
        var (ours, theirs) = (scene.Score(threads), peer.Score(8192));
        if (!(Math.Abs(ours - theirs) < 1e-4 * theirs))
        {
            throw new InvalidOperationException($"The mean score is {ours}, the peer's {theirs}.");
        }

        var fastest = peer.FastestBatch();
        return new SpeedContest(
            "samples/s", SpeedContest.Rate(ScoringScene.Rows, () => scene.Score(threads)),
            [new SpeedPeer($"ONNX Runtime, {fastest}", 1, SpeedContest.Rate(ScoringScene.Rows, () => peer.Score(fastest)))], scene, peer);
    }
}
