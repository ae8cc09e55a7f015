using Hourglass.Bundles;
using Hourglass.Detection.Calibration;

namespace Hourglass.Detection.Streams;

/// <summary>Where a stream stands; written atomically, off the thread that scores.</summary>
internal sealed record StreamState
{
    private const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    public required string Model { get; init; }

    public required string Source { get; init; }

    /// <summary>Bytes of the file whose lines are all done.</summary>
    public long Position { get; init; }

    /// <summary>A hash of the file's first bytes.</summary>
    public string Fingerprint { get; init; } = "";

    public long Line { get; init; }

    public string? Header { get; init; }

    public StreamCounts Counts { get; init; }

    public required WindowState Window { get; init; }

    public required DriftState Drift { get; init; }

    /// <summary>Reads a state; null where there is none yet.</summary>
    /// <exception cref="HourglassException">It belongs to another model or source, or is broken.</exception>
    public static StreamState? Read(string path, string model, string source)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new HourglassException($"{path}: the state cannot be read: {fault.Message}", fault);
        }

        var state = BundleJson.Deserialize<StreamState>(text, path);
        return state.Version == CurrentVersion && state.Model == model && state.Source == source ? state
            : throw new HourglassException($"{path}: this state was written for another {(state.Version != CurrentVersion ? "version of Hourglass" : state.Model != model ? "model" : $"source, {state.Source}")}. Delete it to begin anew, or name another file with --state.");
    }
}

/// <summary>Writes states one after another in the background; a state that comes while one is being written waits for its successor.</summary>
internal sealed class StateWriter(string path)
{
    private Task _writing = Task.CompletedTask;

    /// <summary>Writes unless a write is under way.</summary>
    public void Offer(Func<StreamState> state)
    {
        if (_writing.IsCompleted)
        {
            _writing.GetAwaiter().GetResult(); // a fault of the last write
            Begin(state());
        }
    }

    /// <summary>Writes the last state and waits for it.</summary>
    public void Finish(StreamState state)
    {
        _writing.GetAwaiter().GetResult();
        Begin(state);
        _writing.GetAwaiter().GetResult();
    }

    private void Begin(StreamState state) => _writing = Task.Run(() => AtomicFile.WriteText(path, BundleJson.Serialize(state)));
}
