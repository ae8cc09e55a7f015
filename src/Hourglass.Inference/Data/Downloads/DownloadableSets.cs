namespace Hourglass.Data.Downloads;

/// <summary>Published sets that can be fetched from their publisher (or its mirror).</summary>
public static class DownloadableSets
{
    /// <summary>All sets.</summary>
    public static IReadOnlyList<DownloadableSet> All { get; } =
    [
        new("mnist", "60,000 and 10,000 handwritten digits, 28 x 28 grey (LeCun, Cortes and Burges)", new Uri("https://ossci-datasets.s3.amazonaws.com/mnist/"),
        [
            new("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"), new("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
            new("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"), new("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
        ]),
        new("fashion-mnist", "60,000 and 10,000 pictures of clothes, 28 x 28 grey (Xiao et al. 2017)", new Uri("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
        [
            new("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"), new("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            new("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"), new("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
        ]),
        new("cifar-10", "60,000 colour pictures, 32 x 32, ten classes (Krizhevsky 2009)", new Uri("https://www.cs.toronto.edu/~kriz/"),
        [
            new("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"),
        ]),
    ];

    /// <summary>Finds a set.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="HourglassException">There is none of that name.</exception>
    public static DownloadableSet Find(string name) =>
        All.FirstOrDefault(set => set.Name == name)
        ?? throw new HourglassException($"There is no set '{name}' to download. Sets: {string.Join(", ", All.Select(set => set.Name))}.");

    /// <summary>The path behind a name like "mnist" or "mnist-test", when it is downloaded; else null.</summary>
    /// <param name="name">A word given as data.</param>
    /// <exception cref="DataException">The set is known but not downloaded yet.</exception>
    internal static string? Resolve(string name)
    {
        var isTest = name.EndsWith("-test", StringComparison.Ordinal);
        var set = All.FirstOrDefault(candidate => candidate.Name == (isTest ? name[..^5] : name));
        if (set is null || File.Exists(name) || Directory.Exists(name))
        {
            return null;
        }

        if (!set.IsCached)
        {
            throw new DataException($"'{name}' is not downloaded yet: run 'hourglass data get {set.Name}' first.");
        }

        return set.Name == "cifar-10"
            ? Path.Combine(set.Folder, "cifar-10-batches-bin", isTest ? "test_batch.bin" : "")
            : Path.Combine(set.Folder, isTest ? "t10k-images-idx3-ubyte.gz" : "train-images-idx3-ubyte.gz");
    }
}
