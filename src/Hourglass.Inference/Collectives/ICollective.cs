namespace Hourglass.Collectives;

/// <summary>The processes of one job as each of them sees it: every rank makes the same calls in the same order.</summary>
public interface ICollective : IDisposable
{
    /// <summary>This process, from 0.</summary>
    int Rank { get; }

    /// <summary>Processes in the job.</summary>
    int Size { get; }

    /// <summary>What carries the messages, for the log: "one process", "Open MPI, 4 ranks".</summary>
    string Description { get; }

    /// <summary>Replaces values by their sum over all ranks: the same bits on every rank, in every run.</summary>
    /// <param name="values">As many on every rank.</param>
    void Sum(Span<float> values);

    /// <inheritdoc cref="Sum(Span{float})"/>
    void Sum(Span<double> values);

    /// <summary>Room for values that are summed again and again.</summary>
    /// <param name="length">Values; as many on every rank.</param>
    SumRoom Room(long length);

    /// <summary>Replaces values by those of rank 0.</summary>
    /// <param name="values">As many on every rank.</param>
    void Broadcast(Span<byte> values);

    /// <summary>Collects a run of bytes of each rank, of any length, on every rank.</summary>
    /// <param name="values">This rank's.</param>
    /// <returns>In the order of ranks.</returns>
    byte[][] Gather(ReadOnlySpan<byte> values);

    /// <summary>Hands values from one rank to another; the others do nothing.</summary>
    /// <param name="from">Whose values.</param>
    /// <param name="to">Who receives them; as many there.</param>
    /// <param name="values">They, or room for them.</param>
    void Pass(int from, int to, Span<byte> values);

    /// <summary>Ends the job on every rank, for a fault that only this rank knows of.</summary>
    /// <param name="exitCode">Of the job.</param>
    void Abort(int exitCode);
}

/// <summary>A process alone: nothing to add to, nobody to tell.</summary>
public sealed class SingleProcess : ICollective
{
    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public string Description => "one process";

    /// <inheritdoc/>
    public void Sum(Span<float> values)
    {
    }

    /// <inheritdoc/>
    public void Sum(Span<double> values)
    {
    }

    /// <inheritdoc/>
    public SumRoom Room(long length) => new(length);

    /// <inheritdoc/>
    public void Broadcast(Span<byte> values)
    {
    }

    /// <inheritdoc/>
    public byte[][] Gather(ReadOnlySpan<byte> values) => [values.ToArray()];

    /// <inheritdoc/>
    public void Pass(int from, int to, Span<byte> values)
    {
    }

    /// <inheritdoc/>
    public void Abort(int exitCode)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
