using System.Text.Json.Serialization;

namespace Hourglass.Networks;

/// <summary>Which game a discriminator plays.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<AdversarialRule>))]
public enum AdversarialRule
{
    /// <summary>Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, with the generator maximising log D; gradient penalty R1.</summary>
    NonSaturating,

    /// <summary>Wasserstein with gradient penalty. Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028.</summary>
    Wasserstein,
}
