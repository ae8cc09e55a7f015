using System.CommandLine;
using System.Text.Json.Schema;
using Hourglass.Bundles;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass schema: the JSON schema of options files, for editors.</summary>
internal static class SchemaCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("schema", "Print the JSON schema of options files (docs/model.schema.json).");
        command.SetAction(_ => screen.Output.WriteLine(Text()));
        return command;
    }

    /// <summary>The schema.</summary>
    public static string Text() =>
        BundleJson.Options.GetJsonSchemaAsNode(typeof(AutoencoderOptions), new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true }).ToJsonString(BundleJson.Options);
}
