using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Options;
using Hourglass.Data.BuiltIn;
using Hourglass.Data.Downloads;
using Hourglass.Data.Stores;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass data list | export NAME FILE | get NAME | cache.</summary>
internal static class DataCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("data", "Data inside the product, and published sets to download.");
        command.Subcommands.Add(CreateList(screen));
        command.Subcommands.Add(CreateExport(screen));
        command.Subcommands.Add(CreateGet(screen));
        command.Subcommands.Add(CreateCache(screen));
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

    private static Command CreateCache(Screen screen)
    {
        var command = new Command("cache", "Sample stores kept from earlier runs: a source of 1 MiB or more whose size, time and options are unchanged is not read again.\n\nExample:\n  hourglass data cache --clear");
        var (clear, json) = (new Option<bool>("--clear") { Description = "Remove them." }, CommonOptions.Json());
        command.Options.Add(clear);
        command.Options.Add(json);
        command.SetAction(parse =>
        {
            var cache = StoreCache.OfUser();
            var stores = cache.Stores();
            var freed = parse.GetValue(clear) ? cache.Clear() : 0;
            if (parse.GetValue(json))
            {
                screen.WriteJson(new { cache.Folder, cache.Limit, bytes = stores.Sum(store => store.Bytes) - freed, freed, stores = freed > 0 ? [] : stores });
                return;
            }

            if (stores.Count > 0)
            {
                screen.WriteTable(["source", "MB", "last used"], stores.Select(store => new[] { store.Source, Megabytes(store.Bytes), store.Used.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) }));
            }

            screen.Output.WriteLine($"{cache.Folder}: {stores.Count} stores, {Megabytes(stores.Sum(store => store.Bytes))} of {Megabytes(cache.Limit)} MB.{(freed > 0 ? $" Removed {Megabytes(freed)} MB." : "")}");
        });
        return command;
    }

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture);
}
