using Hourglass.Preprocessing;

namespace Hourglass.Data;

/// <summary>From a path (or a built-in set's name) to samples: the one door through which data comes in.</summary>
public static class DataFile
{
    /// <summary>Reads a source for training: infers what it holds, splits it, fits the preprocessing on the training part, applies it.</summary>
    /// <param name="path">A file, a folder of pictures, or the name of a built-in set ("glyphs", "telemetry").</param>
    /// <param name="read">What the user said about the source.</param>
    /// <param name="preparation">Split and scaling.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Samples in a memory-mapped store; the caller disposes of it.</returns>
    /// <exception cref="DataException">The source cannot be read; the message names file, line and column.</exception>
    public static PreparedData Prepare(
        string path, ReadOptions read, PreparationOptions preparation, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Reads a source with preprocessing that was fitted before, for scoring; nothing is held out.</summary>
    /// <param name="path">A file, a folder of pictures, or the name of a built-in set.</param>
    /// <param name="read">What the user said about the source.</param>
    /// <param name="preprocessing">The bundle's preprocessing.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Samples in a memory-mapped store; the caller disposes of it.</returns>
    /// <exception cref="DataException">The source cannot be read, or lacks columns that the preprocessing needs, named all at once.</exception>
    public static PreparedData Apply(
        string path, ReadOptions read, SamplePreprocessing preprocessing, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
