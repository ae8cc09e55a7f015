using System.CommandLine;

namespace Hourglass.Cli.Options;

/// <summary>Arguments and options that several commands share; each call makes a new one.</summary>
internal static class CommonOptions
{
    public static Argument<string> Model() => new("MODEL") { Description = "A .hourglass file." };

    public static Argument<string> Data() => new("DATA") { Description = "CSV, TSV, Parquet, .npy, .npz, idx, CIFAR .bin, a folder of pictures, or a built-in set." };

    public static Option<bool> Json() => new("--json") { Description = "Print one JSON object on standard output." };

    public static Option<string?> Out(string description) => new("--out", "-o") { Description = description };

    public static Option<string> Use() => ReadFlags.Words("--use", "Which model of the file: autoencoder, or the pca fitted beside it.", "autoencoder", "autoencoder", "pca");

    public static Option<int> Seed() => new("--seed") { Description = "Seed of what is drawn.", DefaultValueFactory = _ => 1 };
}
