using System.Globalization;
using Hourglass.Bundles;
using Hourglass.Data;

namespace Hourglass.Cli.Display;

/// <summary>What was read and what was chosen, before training.</summary>
internal static class DataDisplay
{
    private const int ShownColumns = 60;

    public static void Write(Screen screen, PreparedData data, AutoencoderOptions options, ReadingDisplay? reading = null)
    {
        reading?.End();
        var (description, error) = (data.Description, screen.Error);
        WriteReuse(screen, data);
        error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{description.Source} ({description.Format}): {description.Samples:N0} samples of shape [{string.Join(", ", data.Samples.SampleShape)}]; {data.Split.Training.Length:N0} train, {data.Split.Validation.Length:N0} validate."));
        if (description.Columns.Count > 0)
        {
            (screen with { Output = error }).WriteTable(
                ["column", "kind", "missing", "distinct", "treatment"],
                description.Columns.Take(ShownColumns).Select(column => new[] { column.Name, column.Kind, Number(column.Missing), Number(column.Distinct), column.Treatment }));
        }

        foreach (var note in description.Notes)
        {
            error.WriteLine(note);
        }

        error.WriteLine($"Model: {options.LatentSize} latents, {Kind(options.Network)} network, {Kind(options.Bottleneck)} bottleneck, {Kind(options.Objective)}, batch {options.Training.BatchSize}, {Kind(options.Training.Optimizer)} at {options.Training.ActualLearningRate.ToString(CultureInfo.InvariantCulture)}, seed {options.Training.Seed}.");
    }

    /// <summary>Says where the source itself was not read.</summary>
    public static void WriteReuse(Screen screen, PreparedData data)
    {
        if (data.IsReused)
        {
            screen.Error.WriteLine($"Reusing the sample store of {data.Description.Source}, unchanged since it was read; --no-cache reads it anew.");
        }
    }

    /// <summary>The JSON word of a choice.</summary>
    public static string Kind<T>(T choice)
    {
        using var json = System.Text.Json.JsonDocument.Parse(BundleJson.Serialize(choice));
        return json.RootElement.ValueKind == System.Text.Json.JsonValueKind.Object ? json.RootElement.GetProperty("kind").GetString()! : json.RootElement.GetString()!;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
