namespace Hourglass.Bottlenecks;

/// <summary>What all dictionaries share: few of many latents fire, and those that fire for nothing are revived.</summary>
/// <remarks>Gao et al. 2024, https://arxiv.org/abs/2406.04093: dead units predict what the reconstruction still lacks (AuxK).</remarks>
public abstract record SparseOptions : BottleneckOptions
{
    /// <summary>A unit is dead when it has not fired for this many training samples.</summary>
    public int DeadAfter { get; init; } = 20_000;

    /// <summary>Dead units that fire in the prediction of the remaining error; half the input's length, at most 256, when null.</summary>
    public int? RevivedUnits { get; init; }

    /// <summary>Weight of that prediction's squared error; 0 for no revival.</summary>
    public double RevivalWeight { get; init; } = 1.0 / 32;

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        var kind = Kind;
        if (DeadAfter < 1)
        {
            yield return $"bottleneck {kind}: deadAfter must be at least 1, got {DeadAfter}.";
        }

        if (RevivedUnits is < 1)
        {
            yield return $"bottleneck {kind}: revivedUnits must be at least 1, got {RevivedUnits}.";
        }

        foreach (var fault in NegativeFaults(kind, ("revivalWeight", RevivalWeight)))
        {
            yield return fault;
        }
    }

    private protected abstract string Kind { get; }

    private protected IEnumerable<string> ActiveFaults(int active, AutoencoderOptions options)
    {
        if (active < 1 || active > (options.LatentSize ?? int.MaxValue))
        {
            yield return $"bottleneck {Kind}: active must be from 1 to the number of latents ({options.LatentSize}), got {active}. Give --active or a larger --latent.";
        }
    }
}

/// <summary>The largest latents of each sample fire; the others are 0.</summary>
/// <remarks>Makhzani and Frey 2014, https://arxiv.org/abs/1312.5663; Gao et al. 2024.</remarks>
public sealed record TopKOptions : SparseOptions
{
    /// <summary>Latents that fire for a sample (L0).</summary>
    public int Active { get; init; } = 32;

    private protected override string Kind => "top-k";

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new TopK(this, Active, featureSize, latentSize, input);

    internal override IEnumerable<string> Faults(AutoencoderOptions options) => base.Faults(options).Concat(ActiveFaults(Active, options));
}

/// <summary>The largest latents of a batch fire, so that hard samples get more of them; in evaluation a threshold learnt in training decides.</summary>
/// <remarks>Bussmann et al. 2024, https://arxiv.org/abs/2412.06410.</remarks>
public sealed record BatchTopKOptions : SparseOptions
{
    /// <summary>Latents that fire for a sample, on average (L0).</summary>
    public int Active { get; init; } = 32;

    private protected override string Kind => "batch-top-k";

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new BatchTopK(this, featureSize, latentSize, input);

    internal override IEnumerable<string> Faults(AutoencoderOptions options) => base.Faults(options).Concat(ActiveFaults(Active, options));
}

/// <summary>A latent fires above a threshold of its own, which is learnt; each that fires is charged.</summary>
/// <remarks>Rajamanoharan et al. 2024, https://arxiv.org/abs/2407.14435: straight-through gradients for the thresholds.</remarks>
public sealed record JumpReluOptions : SparseOptions
{
    /// <summary>Cost of a latent that fires, per sample; 0 when <see cref="Target"/> steers it.</summary>
    public double L0 { get; init; } = 1e-3;

    /// <summary>Latents wished for per sample; when given, the cost is charged on the relative distance from it.</summary>
    /// <remarks>Section 4 of the source: (L0 / target - 1)^2 in the place of L0.</remarks>
    public double? Target { get; init; }

    /// <summary>Width of the window in which a threshold feels a gradient.</summary>
    public double Bandwidth { get; init; } = 0.05;

    /// <summary>Thresholds at the start.</summary>
    public double Threshold { get; init; } = 0.05;

    private protected override string Kind => "jump-relu";

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new JumpRelu(this, featureSize, latentSize, input);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        foreach (var fault in base.Faults(options).Concat(NegativeFaults(Kind, ("l0", L0))))
        {
            yield return fault;
        }

        if (!(Bandwidth > 0) || !(Threshold > 0) || !double.IsFinite(Bandwidth) || !double.IsFinite(Threshold))
        {
            yield return $"bottleneck jump-relu: bandwidth and threshold must be above 0, got {Bandwidth} and {Threshold}.";
        }

        if (Target is { } target && !(target > 0 && double.IsFinite(target)))
        {
            yield return $"bottleneck jump-relu: target must be above 0, got {target}.";
        }
    }
}

/// <summary>One map decides which latents fire, a rescaled copy of it how strongly, so that the penalty does not shrink them.</summary>
/// <remarks>Rajamanoharan et al. 2024, https://arxiv.org/abs/2404.16014.</remarks>
public sealed record GatedOptions : SparseOptions
{
    /// <summary>Weight of the sum of what passes the gate, per sample.</summary>
    public double L1 { get; init; } = 0.05;

    private protected override string Kind => "gated";

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new Gated(this, featureSize, latentSize, input);

    internal override IEnumerable<string> Faults(AutoencoderOptions options) => base.Faults(options).Concat(NegativeFaults(Kind, ("l1", L1)));
}
