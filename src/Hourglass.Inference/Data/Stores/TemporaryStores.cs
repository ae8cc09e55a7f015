using System.Diagnostics;
using System.Globalization;

namespace Hourglass.Data.Stores;

/// <summary>Names stores that live for one run, and removes what killed runs have left.</summary>
internal static class TemporaryStores
{
    private static int _number;

    /// <summary>A new path, named after this process.</summary>
    public static string NewPath(string? folder)
    {
        folder ??= Path.Combine(Path.GetTempPath(), $"hourglass-{Environment.UserName}");
        Directory.CreateDirectory(folder);
        Sweep(folder);
        return Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"run-{Environment.ProcessId}-{Interlocked.Increment(ref _number)}-{Guid.NewGuid():n}.samples"));
    }

    private static void Sweep(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "run-*.samples*"))
        {
            var parts = Path.GetFileName(path).Split('-');
            if (parts.Length > 2 && int.TryParse(parts[1], CultureInfo.InvariantCulture, out var owner) && !IsRunning(owner))
            {
                TryDelete(path);
            }
        }
    }

    private static bool IsRunning(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Another user's leftover in a shared folder: theirs to remove.
        }
    }
}
