using Hourglass.Bundles;
using Hourglass.Preprocessing;

namespace Hourglass.Scoring;

/// <summary>A model file opened for encoding, reconstructing and scoring: on the kernels where they run the model, else on an engine that the caller brings.</summary>
public sealed class ScoringModel : IDisposable
{
    private ScoringModel(string path, SamplePreprocessing preprocessing, IReconstructor reconstructor, string? obstacle) =>
        (Path, Preprocessing, Reconstructor, Obstacle) = (path, preprocessing, reconstructor, obstacle);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>From raw data to model input and back.</summary>
    public SamplePreprocessing Preprocessing { get; }

    /// <summary>Encoder and decoder.</summary>
    public IReconstructor Reconstructor { get; }

    /// <summary>Why the kernels do not run the model; null when they do.</summary>
    public string? Obstacle { get; }

    /// <summary>Opens a bundle.</summary>
    /// <param name="path">A .hourglass file.</param>
    /// <param name="usesPca">Whether the principal components in the file stand in for the model.</param>
    /// <param name="engine">Loads the model where the kernels do not run it.</param>
    /// <exception cref="BundleException">The file is broken; the message says how.</exception>
    public static ScoringModel Open(string path, bool usesPca, Func<string, IReconstructor> engine)
    {
        var contents = BundleFile.Read(path);
        var preprocessing = BundleJson.Deserialize<SamplePreprocessing>(contents.Preprocessing, $"{path}, preprocessing.json");
        try
        {
            preprocessing.Validate();
        }
        catch (Exception fault) when (fault is HourglassException or OverflowException or NullReferenceException)
        {
            throw new BundleException($"{path}: {fault.Message}", fault);
        }

        string? obstacle = null;
        var reconstructor = usesPca ? KernelReconstructor.OfPca(contents, path) : KernelReconstructor.TryCreate(contents, path, out obstacle) ?? engine(path);
        if (preprocessing.SampleShape.Aggregate(1L, (product, size) => product * size) == reconstructor.SampleLength)
        {
            return new ScoringModel(path, preprocessing, reconstructor, obstacle);
        }

        reconstructor.Dispose();
        throw new BundleException($"{path}: preprocessing.json makes samples of [{string.Join(", ", preprocessing.SampleShape)}], the model takes {reconstructor.SampleLength} values. The file is altered.");
    }

    /// <summary>Why the kernels do not run a bundle's model, so that scoring loads the training engine; null when they do.</summary>
    /// <param name="contents">What the bundle holds; of its weights nothing is looked at.</param>
    public static string? ObstacleOf(BundleContents contents)
    {
        KernelLayout.Read(contents.Model, out var obstacle);
        return obstacle;
    }

    /// <inheritdoc/>
    public void Dispose() => Reconstructor.Dispose();
}
