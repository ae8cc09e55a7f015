using Hourglass.Data.Stores;

namespace Hourglass.Data.Arrays;

/// <summary>Float samples of a source that were kept, to be read again.</summary>
internal sealed class StoreSource : ArraySource
{
    private readonly SampleStore _store;
    private readonly long _first;
    private long _next;

    /// <summary>Takes a store over.</summary>
    /// <param name="store">The samples that were kept.</param>
    /// <param name="source">Where they come from.</param>
    /// <param name="first">Place of the first of them there.</param>
    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    public StoreSource(SampleStore store, ArraySource source, long first)
    {
        (_store, _first) = (store, first);
        (Name, Format, Count, Shape, IsBytes) = (source.Name, source.Format, source.Count, source.Shape, false);
    }

    public override bool IsReadAgain => true;

    public override string Hash() => throw new NotSupportedException("What was kept of a source has no hash of its own.");

    public override void MoveTo(long sample) => _next = sample - _first;

    public override void Next(Span<byte> bytes, Span<float> floats) => Fill(bytes, floats);

    public override void Fill(Span<byte> bytes, Span<float> floats)
    {
        var count = floats.Length / _store.SampleLength;
        _store.Read(_next, count, floats);
        _next += count;
    }

    protected override void Close() => _store.Dispose();
}
