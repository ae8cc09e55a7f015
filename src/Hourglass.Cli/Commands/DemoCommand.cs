using System.CommandLine;
using Hourglass.Cli.Options;
using Hourglass.Networks.Dense;
using Hourglass.Tasks;
using Hourglass.Training;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass demo: everything once, on data inside the product.</summary>
internal static class DemoCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("demo", "Train on the built-in glyphs, compare with PCA, write model.hourglass and report.html; about half a minute.\n\nExample:\n  hourglass demo --out demo");
        var (json, output) = (CommonOptions.Json(), CommonOptions.Out("Folder for the results (the current one)."));
        command.Options.Add(output);
        command.Options.Add(json);
        command.SetAction((parse, cancellationToken) =>
        {
            var folder = parse.GetValue(output) ?? ".";
            var request = new TrainRequest
            {
                Data = "glyphs",
                Out = Path.Combine(folder, "model.hourglass"),
                Options = new AutoencoderOptions
                {
                    LatentSize = 32,
                    Network = new DenseNetworkOptions { Hidden = [256, 128] },
                    Training = new TrainingOptions { Epochs = 25, BatchSize = 64, Schedule = ScheduleKind.Cosine },
                },
            };
            screen.Error.WriteLine("Letters and digits in many typefaces, 784 pixels each, through 32 latents and back; held-out pictures decide.");
            TrainCommand.Run(screen, request, Path.Combine(folder, "report.html"), parse.GetValue(json), cancellationToken);
            if (!parse.GetValue(json))
            {
                screen.Output.WriteLine("Open the report in a browser. Then try your own data: hourglass train FILE");
            }

            return Task.FromResult(0);
        });
        return command;
    }
}
