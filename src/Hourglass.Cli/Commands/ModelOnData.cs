using System.CommandLine;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Hourglass.Cli.Display;
using Hourglass.Cli.Options;
using Hourglass.Collectives;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

namespace Hourglass.Cli.Commands;

/// <summary>The shape of every command that applies a model to data.</summary>
internal static class ModelOnData
{
    /// <summary>A command MODEL DATA [--out FILE] [--json].</summary>
    /// <param name="screen">Where it writes.</param>
    /// <param name="name">Its word.</param>
    /// <param name="description">Its help.</param>
    /// <param name="outDescription">What --out is; null for a command without it.</param>
    /// <param name="action">What it does.</param>
    /// <param name="more">Options of its own.</param>
    public static Command Create(Screen screen, string name, string description, string? outDescription, Action<Run> action, params Option[] more) =>
        Create(screen, name, description, outDescription, more, (parse, path, usesPca, _, read, _, output, json) =>
        {
            using var loaded = TrainedAutoencoder.Load(path);
            var trained = usesPca ? loaded.WithPca() : loaded;
            using var data = read(trained.Preprocessing, new SingleProcess(), screen);
            action(new Run(trained, data, output, json, parse));
            return 0;
        });

    /// <summary>The same for commands that only encode and decode: the training engine is loaded for models that the kernels do not run.</summary>
    /// <remarks>A command that takes a stream where there is one reads <see cref="ScoringRun.Stream"/> first, and the data only without.</remarks>
    public static Command CreateForScoring(Screen screen, string name, string description, string outDescription, Action<ScoringRun> action, bool takesStreams, params Option[] more) =>
        Create(screen, name, description, outDescription, more, (parse, path, usesPca, mine, read, stream, output, json) => RankedCommand.Run(name, mine, (ranks, own) =>
        {
            using var model = Agreement.Together(ranks, () => ScoringModel.Open(path, usesPca, TrainedAutoencoder.Load));
            RequireSameModel(ranks, path);
            WriteObstacle(own, model);
            using var streamed = takesStreams && ranks.Size == 1 && model.Reconstructor is KernelReconstructor ? stream(model.Preprocessing) : null;
            using var data = streamed is null ? read(model.Preprocessing, ranks, own) : null;
            action(new ScoringRun(model, data, output, json, parse, own) { UsesPca = usesPca, Ranks = ranks, Stream = streamed });
        }));

    private static Command Create(Screen screen, string name, string description, string? outDescription, Option[] more, Body body)
    {
        var command = new Command(name, description);
        var (model, data, json, flags) = (CommonOptions.Model(), CommonOptions.Data(), CommonOptions.Json(), new ReadFlags());
        var (output, use) = (CommonOptions.Out(outDescription ?? ""), CommonOptions.Use());
        command.Arguments.Add(model);
        command.Arguments.Add(data);
        foreach (var option in (Option[])[.. outDescription is null ? [] : new Option[] { output }, .. more, use, json])
        {
            command.Options.Add(option);
        }

        flags.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            return Task.FromResult(body(parse, parse.GetRequiredValue(model), parse.GetValue(use) == "pca", screen, Read, Stream, outDescription is null ? null : parse.GetValue(output), parse.GetValue(json)));

            StreamedSamples? Stream(SamplePreprocessing preprocessing) => DataFile.Stream(parse.GetRequiredValue(data), flags.Read(parse), preprocessing, Environment.ProcessorCount);

            PreparedData Read(SamplePreprocessing preprocessing, ICollective ranks, Screen own)
            {
                var reading = new ReadingDisplay(own, parse.GetRequiredValue(data));
                var prepared = DataFile.Apply(parse.GetRequiredValue(data), flags.Read(parse), preprocessing, ranks, reading, cancellationToken);
                reading.End();
                DataDisplay.WriteReuse(own, prepared);
                foreach (var note in prepared.Description.Notes)
                {
                    own.Error.WriteLine(note);
                }

                return prepared;
            }
        });
        return command;
    }

    /// <summary>Says why the training engine is loaded, where it is.</summary>
    public static void WriteObstacle(Screen screen, ScoringModel model)
    {
        if (model.Obstacle is { } obstacle)
        {
            screen.Error.WriteLine($"This model is run by libtorch, not by kernels of its own: {obstacle}.");
        }
    }

    private static void RequireSameModel(ICollective ranks, string path)
    {
        if (ranks.Size > 1)
        {
            Agreement.Require(ranks, [("model (hash of the file)", Convert.ToHexStringLower(XxHash3.Hash(File.ReadAllBytes(path))), "All ranks need the same file.")]);
        }
    }

    // The samples in blocks, [sample, value] row-major, with the number of the first sample.
    private static IEnumerable<(long Start, float[] Values)> Blocks(SampleStore samples, int rows)
    {
        for (var start = 0L; start < samples.Count; start += rows)
        {
            yield return (start, Block(samples, start, rows));
        }
    }

    // So many samples from a place on, [sample, value] row-major.
    private static float[] Block(SampleStore samples, long start, int rows)
    {
        var count = (int)Math.Clamp(samples.Count - start, 0, rows);
        var values = new float[count * samples.SampleLength];
        samples.Read(start, count, values);
        return values;
    }

    private delegate int Body(ParseResult parse, string path, bool usesPca, Screen screen, Func<SamplePreprocessing, ICollective, Screen, PreparedData> read, Func<SamplePreprocessing, StreamedSamples?> stream, string? output, bool asJson);

    /// <summary>What the command works on.</summary>
    /// <param name="Trained">The model.</param>
    /// <param name="Data">The data, as model input; all of it in the training part.</param>
    /// <param name="Out">The file to write.</param>
    /// <param name="AsJson">Whether to print JSON.</param>
    /// <param name="Parse">For further options.</param>
    public sealed record Run(TrainedAutoencoder Trained, PreparedData Data, string? Out, bool AsJson, ParseResult Parse)
    {
        /// <summary>The data in blocks, [sample, value] row-major, with the number of the first sample.</summary>
        public IEnumerable<(long Start, float[] Values)> Blocks() => ModelOnData.Blocks(Data.Samples, 512);
    }

    /// <summary>What a command works on that only encodes and decodes.</summary>
    /// <param name="Model">The model, opened for scoring.</param>
    /// <param name="Prepared">The data, as model input; null where they are streamed.</param>
    /// <param name="Out">The file to write.</param>
    /// <param name="AsJson">Whether to print JSON.</param>
    /// <param name="Parse">For further options.</param>
    /// <param name="Screen">Where this rank writes.</param>
    public sealed record ScoringRun(ScoringModel Model, PreparedData? Prepared, string? Out, bool AsJson, ParseResult Parse, Screen Screen)
    {
        /// <summary>The data, as model input; all of it in the training part.</summary>
        public PreparedData Data => Prepared ?? throw new InvalidOperationException("The data are streamed.");

        /// <summary>The data as they are read; null where they are in a store.</summary>
        public StreamedSamples? Stream { get; init; }

        /// <summary>Whether the principal components of the file stand in for the model.</summary>
        public bool UsesPca { get; init; }

        /// <summary>Who works together: ranks take blocks of samples in turn, rank 0 writes.</summary>
        public required ICollective Ranks { get; init; }

        /// <summary>The data in blocks, [sample, value] row-major, with the number of the first sample.</summary>
        public IEnumerable<(long Start, float[] Values)> Blocks() => ModelOnData.Blocks(Data.Samples, BlockRows);

        private int BlockRows => Math.Clamp((1 << 20) / Data.Samples.SampleLength, 1, 8192);

        /// <summary>Figures of the samples in blocks, [sample, figure] row-major, in order, on rank 0; elsewhere none, but the work is done.</summary>
        /// <param name="width">Figures of a sample.</param>
        /// <param name="measure">Fills figures, [sample, figure], from the number of a block's first sample and its samples, [sample, value].</param>
        public IEnumerable<float[]> Figures(int width, Action<long, float[], float[]> measure)
        {
            for (var start = 0L; start < Data.Samples.Count; start += (long)BlockRows * Ranks.Size)
            {
                var first = Math.Min(Data.Samples.Count, start + ((long)Ranks.Rank * BlockRows));
                var samples = Block(Data.Samples, first, BlockRows);
                var figures = new float[samples.Length / Data.Samples.SampleLength * width];
                measure(first, samples, figures);
                foreach (var block in Ranks.Size == 1 ? [figures] : Ranks.Gather(MemoryMarshal.AsBytes<float>(figures)).Where(_ => Ranks.Rank == 0).Select(bytes => MemoryMarshal.Cast<byte, float>(bytes).ToArray()))
                {
                    yield return block;
                }
            }
        }

        /// <summary>Samples that there are.</summary>
        public long Count => Stream?.Count ?? Data.Samples.Count;

        /// <summary>Writes blocks of figures on rank 0, and does the work for them elsewhere.</summary>
        public void Write(string path, IReadOnlyList<string> names, IEnumerable<float[]> blocks)
        {
            Write(blocks, rows => SampleOutput.Write(path, Prepared, Count, names, rows));
        }

        /// <summary>Gives blocks to whoever writes them on rank 0, and does the work for them elsewhere.</summary>
        public void Write(IEnumerable<float[]> blocks, Action<IEnumerable<float[]>> write)
        {
            if (Ranks.Rank == 0)
            {
                write(blocks);
                return;
            }

            foreach (var _ in blocks)
            {
                throw new InvalidOperationException("Only rank 0 is given rows.");
            }
        }
    }
}
