using System.Globalization;
using System.Runtime.InteropServices;
using Hourglass.Baselines;
using Hourglass.Bottlenecks;
using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Data.Output;
using Hourglass.Evaluation;
using Hourglass.Preprocessing;
using static TorchSharp.torch;

namespace Hourglass.Reporting;

/// <summary>Gathers what a report shows from a model and its data.</summary>
public static class TrainingReport
{
    private const int GridColumns = 16;
    private const int MapSamples = 2000;
    private const int MaximumMapped = 1024; // directions of more latents take longer than the training
    private const int TableRows = 8;
    private const int Traversed = 10;

    /// <summary>Writes the report of a model.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="trained">The model.</param>
    /// <param name="data">Data to measure and show on; its held-out part where it has one.</param>
    public static void Write(string path, TrainedAutoencoder trained, PreparedData data) => Report.Write(path, Gather(trained, data));

    /// <summary>Gathers the contents.</summary>
    /// <param name="trained">The model.</param>
    /// <param name="data">Data to measure and show on.</param>
    public static ReportContents Gather(TrainedAutoencoder trained, PreparedData data)
    {
        var shown = data.Split.Validation.Length > 0 ? data.Split.Validation : data.Split.Training;
        var length = trained.Model.SampleLength;
        var featureErrors = new double[length];
        var errors = trained.Measure(data.Samples, shown, featureErrors);
        var comparison = trained.Pca is { } pca
            ? PcaComparison.Of(errors.Squared, pca.SquaredErrors(data.Samples, shown), pca.Count)
            : null;
        var first = Read(data, shown.AsSpan(0, Math.Min(shown.Length, GridColumns * 2)));
        var isPicture = trained.Preprocessing.SampleShape.Count == 3;
        return new ReportContents
        {
            Title = $"{Path.GetFileName(data.Description.Source.TrimEnd('/'))}: {trained.Model.Options.LatentSize} latents for [{string.Join(", ", trained.Preprocessing.SampleShape)}] values",
            Comparison = comparison,
            MeasuredOn = $"{shown.Length} {(data.Split.Validation.Length > 0 ? "held-out " : "")}samples",
            History = trained.Record.History,
            Reconstructions = isPicture ? Grid(trained, first) : null,
            Rows = isPicture ? null : Table(trained, first),
            Map = trained.LatentSize > MaximumMapped ? [] : LatentMap(trained, data, shown),
            Traversals = isPicture && trained.Model.Options.Bottleneck is GaussianOptions ? Traversals(trained) : null,
            FeatureErrors = isPicture || trained.Pca is null ? [] : FeatureErrors(trained, data, shown, featureErrors),
            ErrorMap = isPicture ? ErrorMap(trained, featureErrors) : null,
            Scores = errors.Squared,
            Samples = isPicture && trained.CanSample ? NewSamples(trained) : null,
            Facts = Facts(trained, data),
            OptionsJson = BundleJson.Serialize(trained.Model.Options with { Input = trained.Model.Options.Input! with { Blocks = [] } }),
        };
    }

    private static List<float[]> Read(PreparedData data, ReadOnlySpan<long> indices)
    {
        var samples = new List<float[]>();
        foreach (var index in indices)
        {
            var values = new float[data.Samples.SampleLength];
            data.Samples.Read(index, 1, values);
            samples.Add(values);
        }

        return samples;
    }

    private static ReportPicture Grid(TrainedAutoencoder trained, List<float[]> samples)
    {
        var shape = trained.Preprocessing.SampleShape;
        var isCorrupted = trained.Model.Options.Corruption is not Hourglass.Corruption.NoCorruptionOptions;
        var tiles = new List<float[]>();
        foreach (var row in samples.Chunk(GridColumns).Where(row => row.Length == GridColumns || samples.Count < GridColumns))
        {
            tiles.AddRange(row);
            var seen = isCorrupted ? [.. row.Select((sample, index) => Corrupted(trained, sample, index))] : row;
            tiles.AddRange(isCorrupted ? seen : []);
            tiles.AddRange(seen.Select(sample => trained.Reconstruct(sample)));
        }

        return new ReportPicture(
            PictureGrid.Png(tiles, shape, Math.Min(GridColumns, samples.Count)),
            isCorrupted ? "Held-out samples: originals, below them what the encoder was given, below that what came back." : "Held-out samples; below each row of originals, what came back.");
    }

    private static float[] Corrupted(TrainedAutoencoder trained, float[] sample, int seed)
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator((ulong)(seed + 1));
        var batch = tensor(sample).reshape([1, .. trained.Preprocessing.SampleShape.Select(size => (long)size)]);
        return MemoryMarshal.Cast<byte, float>(trained.Model.Corrupt(batch, noise).contiguous().bytes).ToArray();
    }

    private static ReportTable Table(TrainedAutoencoder trained, List<float[]> samples)
    {
        var columns = trained.Preprocessing.OutputColumns;
        var pairs = samples.Take(TableRows).Select(sample => (Texts(sample), Texts(trained.Reconstruct(sample)))).ToList();
        return new ReportTable([.. columns.Select(column => column.Name)], pairs);

        string[] Texts(float[] values)
        {
            var cells = new Cell[columns.Count];
            trained.Preprocessing.Invert(values, cells);
            return [.. cells.Select((cell, index) => columns[index].IsText ? cell.Text ?? "(missing)" : double.IsNaN(cell.Number) ? "(missing)" : Markup.Figure(cell.Number))];
        }
    }

    private static List<LatentPoint> LatentMap(TrainedAutoencoder trained, PreparedData data, long[] shown)
    {
        var step = Math.Max(1, shown.Length / MapSamples);
        var chosen = shown.Where((_, index) => index % step == 0).Take(MapSamples).ToArray();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var latents = tensor(trained.Encode(Read(data, chosen).SelectMany(values => values).ToArray()), chosen.Length, trained.LatentSize);
        var centred = latents - latents.mean([0L]);
        var (_, vectors) = linalg.eigh(centred.t().matmul(centred));
        var flat = trained.LatentSize == 1
            ? cat([centred, zeros_like(centred)], 1)
            : centred.matmul(vectors.flip(1).narrow(1, 0, 2));
        var places = MemoryMarshal.Cast<byte, float>(flat.contiguous().bytes).ToArray();
        return [.. chosen.Select((sample, index) => new LatentPoint(places[2 * index], places[(2 * index) + 1], Label(data, sample)))];
    }

    private static string? Label(PreparedData data, long sample) =>
        data.Labels is { } labels && labels.Codes[sample] >= 0 ? labels.Names[labels.Codes[sample]] : null;

    private static ReportPicture Traversals(TrainedAutoencoder trained)
    {
        var (rows, steps) = (Math.Min(Traversed, trained.LatentSize), 11);
        var latents = new float[rows * steps * trained.LatentSize];
        for (var row = 0; row < rows; row++)
        {
            for (var step = 0; step < steps; step++)
            {
                latents[(((row * steps) + step) * trained.LatentSize) + row] = -3 + (6f * step / (steps - 1));
            }
        }

        var decoded = trained.Decode(latents);
        var length = trained.Model.SampleLength;
        return new ReportPicture(
            PictureGrid.Png([.. decoded.Chunk(length)], trained.Preprocessing.SampleShape, steps), $"Each row changes one of the first {rows} latents from -3 to 3 standard deviations of the prior, all others at 0.");
    }

    private static ReportPicture NewSamples(TrainedAutoencoder trained) => new(
        PictureGrid.Png([.. trained.Sample(64, seed: 1).Chunk(trained.Model.SampleLength)], trained.Preprocessing.SampleShape, GridColumns),
        trained.Model.Options.Bottleneck.HasPrior ? "Latents drawn from the prior N(0, I), decoded; seed 1." : "Latents drawn from a Gaussian mixture fitted to the training latents, decoded; seed 1.");

    private static ReportPicture ErrorMap(TrainedAutoencoder trained, double[] featureErrors)
    {
        var largest = Math.Max(1e-12, featureErrors.Max());
        return new ReportPicture(
            PictureGrid.Png([[.. featureErrors.Select(error => (float)(error / largest))]], trained.Preprocessing.SampleShape, 1), $"Mean squared error of each pixel; white is the largest, {Markup.Figure(largest)}.");
    }

    private static List<(string Name, double Autoencoder, double Pca)> FeatureErrors(TrainedAutoencoder trained, PreparedData data, long[] shown, double[] featureErrors)
    {
        var pca = new double[featureErrors.Length];
        using (var scope = NewDisposeScope())
        {
            new StoreBlocks(data.Samples, shown).Each(block =>
            {
                var differences = block - trained.Pca!.Decode(trained.Pca.Encode(block));
                var sums = (differences * differences).sum([0L]);
                var values = MemoryMarshal.Cast<byte, float>(sums.contiguous().bytes);
                for (var value = 0; value < pca.Length; value++)
                {
                    pca[value] += values[value] / shown.Length;
                }
            });
        }

        return [.. trained.Preprocessing.Blocks.Select(block => (block.Name, featureErrors.AsSpan(block.Start, block.Length).ToArray().Average(), pca.AsSpan(block.Start, block.Length).ToArray().Average()))];
    }

    private static List<(string Name, string Value)> Facts(TrainedAutoencoder trained, PreparedData data)
    {
        var record = trained.Record;
        return
        [
            ("data", $"{data.Description.Source} ({data.Description.Format}), {data.Description.Samples} samples"),
            ("data, SHA-256", data.Description.Hash),
            .. data.Description.Notes.Select(note => ("note", note)),
            .. data.Description.Columns.Select(column => ($"column {column.Name}", $"{column.Kind}; {column.Missing} missing; {column.Treatment}")),
            ("split", $"{record.TrainingSamples} train, {record.ValidationSamples} validate, by a hash of each sample"),
            ("seed", trained.Model.Options.Training.Seed.ToString(CultureInfo.InvariantCulture)),
            ("objective per value, held out", Markup.Figure(record.Objective)),
            ("epochs", $"{record.History.Epochs.Count} run, epoch {record.History.BestEpoch} kept ({record.History.StopReason})"),
            ("time", string.Create(CultureInfo.InvariantCulture, $"{record.History.Seconds:0.0} s at {record.History.SamplesPerSecond:N0} samples/s; started {record.Started:yyyy-MM-dd HH:mm:ss} UTC")),
            ("versions", $"Hourglass {record.Versions.Hourglass}, TorchSharp {record.Versions.TorchSharp}, libtorch {record.Versions.LibTorch}, .NET {record.Versions.DotNet}, {record.Versions.OperatingSystem}"),
        ];
    }
}
