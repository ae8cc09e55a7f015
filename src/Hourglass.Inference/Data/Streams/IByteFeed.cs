namespace Hourglass.Data.Streams;

/// <summary>Bytes that come over time.</summary>
internal interface IByteFeed : IDisposable
{
    /// <summary>What faults call it.</summary>
    string Name { get; }

    /// <summary>Whether nothing more will come.</summary>
    bool IsEnded { get; }

    /// <summary>Waits for bytes and takes what has come.</summary>
    /// <param name="room">Receives them.</param>
    /// <returns>How many; 0 where a file ends, and the next bytes, if more come, begin another one.</returns>
    int Read(Memory<byte> room);
}

/// <summary>A stream that is read once: standard input, a pipe.</summary>
internal sealed class StreamFeed(Stream stream, string name, CancellationToken stop = default) : IByteFeed
{
    private bool _isEnded;

    public string Name => name;

    public bool IsEnded => _isEnded;

    public int Read(Memory<byte> room)
    {
        var read = 0;
        try
        {
            var reading = stream.ReadAsync(room, stop);
            read = reading.IsCompletedSuccessfully ? reading.Result : reading.AsTask().WaitAsync(stop).GetAwaiter().GetResult(); // a console's read does not heed the token
        }
        catch (OperationCanceledException)
        {
            // Asked to stop: the stream ends here.
        }
        catch (IOException fault)
        {
            throw new DataException($"{name}: cannot be read: {fault.Message}", fault);
        }

        _isEnded = read == 0;
        return read;
    }

    public void Dispose() => stream.Dispose();
}
