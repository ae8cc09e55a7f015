using System.Text.Json.Serialization;

namespace Hourglass.Networks;

/// <summary>What stands between a layer and its activation.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<Normalization>))]
public enum Normalization
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Over the batch; running statistics in evaluation. Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167.</summary>
    Batch,

    /// <summary>Over the features of each sample. Ba et al. 2016, https://arxiv.org/abs/1607.06450.</summary>
    Layer,
}
