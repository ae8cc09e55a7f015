using System.IO.Hashing;
using System.Text;

namespace Hourglass.Preprocessing;

/// <summary>Many categories: a fixed number of buckets, chosen by a hash. Weinberger et al. 2009, https://arxiv.org/abs/0902.2206.</summary>
public sealed record HashTransform : ColumnTransform
{
    /// <summary>Number of buckets.</summary>
    public required int Buckets { get; init; }

    /// <summary>The commonest training category of each bucket, for the way back; null where a bucket is empty.</summary>
    public required IReadOnlyList<string?> Commonest { get; init; }

    /// <inheritdoc/>
    public override int ValueWidth => Buckets;

    /// <inheritdoc/>
    public override FeatureBlockKind BlockKind => FeatureBlockKind.Categorical;

    /// <inheritdoc/>
    public override bool IsText => true;

    /// <summary>The bucket of a text.</summary>
    internal static int BucketOf(ReadOnlySpan<char> text, int buckets)
    {
        const int OnStack = 512; // bytes
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = most <= OnStack ? stackalloc byte[OnStack] : new byte[most];
        return (int)(XxHash3.HashToUInt64(bytes[..Encoding.UTF8.GetBytes(text, bytes)]) % (uint)buckets);
    }

    internal override string? Fault() => Buckets is < 2 or > MaximumWidth || Commonest.Count != Buckets ? $"2 to {MaximumWidth} buckets with as many names are allowed" : null;

    private protected override bool ApplyValue(ReadOnlySpan<char> text, bool isMissing, char decimalMark, Span<float> values)
    {
        values[BucketOf(isMissing ? "" : text, Buckets)] = 1;
        return true;
    }

    private protected override Cell InvertValue(ReadOnlySpan<float> values) =>
        new(double.NaN, Commonest[System.Numerics.Tensors.TensorPrimitives.IndexOfMax(values)] ?? CategoryTransform.Other);
}
