using System.CommandLine;
using System.Text.Json;
using Hourglass.Bundles;
using Hourglass.Cli.Options;
using Hourglass.Detection;
using Hourglass.Scoring;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass inspect MODEL: what a file says, without loading the engine.</summary>
internal static class InspectCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("inspect", "What a model file holds: card, options, preprocessing, weights, history.\n\nExample:\n  hourglass inspect model.hourglass --json");
        var (model, json) = (CommonOptions.Model(), CommonOptions.Json());
        command.Arguments.Add(model);
        command.Options.Add(json);
        command.SetAction(parse =>
        {
            var path = parse.GetRequiredValue(model);
            var contents = BundleFile.Read(path);
            var weights = contents.Weights.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Select(tensor => new WeightResult(tensor.Name, tensor.Shape)).ToList();
            var obstacle = ScoringModel.ObstacleOf(contents);
            if (parse.GetValue(json))
            {
                screen.WriteJson(new InspectResult(
                    BundleJson.Deserialize<JsonElement>(contents.Model, path), BundleJson.Deserialize<JsonElement>(contents.Preprocessing, path), BundleJson.Deserialize<JsonElement>(contents.Training, path), weights, obstacle,
                    contents.Detector is { } detector ? BundleJson.Deserialize<JsonElement>(detector, path) : null));
                return;
            }

            screen.Output.WriteLine(contents.Card);
            if (contents.Detector is { } text)
            {
                screen.Output.WriteLine(Sentence(BundleJson.Deserialize<DetectorRecord>(text, path)));
                screen.Output.WriteLine();
            }

            screen.Output.WriteLine(contents.Model);
            screen.Output.WriteLine(obstacle is null ? "Scored by kernels of its own, without libtorch." : $"Scored by libtorch: {obstacle}.");
            screen.WriteTable(["weights", "shape"], weights.Select(weight => new[] { weight.Name, $"[{string.Join(", ", weight.Shape)}]" }));
        });
        return command;
    }

    private static string Sentence(DetectorRecord detector) =>
        $"A detector of {detector.FurtherMembers.Count + 1} members that scores by '{detector.Chosen}', of {string.Join(", ", detector.Rules.Select(rule => rule.Name))}; threshold: {BundleJson.Serialize(detector.Threshold).ReplaceLineEndings(" ")}."
        + (detector.IsContaminated ? " Its training data may hold anomalies." : "");

    private sealed record InspectResult(JsonElement Model, JsonElement Preprocessing, JsonElement Training, IReadOnlyList<WeightResult> Weights, string? Obstacle, JsonElement? Detector);

    private sealed record WeightResult(string Name, IReadOnlyList<long> Shape);
}
