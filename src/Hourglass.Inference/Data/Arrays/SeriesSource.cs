namespace Hourglass.Data.Arrays;

/// <summary>An array's samples as series: [step] becomes [step, 1], a plane becomes [step, channel].</summary>
internal sealed class SeriesSource : ArraySource
{
    private readonly ArraySource _inner;

    private SeriesSource(ArraySource inner) => _inner = inner;

    /// <summary>Wraps a source.</summary>
    /// <exception cref="DataException">Its samples are neither rows nor planes of floats.</exception>
    public static SeriesSource Of(ArraySource inner)
    {
        int[] shape = inner.Shape switch
        {
            [var steps] => [steps, 1],
            [1, var steps, var channels] when !inner.IsBytes => [steps, channels],
            var other => throw new DataException($"{inner.Name}: --series takes samples of [step] or [step, channel], these are [{string.Join(", ", other)}]{(inner.IsBytes ? " of bytes" : "")}."),
        };
        var source = new SeriesSource(inner) { Name = inner.Name, Format = inner.Format, Count = inner.Count, Shape = shape, IsBytes = false, Labels = inner.Labels };
        source.Notes.AddRange(inner.Notes);
        return source;
    }

    public override string Hash() => _inner.Hash();

    public override void Next(Span<byte> bytes, Span<float> floats) => _inner.Next(bytes, floats);

    public override void Fill(Span<byte> bytes, Span<float> floats) => _inner.Fill(bytes, floats);

    public override bool CanBeCut => _inner.CanBeCut;

    public override bool IsReadAgain => _inner.IsReadAgain;

    public override void MoveTo(long sample) => _inner.MoveTo(sample);

    protected override void Close() => _inner.Dispose();
}
