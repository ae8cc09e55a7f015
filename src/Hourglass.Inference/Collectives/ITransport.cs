namespace Hourglass.Collectives;

/// <summary>Messages from rank to rank.</summary>
internal interface ITransport : IDisposable
{
    int Rank { get; }

    int Size { get; }

    string Description { get; }

    /// <summary>Whether all ranks run on this machine, and may add up values in memory that they share.</summary>
    bool SharesMemory { get; }

    /// <summary>Sends to one rank while receiving from another; either run may be empty, and then has no partner.</summary>
    /// <param name="to">Who is sent to.</param>
    /// <param name="sent">What.</param>
    /// <param name="from">Who sends.</param>
    /// <param name="received">Filled whole.</param>
    void Exchange(int to, ReadOnlySpan<byte> sent, int from, Span<byte> received);

    void Abort(int exitCode);
}
