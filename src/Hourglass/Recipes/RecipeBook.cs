using Hourglass.Bottlenecks;
using Hourglass.Corruption;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Regularization;

namespace Hourglass.Recipes;

/// <summary>Named options, each with its source. A recipe is a starting point: flags change it.</summary>
public static class RecipeBook
{
    /// <summary>All recipes.</summary>
    public static IReadOnlyList<Recipe> All { get; } =
    [
        new("textbook", "Deep undercomplete autoencoder: 128 to 32 latents.", "Hinton and Salakhutdinov 2006, https://doi.org/10.1126/science.1127647", new()
        {
            LatentSize = 32,
            Network = new DenseNetworkOptions { Hidden = [128] },
        }),
        new("linear", "One linear map each way: spans the subspace of PCA.", "Baldi and Hornik 1989, https://doi.org/10.1016/0893-6080(89)90014-2", new()
        {
            Network = new DenseNetworkOptions { Hidden = [], Activation = Activation.Linear },
            Objective = new SquaredErrorOptions(),
        }),
        new("sparse", "Overcomplete sigmoid latents, kept mostly silent by the KL-rho penalty.", "Ng 2011, CS294A lecture notes, section 3", new()
        {
            LatentSize = 256,
            Network = new DenseNetworkOptions { Hidden = [] },
            Bottleneck = new DeterministicOptions { Activation = Activation.Sigmoid, KlRho = 0.5, Rho = 0.05 },
        }),
        new("denoising", "Undoes masking of 30 % of the input.", "Vincent et al. 2010, https://www.jmlr.org/papers/v11/vincent10a.html", new()
        {
            Corruption = new MaskingCorruptionOptions { Share = 0.3 },
        }),
        new("swap-noise", "Tables: undoes the exchange of 15 % of the columns between rows.", "Jahrer 2017, winning entry of the Porto Seguro competition", new()
        {
            Corruption = new SwapCorruptionOptions { Share = 0.15 },
        }),
        new("contractive", "Charges the encoder for reacting to its input.", "Rifai et al. 2011, https://icml.cc/2011/papers/455_icmlpaper.pdf", new()
        {
            Network = new DenseNetworkOptions { Hidden = [128], Activation = Activation.Sigmoid },
            Regularization = new RegularizationOptions { Contractive = 0.1 },
        }),
        new("vae", "Variational autoencoder with 20 latents.", "Kingma and Welling 2014, https://arxiv.org/abs/1312.6114", new()
        {
            LatentSize = 20,
            Network = new DenseNetworkOptions { Hidden = [400] },
            Bottleneck = new GaussianOptions(),
        }),
        new("beta-vae", "A VAE that pays four times for each nat: fewer, more independent latents.", "Higgins et al. 2017, https://openreview.net/forum?id=Sy2fzU9gl", new()
        {
            LatentSize = 10,
            Network = new DenseNetworkOptions { Hidden = [400] },
            Bottleneck = new GaussianOptions { Beta = 4 },
        }),
        new("convolutional", "Pictures: two strided convolutions each way.", "Masci et al. 2011, https://doi.org/10.1007/978-3-642-21735-7_7", new()
        {
            LatentSize = 32,
            Network = new ConvolutionalNetworkOptions { Channels = [32, 64] },
        }),
        new("convolutional-vae", "Pictures: a VAE with convolutions.", "Kingma and Welling 2014; Radford et al. 2016, https://arxiv.org/abs/1511.06434", new()
        {
            LatentSize = 20,
            Network = new ConvolutionalNetworkOptions { Channels = [32, 64] },
            Bottleneck = new GaussianOptions(),
        }),
    ];

    /// <summary>Finds a recipe.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="HourglassException">There is none of that name; the message lists all.</exception>
    public static AutoencoderOptions Find(string name) =>
        All.FirstOrDefault(recipe => recipe.Name == name)?.Options
        ?? throw new HourglassException($"There is no recipe '{name}'. Recipes: {string.Join(", ", All.Select(recipe => recipe.Name))}.");
}

/// <summary>Named options.</summary>
/// <param name="Name">The word after --recipe.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Source">Paper or author.</param>
/// <param name="Options">The options; open slots are filled from the data.</param>
public sealed record Recipe(string Name, string Description, string Source, AutoencoderOptions Options);
