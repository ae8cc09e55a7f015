using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>Negative log-likelihood of counts under one softmax over all values: what was chosen, not how much, in nats.</summary>
/// <remarks>Liang et al. 2018, https://arxiv.org/abs/1802.05814, equation 2. For clicks, ratings and bags of words.</remarks>
public sealed record MultinomialOptions : ObjectiveOptions
{
    internal override Objective Build(AutoencoderOptions options) => new Multinomial();

    internal override IEnumerable<string> Faults(AutoencoderOptions options) => OutputFaults("multinomial", options);
}

/// <summary>-x log softmax(output).</summary>
internal sealed class Multinomial() : Objective(nameof(Multinomial))
{
    public override Tensor Reconstruction(Tensor output) => output.softmax(1);

    private protected override Tensor Compare(Tensor output, Tensor target) => -target * output.log_softmax(1);
}
