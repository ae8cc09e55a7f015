using System.CommandLine;
using Hourglass.Cli.Options;
using Hourglass.Data.BuiltIn;
using Hourglass.Data.Downloads;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass data list | export NAME FILE | get NAME.</summary>
internal static class DataCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("data", "Data inside the product, and published sets to download.");
        command.Subcommands.Add(CreateList(screen));
        command.Subcommands.Add(CreateExport(screen));
        command.Subcommands.Add(CreateGet(screen));
        return command;
    }

    private static Command CreateList(Screen screen)
    {
        var command = new Command("list", "List the sets.");
        var json = CommonOptions.Json();
        command.Options.Add(json);
        command.SetAction(parse =>
        {
            if (parse.GetValue(json))
            {
                screen.WriteJson(new { builtIn = BuiltInSets.All, download = DownloadableSets.All.Select(set => new { set.Name, set.Description, cached = set.IsCached }) });
                return;
            }

            screen.WriteTable(
                ["name", "what", "where from"],
                [.. BuiltInSets.All.Select(set => new[] { set.Name, set.Description, set.Origin }), .. DownloadableSets.All.Select(set => new[] { set.Name, set.Description, set.IsCached ? "downloaded" : $"hourglass data get {set.Name}" })]);
        });
        return command;
    }

    private static Command CreateExport(Screen screen)
    {
        var command = new Command("export", "Write a set to a file.\n\nExample:\n  hourglass data export glyphs glyphs.npz");
        var name = new Argument<string>("NAME") { Description = "A built-in set." };
        var file = new Argument<string>("FILE") { Description = ".csv, .parquet, .npy, .npz or .png." };
        var json = CommonOptions.Json();
        command.Arguments.Add(name);
        command.Arguments.Add(file);
        command.Options.Add(json);
        command.SetAction(parse =>
        {
            var path = parse.GetRequiredValue(file);
            var samples = BuiltInExport.Write(parse.GetRequiredValue(name), path);
            if (parse.GetValue(json))
            {
                screen.WriteJson(new { samples, @out = Path.GetFullPath(path) });
            }
            else
            {
                screen.Output.WriteLine($"{samples} samples: {path}");
            }
        });
        return command;
    }

    private static Command CreateGet(Screen screen)
    {
        var command = new Command("get", "Download a published set from its publisher into the cache; used from there afterwards.\n\nExample:\n  hourglass data get mnist && hourglass train mnist");
        var name = new Argument<string>("NAME") { Description = string.Join(", ", DownloadableSets.All.Select(set => set.Name)) };
        var json = CommonOptions.Json();
        command.Arguments.Add(name);
        command.Options.Add(json);
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(10) };
            var set = DownloadableSets.Find(parse.GetRequiredValue(name));
            await set.GetAsync(client, new Progress<string>(screen.Error.WriteLine), cancellationToken);
            if (parse.GetValue(json))
            {
                screen.WriteJson(new { set.Name, set.Folder });
            }
            else
            {
                screen.Output.WriteLine($"{set.Name}: {set.Folder}");
            }
        });
        return command;
    }
}
