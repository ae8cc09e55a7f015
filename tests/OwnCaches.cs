using System.Runtime.CompilerServices;

namespace Hourglass.Tests;

/// <summary>Tests keep stores in a folder of their own, which goes with the process: the user's caches are not theirs.</summary>
internal static class OwnCaches
{
    [ModuleInitializer]
    internal static void Set()
    {
        var folder = Directory.CreateTempSubdirectory("hourglass-caches-").FullName;
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
    }
}
