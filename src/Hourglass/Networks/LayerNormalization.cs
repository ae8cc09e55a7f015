using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks;

/// <summary>Layer normalisation where channels stand before places or steps.</summary>
internal static class LayerNormalization
{
    /// <summary>Over all channels and places, or steps, of a sample; gain and shift for each channel, 1 and 0 at the start.</summary>
    /// <param name="channels">Channels.</param>
    public static GroupNorm OverChannels(int channels)
    {
        var normalization = nn.GroupNorm(1, channels);
        using var noGrad = no_grad();
        normalization.weight!.fill_(HeldScalar.Of(1)); // TorchSharp 0.107 leaves both, of this one kind, as it finds the memory
        normalization.bias!.zero_();
        return normalization;
    }
}
