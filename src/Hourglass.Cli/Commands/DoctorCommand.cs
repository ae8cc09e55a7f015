using System.CommandLine;
using Hourglass.Cli.Options;
using Hourglass.Engine;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass doctor: what this machine has.</summary>
internal static class DoctorCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("doctor", "Engine, versions, threads, vector width, GPU, and what was mended to load.");
        var json = CommonOptions.Json();
        command.Options.Add(json);
        command.SetAction(parse =>
        {
            var report = EngineReport.Create();
            if (parse.GetValue(json))
            {
                screen.WriteJson(report);
            }
            else
            {
                screen.WriteTable(["", "this machine"], report.Rows().Select(row => new[] { row.Name, row.Value }));
            }

            return report.EngineFault is null ? 0 : 1;
        });
        return command;
    }
}
