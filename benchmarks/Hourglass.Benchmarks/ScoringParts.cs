using System.Diagnostics;
using System.Globalization;
using Hourglass.Bundles;
using Hourglass.Data.Tabular;
using Hourglass.Kernels;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

namespace Hourglass.Benchmarks;

/// <summary>What each part of scoring a Parquet file takes on one thread, beside ONNX Runtime on prepared samples and the arithmetic at its peak.</summary>
internal static class ScoringParts
{
    private const int Rounds = 9;
    private const int PieceBytes = 1 << 14;
    private const double Multiplications = (2 * 30 * 64) + (2 * 64 * 16); // of a sample

    public static int Run()
    {
        using var scene = new ScoringScene();
        using var peer = new OnnxScorer(scene.Model, scene.Table, threads: 1);
        var batch = peer.FastestBatch();
        var contents = BundleFile.Read(scene.Model);
        using var model = KernelReconstructor.TryCreate(contents, scene.Model, out _, threads: 1)!;
        var preprocessing = (TablePreprocessing)BundleJson.Deserialize<SamplePreprocessing>(contents.Preprocessing, scene.Model);
        LinearScaling[] scalings = [.. preprocessing.Columns.Select(column => ((NumericTransform)column).Linear!.Value)];
        var errors = new ReconstructionErrors(model, []);
        using var tiles = new RowTiles(ScoringScene.Columns, ParquetTiles.BlockRows);
        var figures = new float[ParquetTiles.BlockRows];
        ReadTiles(scene.Table, scalings, tiles, all: false);
        var parts = new (string Name, Action Work)[]
        {
            ("the file's bytes, in pieces", () => ReadBytes(scene.Table)),
            ("bytes, unpacked", () => Unpack(scene.Table)),
            ("bytes, unpacked, scaled, in tiles", () => ReadTiles(scene.Table, scalings, tiles, all: true)),
            ("products and errors of a block in the cache", () => Measure(errors, tiles, figures)),
            ("a hundred rows in a million's place", () => scene.ScoreFew()),
            ("the whole, to disk", () => scene.Score(threads: 1)),
            ($"ONNX Runtime, {batch}", () => peer.Score(batch)),
        };
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"multiply-adds at the peak",-46} {Multiplications * 2 / MultiplyAddPeak.Measure(windows: 20) * 1e9,6:0} ns a row"));
        foreach (var (name, work) in parts)
        {
            work();
            (double Clock, double Processor)[] times = [.. Enumerable.Range(0, Rounds).Select(_ => Seconds(work))];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-46} {times.Min(time => time.Clock) / ScoringScene.Rows * 1e9,6:0} ns a row, {times.Min(time => time.Processor) / ScoringScene.Rows * 1e9,6:0} of processor time"));
        }

        return 0;
    }

    private static (double Clock, double Processor) Seconds(Action work)
    {
        var (clock, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        work();
        return (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }

    private static void ReadBytes(string path)
    {
        using var file = File.OpenHandle(path);
        var piece = new byte[PieceBytes];
        for (var (place, length) = (0L, RandomAccess.GetLength(file)); place < length; place += PieceBytes)
        {
            RandomAccess.Read(file, piece, place);
        }
    }

    private static void Unpack(string path)
    {
        using var source = ParquetSource.Open(path);
        using var file = Blocks(source);
        for (var column = 0; column < ScoringScene.Columns; column++)
        {
            using var stream = file.OpenStream<float>(0, column)!;
            for (var row = 0; row < ScoringScene.Rows;)
            {
                row += stream.Next(1, Math.Min(ParquetTiles.BlockRows, ScoringScene.Rows - row)).Length;
            }
        }
    }

    private static void ReadTiles(string path, LinearScaling[] scalings, RowTiles room, bool all)
    {
        using var source = ParquetSource.Open(path);
        using var file = Blocks(source);
        using var tiles = new ParquetTiles(file, [.. scalings.Select((scaling, column) => (column, scaling))]);
        for (var block = 0; block < (all ? tiles.Count : 1); block++)
        {
            tiles.TryRead(block, room);
        }
    }

    private static ParquetBlocks Blocks(ParquetSource source) => (ParquetBlocks)source.OpenBlocks(Enumerable.Range(0, ScoringScene.Columns).ToHashSet())!;

    private static void Measure(ReconstructionErrors errors, RowTiles tiles, float[] figures)
    {
        tiles.Rows = ParquetTiles.BlockRows;
        for (var row = 0; row < ScoringScene.Rows; row += ParquetTiles.BlockRows)
        {
            errors.Measure(tiles, figures);
        }
    }
}
