using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks;

/// <summary>An encoder with one number at its end: how real a sample looks.</summary>
/// <remarks>Both players learn in one backward pass: the discriminator's loss is computed on values cut off from the generator, the
/// generator's with the discriminator's weights frozen. That is simultaneous gradient descent (Mescheder et al. 2018, https://arxiv.org/abs/1801.04406),
/// which keeps one optimiser, one step and one checkpoint.</remarks>
internal sealed class Discriminator : nn.Module
{
    private readonly Encoder _body;
    private readonly Linear _score;

    public Discriminator(NetworkOptions network, InputOptions input)
        : base(nameof(Discriminator))
    {
        _body = (network with { Activation = Activation.LeakyRelu, Normalization = Normalization.None, Dropout = 0, InputDropout = 0 }).BuildEncoder(input);
        _score = nn.Linear(_body.FeatureSize, 1);
        RegisterComponents();
    }

    /// <summary>Features and score.</summary>
    /// <param name="samples">[batch, ...sample shape].</param>
    /// <returns>[batch, feature] and [batch].</returns>
    public (Tensor Features, Tensor Score) Judge(Tensor samples)
    {
        var features = _body.Forward(samples, StepContext.Evaluation);
        return (features, _score.call(features).squeeze(1));
    }

    /// <summary>The same with frozen weights: gradients reach the samples only.</summary>
    public (Tensor Features, Tensor Score) JudgeFrozen(Tensor samples)
    {
        var weights = parameters().ToList();
        weights.ForEach(weight => weight.requires_grad = false);
        var judged = Judge(samples);
        weights.ForEach(weight => weight.requires_grad = true);
        return judged;
    }

    /// <summary>The discriminator's loss plus the generator's.</summary>
    /// <param name="rule">Which game.</param>
    /// <param name="real">[batch, ...sample shape].</param>
    /// <param name="made">Made by the generator, same shape, joined to it.</param>
    /// <param name="penaltyWeight">Weight of the gradient penalty.</param>
    /// <param name="context">Source of randomness.</param>
    /// <returns>Two scalars.</returns>
    public (Tensor Discriminator, Tensor Generator) Losses(AdversarialRule rule, Tensor real, Tensor made, double penaltyWeight, StepContext context)
    {
        var (truth, fake) = (Judge(real.detach()).Score, Judge(made.detach()).Score);
        var deceived = JudgeFrozen(made).Score;
        var (discriminator, generator) = rule == AdversarialRule.Wasserstein
            ? (fake.mean() - truth.mean(), -deceived.mean())
            : (Activation.Softplus.Apply(-truth).mean() + Activation.Softplus.Apply(fake).mean(), Activation.Softplus.Apply(-deceived).mean());
        return penaltyWeight > 0 ? (discriminator + (GradientPenalty(rule, real, made, context) * HeldScalar.Of(penaltyWeight)), generator) : (discriminator, generator);
    }

    // Wasserstein: (|gradient| - 1)^2 between real and made (Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028, equation 3).
    // Non-saturating: half of |gradient|^2 at real samples (R1, Mescheder et al. 2018, equation 9).
    private Tensor GradientPenalty(AdversarialRule rule, Tensor real, Tensor made, StepContext context)
    {
        var place = real.detach();
        if (rule == AdversarialRule.Wasserstein)
        {
            long[] each = [real.shape[0], .. real.shape.Skip(1).Select(_ => 1L)];
            place = made.detach() + (context.Uniform(each, real) * (place - made.detach()));
        }

        place = place.clone().requires_grad_(true);
        var gradient = autograd.grad([Judge(place).Score.sum()], [place], create_graph: true)[0].flatten(1);
        var squared = gradient.Squared().sum([1L]);
        return rule == AdversarialRule.Wasserstein
            ? ((squared + HeldScalar.Of(1e-12)).sqrt() - HeldScalar.Of(1)).Squared().mean()
            : squared.mean() * HeldScalar.Of(0.5);
    }
}
