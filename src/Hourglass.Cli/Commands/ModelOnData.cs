using System.CommandLine;
using Hourglass.Cli.Options;
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
        Create(screen, name, description, outDescription, more, (parse, path, usesPca, read, output, json) =>
        {
            using var loaded = TrainedAutoencoder.Load(path);
            var trained = usesPca ? loaded.WithPca() : loaded;
            using var data = read(trained.Preprocessing);
            action(new Run(trained, data, output, json, parse));
        });

    /// <summary>The same for commands that only encode and decode: the training engine is loaded for models that the kernels do not run.</summary>
    public static Command CreateForScoring(Screen screen, string name, string description, string outDescription, Action<ScoringRun> action, params Option[] more) =>
        Create(screen, name, description, outDescription, more, (parse, path, usesPca, read, output, json) =>
        {
            using var model = ScoringModel.Open(path, usesPca, TrainedAutoencoder.Load);
            using var data = read(model.Preprocessing);
            action(new ScoringRun(model, data, output, json, parse) { UsesPca = usesPca });
        });

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
            body(parse, parse.GetRequiredValue(model), parse.GetValue(use) == "pca", Read, outDescription is null ? null : parse.GetValue(output), parse.GetValue(json));
            return Task.FromResult(0);

            PreparedData Read(SamplePreprocessing preprocessing)
            {
                var prepared = DataFile.Apply(parse.GetRequiredValue(data), flags.Read(parse), preprocessing, null, cancellationToken);
                foreach (var note in prepared.Description.Notes)
                {
                    screen.Error.WriteLine(note);
                }

                return prepared;
            }
        });
        return command;
    }

    // The samples in blocks, [sample, value] row-major, with the number of the first sample.
    private static IEnumerable<(long Start, float[] Values)> Blocks(SampleStore samples, int rows)
    {
        for (var start = 0L; start < samples.Count; start += rows)
        {
            var count = (int)Math.Min(rows, samples.Count - start);
            var values = new float[count * samples.SampleLength];
            samples.Read(start, count, values);
            yield return (start, values);
        }
    }

    private delegate void Body(ParseResult parse, string path, bool usesPca, Func<SamplePreprocessing, PreparedData> read, string? output, bool asJson);

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
    /// <param name="Data">The data, as model input; all of it in the training part.</param>
    /// <param name="Out">The file to write.</param>
    /// <param name="AsJson">Whether to print JSON.</param>
    /// <param name="Parse">For further options.</param>
    public sealed record ScoringRun(ScoringModel Model, PreparedData Data, string? Out, bool AsJson, ParseResult Parse)
    {
        /// <summary>Whether the principal components of the file stand in for the model.</summary>
        public bool UsesPca { get; init; }

        /// <summary>The data in blocks, [sample, value] row-major, with the number of the first sample.</summary>
        public IEnumerable<(long Start, float[] Values)> Blocks() => ModelOnData.Blocks(Data.Samples, Math.Clamp((1 << 20) / Data.Samples.SampleLength, 1, 8192));
    }
}
