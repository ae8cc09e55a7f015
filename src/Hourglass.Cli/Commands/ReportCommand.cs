using System.CommandLine;
using Hourglass.Reporting;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass report MODEL DATA.</summary>
internal static class ReportCommand
{
    public static Command Create(Screen screen) => ModelOnData.Create(
        screen, "report", "The report of a model, with its pictures and maps made from data.\n\nExample:\n  hourglass report model.hourglass test.csv --out report.html", "Where the report goes (report.html).", run =>
        {
            var path = run.Out ?? "report.html";
            TrainingReport.Write(path, run.Trained, run.Data);
            if (run.AsJson)
            {
                screen.WriteJson(new { report = Path.GetFullPath(path), samples = run.Data.Samples.Count });
            }
            else
            {
                screen.Output.WriteLine($"Report: {Path.GetFullPath(path)}");
            }
        });
}
