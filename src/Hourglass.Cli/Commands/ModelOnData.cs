using System.CommandLine;
using Hourglass.Cli.Options;
using Hourglass.Data;

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
    public static Command Create(Screen screen, string name, string description, string? outDescription, Action<Run> action, params Option[] more)
    {
        var command = new Command(name, description);
        var (model, data, json, read) = (CommonOptions.Model(), CommonOptions.Data(), CommonOptions.Json(), new ReadFlags());
        var output = CommonOptions.Out(outDescription ?? "");
        command.Arguments.Add(model);
        command.Arguments.Add(data);
        if (outDescription is not null)
        {
            command.Options.Add(output);
        }

        foreach (var option in more)
        {
            command.Options.Add(option);
        }

        var use = CommonOptions.Use();
        command.Options.Add(use);
        command.Options.Add(json);
        read.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            using var loaded = TrainedAutoencoder.Load(parse.GetRequiredValue(model));
            var trained = parse.GetValue(use) == "pca" ? loaded.WithPca() : loaded;
            using var prepared = DataFile.Apply(parse.GetRequiredValue(data), read.Read(parse), trained.Preprocessing, null, cancellationToken);
            foreach (var note in prepared.Description.Notes)
            {
                screen.Error.WriteLine(note);
            }

            action(new Run(trained, prepared, outDescription is null ? null : parse.GetValue(output), parse.GetValue(json), parse));
            return Task.FromResult(0);
        });
        return command;
    }

    /// <summary>What the command works on.</summary>
    /// <param name="Trained">The model.</param>
    /// <param name="Data">The data, as model input; all of it in the training part.</param>
    /// <param name="Out">The file to write.</param>
    /// <param name="AsJson">Whether to print JSON.</param>
    /// <param name="Parse">For further options.</param>
    public sealed record Run(TrainedAutoencoder Trained, PreparedData Data, string? Out, bool AsJson, ParseResult Parse)
    {
        /// <summary>The data in blocks, [sample, value] row-major, with the number of the first sample.</summary>
        public IEnumerable<(long Start, float[] Values)> Blocks()
        {
            const int Rows = 512;
            for (var start = 0L; start < Data.Samples.Count; start += Rows)
            {
                var count = (int)Math.Min(Rows, Data.Samples.Count - start);
                var values = new float[count * Data.Samples.SampleLength];
                Data.Samples.Read(start, count, values);
                yield return (start, values);
            }
        }
    }
}
