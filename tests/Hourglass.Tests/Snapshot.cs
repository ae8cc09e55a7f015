using System.Runtime.CompilerServices;

namespace Hourglass.Tests;

/// <summary>Compares text with a file under Approved/; HOURGLASS_APPROVE=1 rewrites the file for review.</summary>
internal static class Snapshot
{
    public static void Match(string name, string actual)
    {
        var path = Path.Combine(Here(), "Approved", name);
        if (Environment.GetEnvironmentVariable("HOURGLASS_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        Assert.True(File.Exists(path), $"There is no {path}; run with HOURGLASS_APPROVE=1 and review the new file.");
        Assert.Equal(File.ReadAllText(path), actual, ignoreLineEndingDifferences: true);
    }

    /// <summary>The folder of this project.</summary>
    public static string Here([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
