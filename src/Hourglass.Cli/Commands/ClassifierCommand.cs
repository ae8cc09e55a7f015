using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Options;
using Hourglass.Data;
using Hourglass.Tasks;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass classifier DATA.</summary>
internal static class ClassifierCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("classifier", "Train the small classifier whose features 'hourglass distance' measures in.\n\nExample:\n  hourglass classifier glyphs --out glyphs.classifier");
        var (data, json, output, seed) = (CommonOptions.Data(), CommonOptions.Json(), CommonOptions.Out("Where the classifier goes (model.classifier)."), CommonOptions.Seed());
        var epochs = new Option<int>("--epochs") { Description = "Passes over the data.", DefaultValueFactory = _ => 5 };
        var read = new ReadFlags();
        command.Arguments.Add(data);
        foreach (var option in new Option[] { epochs, output, seed, json })
        {
            command.Options.Add(option);
        }

        read.AddTo(command);
        command.SetAction(parse =>
        {
            var (passes, path) = (parse.GetValue(epochs), parse.GetValue(output) ?? "model.classifier");
            if (passes is < 1 or > 10_000)
            {
                throw new HourglassException($"--epochs takes 1 to 10000, got {passes}.");
            }

            using var prepared = DataFile.Prepare(parse.GetRequiredValue(data), read.Read(parse), new PreparationOptions { Seed = parse.GetValue(seed) });
            using var classifier = FeatureClassifier.Train(prepared, passes, parse.GetValue(seed));
            classifier.Save(path);
            if (parse.GetValue(json))
            {
                screen.WriteJson(new { samples = prepared.Samples.Count, classes = classifier.Classes.Count, accuracy = classifier.Accuracy, @out = Path.GetFullPath(path) });
            }
            else
            {
                screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{classifier.Classes.Count} classes, {classifier.Accuracy:0.0 %} of held-out samples named rightly: {path}"));
            }
        });
        return command;
    }
}
