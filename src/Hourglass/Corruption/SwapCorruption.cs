using Hourglass.Engine;
using Hourglass.Preprocessing;
using static TorchSharp.torch;

namespace Hourglass.Corruption;

/// <summary>Replaces a random share of the columns by the same column of another row: noise that looks like data.</summary>
/// <remarks>One-hot columns move as a whole. In Kaggle practice since Jahrer 2017 ("swap noise"); see also VIME,
/// Yoon et al. 2020, section 4.1.</remarks>
public sealed record SwapCorruptionOptions : CorruptionOptions
{
    /// <summary>Share of columns swapped, 0 to 1.</summary>
    public double Share { get; init; } = 0.15;

    internal override SampleCorruption Build(InputOptions input) => new SwapCorruption(this, input);

    internal override IEnumerable<string> Faults() => ShareFaults("swap", Share);
}

/// <summary>Rows are paired with a random other row of the batch; columns are chosen value by value, one-hot blocks as one.</summary>
internal sealed class SwapCorruption : SampleCorruption
{
    private readonly double _share;
    private readonly long[] _columnOfValue;
    private readonly int _columns;

    public SwapCorruption(SwapCorruptionOptions options, InputOptions input)
    {
        _share = options.Share;
        _columnOfValue = new long[input.Length];
        foreach (var block in input.Blocks)
        {
            for (var value = block.Start; value < block.Start + block.Length; value++)
            {
                _columnOfValue[value] = block.Kind == FeatureBlockKind.Categorical && value > block.Start ? _columns - 1 : _columns++;
            }
        }
    }

    private protected override Tensor Corrupt(Tensor samples, StepContext context)
    {
        var flat = samples.flatten(1);
        var partner = context.Uniform([flat.shape[0]], flat).argsort();
        var swapped = context.Uniform([flat.shape[0], _columns], flat).lt(HeldScalar.Of(_share)); // [batch, column]
        using var columnOfValue = tensor(_columnOfValue, device: flat.device);
        return where(swapped.index_select(1, columnOfValue), flat.index_select(0, partner), flat).reshape(samples.shape);
    }
}
