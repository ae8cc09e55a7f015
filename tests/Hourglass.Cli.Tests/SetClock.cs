namespace Hourglass.Cli.Tests;

/// <summary>A clock that stands where a test has set it.</summary>
internal sealed class SetClock : TimeProvider
{
    public double Seconds { get; set; }

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => (long)(Seconds * 1000);
}
