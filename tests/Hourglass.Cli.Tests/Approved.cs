using System.Runtime.CompilerServices;

namespace Hourglass.Cli.Tests;

/// <summary>Compares text with a file of the repository; HOURGLASS_APPROVE=1 rewrites the file for review.</summary>
internal static class Approved
{
    public static void Match(string file, string actual)
    {
        var path = Path.Combine(Root(), file);
        if (Environment.GetEnvironmentVariable("HOURGLASS_APPROVE") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.True(File.Exists(path), $"There is no {path}; run with HOURGLASS_APPROVE=1 and review the new file.");
        Assert.Equal(File.ReadAllText(path), actual, ignoreLineEndingDifferences: true);
    }

    public static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
