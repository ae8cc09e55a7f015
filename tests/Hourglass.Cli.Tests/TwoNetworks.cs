using System.Diagnostics;

namespace Hourglass.Cli.Tests;

/// <summary>Two network namespaces joined by a cable: two machines as far as addresses go.</summary>
internal sealed class TwoNetworks : IDisposable
{
    private const string First = "10.77.0.1";
    private const string Second = "10.77.0.2";
    private readonly string[] _names;
    private readonly string _agent;

    private TwoNetworks(string folder, string? hidden)
    {
        var own = Environment.ProcessId;
        _names = [$"hourglass{own}a", $"hourglass{own}b"];
        _agent = Path.Combine(folder, "agent");
        File.WriteAllText(_agent, $"#!/bin/sh\n# Called as: agent HOST COMMAND...\nhost=$1; shift\ncase $host in {First}) space={_names[0]};; *) space={_names[1]};; esac\nhide=$([ $host = {First} ] || echo '{Hide(hidden)}')\nexec ip netns exec $space sh -c \"$hide$*\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_agent, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Runs a command in the first namespace.</summary>
    public IReadOnlyList<string> Inside => ["ip", "netns", "exec", _names[0]];

    /// <summary>Makes them, or skips the test where that is not permitted.</summary>
    /// <param name="folder">Where the launcher's agent goes.</param>
    /// <param name="hidden">A folder that is another, empty one on the second machine.</param>
    public static TwoNetworks Create(string folder, string? hidden = null)
    {
        Assert.SkipUnless(MpiJob.IsOnPath("ip"), "The ip command (iproute2) is not on the path.");
        var networks = new TwoNetworks(folder, hidden);
        try
        {
            Assert.SkipUnless(Array.TrueForAll(networks._names, name => Ip("netns", "add", name)), "Network namespaces are not permitted here.");
            var (a, b) = (networks._names[0], networks._names[1]);
            Assert.SkipUnless(
                Ip("link", "add", "cable0", "netns", a, "type", "veth", "peer", "name", "cable0", "netns", b)
                && Ip("-n", a, "addr", "add", First + "/24", "dev", "cable0") && Ip("-n", b, "addr", "add", Second + "/24", "dev", "cable0")
                && Array.TrueForAll(networks._names, name => Ip("-n", name, "link", "set", "lo", "up") && Ip("-n", name, "link", "set", "cable0", "up")),
                "Network namespaces cannot be joined here.");
            return networks;
        }
        catch (Exception)
        {
            networks.Dispose();
            throw;
        }
    }

    /// <summary>A launcher's arguments for a rank in each, over TCP.</summary>
    public IReadOnlyList<string> Launcher(string family) => family == "openmpi"
        ? ["--host", $"{First}:1,{Second}:1", "--mca", "plm_rsh_agent", _agent, "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "10.77.0.0/24", "--mca", "oob_tcp_if_include", "10.77.0.0/24"]
        : ["-launcher", "rsh", "-launcher-exec", _agent, "-hosts", $"{First}:1,{Second}:1", "-iface", "cable0"];

    public void Dispose() => Array.ForEach(_names, name => Ip("netns", "del", name));

    // Each command in a network namespace has mounts of its own.
    private static string Hide(string? folder) => folder is null ? "" : $"mount -t tmpfs none {folder} && ";

    private static bool Ip(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
