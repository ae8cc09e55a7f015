using Hourglass.Bundles;
using Hourglass.Collectives;
using Hourglass.Data.Arrays;
using Hourglass.Data.BuiltIn;
using Hourglass.Data.Downloads;
using Hourglass.Data.Images;
using Hourglass.Data.Ranks;
using Hourglass.Data.Tabular;
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
        Prepare(path, read, preparation, new SingleProcess(), progress, cancellationToken);

    /// <summary>Reads a source for training once for all ranks of a job, to the samples that one process makes.</summary>
    /// <param name="path">A file, a folder of pictures, or the name of a built-in set. Ranks that see none are given what rank 0 reads.</param>
    /// <param name="read">What the user said about the source.</param>
    /// <param name="preparation">Split and scaling.</param>
    /// <param name="ranks">All of them make this call; tables without a flaw, arrays and pictures are cut among them.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Samples in a memory-mapped store, which ranks share where they see rank 0's; the caller disposes of it.</returns>
    /// <exception cref="DataException">The source cannot be read; the message names file, line and column.</exception>
    /// <exception cref="AgreedFaultException">The same, of one of several ranks.</exception>
    public static PreparedData Prepare(
        string path, ReadOptions read, PreparationOptions preparation, ICollective ranks, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        if (preparation.Validation is not (>= 0 and < 1))
        {
            throw new HourglassException($"The validation share must be 0 or more and below 1, got {preparation.Validation}. Write for instance --validation 0.1.");
        }

        return Guard(path, () =>
        {
            var rows = preparation with { ByTime = read.Window is not null };
            var data = Shared(
                ranks, path, read, $"training {BundleJson.Serialize(rows)}", own => Prepared(path, own, rows, progress, cancellationToken),
                (table, own) => own.Text is null ? new RankedTable(ranks, table, own, progress, cancellationToken).Prepare(rows) : new RankedText(ranks, table, own, progress, cancellationToken).Prepare(rows),
                own => OpenArray(path, own), (array, own) => new RankedArray(ranks, array, own, progress, cancellationToken).Prepare(rows));
            return read.Window is { } window && data.Preprocessing is TablePreprocessing ? SeriesData.Prepare(data, window, preparation.Validation) : data;
        });
    }

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
        Apply(path, read, preprocessing, new SingleProcess(), progress, cancellationToken);

    /// <summary>Reads a source once for all ranks of a job, with preprocessing that was fitted before.</summary>
    /// <param name="path">A file, a folder of pictures, or the name of a built-in set. Ranks that see none are given what rank 0 reads.</param>
    /// <param name="read">What the user said about the source.</param>
    /// <param name="preprocessing">The bundle's preprocessing, the same on all ranks.</param>
    /// <param name="ranks">All of them make this call; tables without a flaw, arrays and pictures are cut among them.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Samples in a memory-mapped store, which ranks share where they see rank 0's; the caller disposes of it.</returns>
    /// <exception cref="DataException">The source cannot be read, or lacks columns that the preprocessing needs, named all at once.</exception>
    /// <exception cref="AgreedFaultException">The same, of one of several ranks.</exception>
    public static PreparedData Apply(
        string path, ReadOptions read, SamplePreprocessing preprocessing, ICollective ranks, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        Guard(path, () =>
        {
            var series = preprocessing as SeriesPreprocessing;
            var known = series?.Rows ?? preprocessing;
            var data = Shared(
                ranks, path, read, $"known {BundleJson.Serialize(known)}", own => Applied(path, own, known, progress, cancellationToken),
                (table, own) => known is TablePreprocessing fitted ? new RankedTable(ranks, table, own, progress, cancellationToken).Apply(fitted)
                    : known is TextPreprocessing text ? new RankedText(ranks, table, own, progress, cancellationToken).Apply(text)
                    : ranks.Rank == 0 ? Applied(path, own, known, progress, cancellationToken) : null,
                own => OpenArray(path, own, known), (array, own) => new RankedArray(ranks, array, own, progress, cancellationToken).Apply(known));
            return series is null ? data : SeriesData.Apply(data, read.Window ?? new WindowOptions(series.Steps, series.Stride));
        });

    /// <summary>Reads a source once, without a store, with preprocessing that was fitted before.</summary>
    /// <param name="path">A Parquet file; anything else gives null.</param>
    /// <param name="read">What the user said about the source.</param>
    /// <param name="preprocessing">The bundle's preprocessing.</param>
    /// <param name="threads">Threads that read, prepare and work.</param>
    /// <returns>Null where <see cref="Apply(string, ReadOptions, SamplePreprocessing, IProgress{double}, CancellationToken)"/> must read it.</returns>
    /// <exception cref="DataException">The file cannot be read.</exception>
    public static StreamedSamples? Stream(string path, ReadOptions read, SamplePreprocessing preprocessing, int threads)
    {
        if (preprocessing is not TablePreprocessing table || !File.Exists(path) || FileKind(path) != ".parquet")
        {
            return null;
        }

        var source = ParquetSource.Open(path);
        return StreamedSamples.Open(source, read, table, threads, () => Apply(path, read with { Cache = null }, preprocessing).Dispose());
    }

    private static PreparedData Kept(string path, ReadOptions read, string purpose, Func<ReadOptions, PreparedData> make) =>
        read.Cache is { } cache && !BuiltInSets.Names.Contains(path, StringComparer.Ordinal) ? cache.Through(DownloadableSets.Resolve(path) ?? path, read, purpose, make) : make(read);

    // One process reads for itself; several read once, and together what can be cut.
    private static PreparedData Shared(
        ICollective ranks, string path, ReadOptions read, string purpose, Func<ReadOptions, PreparedData> alone, Func<TableSource, ReadOptions, PreparedData?> tables, Func<ReadOptions, ArraySource> open, Func<ArraySource, ReadOptions, PreparedData?> arrays)
    {
        return ranks.Size == 1 ? Kept(path, read, purpose, alone) : new RankedReading(ranks, path, read, purpose).Run(make => Kept(path, read, purpose, make), alone, Together);

        PreparedData? Together(ReadOptions own)
        {
            using var table = Agreement.Together(ranks, () => Guard(path, () => OpenTable(path, own)));
            using var array = table is null && MayBeCut(path) ? Agreement.Together(ranks, () => Guard(path, () => open(own))) : null;
            return table is not null ? tables(table, own) : array is { CanBeCut: true } ? arrays(array, own) : ranks.Rank == 0 ? alone(own) : null;
        }
    }

    // Whether it is worth opening on all ranks: what is unpacked from its beginning on is not.
    private static bool MayBeCut(string path) => DownloadableSets.Resolve(path) is null
        && (Directory.Exists(path) || (File.Exists(path) && FileKind(path) != ".npz" && !path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)));

    private static PreparedData Prepared(string path, ReadOptions read, PreparationOptions preparation, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        if (OpenTable(path, read) is { } table)
        {
            using (table)
            {
                return read.Text is not null ? new RankedText(new SingleProcess(), table, read, progress, cancellationToken).Prepare(preparation)! : TableData.Prepare(table, read, preparation, progress, cancellationToken);
            }
        }

        using var array = OpenArray(path, read);
        return new RankedArray(new SingleProcess(), array, read, progress, cancellationToken).Prepare(preparation)!;
    }

    private static PreparedData Applied(string path, ReadOptions read, SamplePreprocessing preprocessing, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        if (OpenTable(path, read) is { } table)
        {
            using (table)
            {
                return preprocessing is TextPreprocessing text ? new RankedText(new SingleProcess(), table, read, progress, cancellationToken).Apply(text)!
                    : preprocessing is TablePreprocessing fitted ? TableData.Apply(table, read, fitted, progress, cancellationToken)
                    : throw new DataException($"{path}: the model was trained on samples of shape [{string.Join(", ", preprocessing.SampleShape)}], and this is a table. Give an array file or pictures of that shape.");
            }
        }

        using var array = OpenArray(path, read, preprocessing);
        return new RankedArray(new SingleProcess(), array, read, progress, cancellationToken).Apply(preprocessing)!;
    }

    /// <summary>Does what reads a source; faults of the system become faults of the data.</summary>
    internal static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new DataException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    private static TableSource? OpenTable(string path, ReadOptions read)
    {
        if (BuiltInSets.OpenTable(path) is { } builtIn)
        {
            return builtIn;
        }

        return File.Exists(path) ? FileKind(path) switch
        {
            ".csv" or ".tsv" or ".txt" or ".data" or ".dat" => CsvSource.Open(path, read),
            ".parquet" => ParquetSource.Open(path),
            _ => null,
        }
        : null;
    }

    private static ArraySource OpenArray(string path, ReadOptions read) => OpenArray(path, read, null, isDeep: false, read.Series);

    private static ArraySource OpenArray(string path, ReadOptions read, SamplePreprocessing known)
    {
        var isDeep = known is ArrayPreprocessing { Shape.Count: 3 };
        return OpenArray(path, read, isDeep || known is ImagePreprocessing ? known.SampleShape : null, isDeep, known is ArrayPreprocessing { Shape.Count: 2 });
    }

    private static ArraySource OpenArray(string path, ReadOptions read, IReadOnlyList<int>? shape, bool isDeep, bool isSeries)
    {
        var source = OpenArray(path, read, shape, isDeep);
        try
        {
            return isSeries ? SeriesSource.Of(source) : source;
        }
        catch (DataException)
        {
            source.Dispose();
            throw;
        }
    }

    private static ArraySource OpenArray(string path, ReadOptions read, IReadOnlyList<int>? shape, bool isDeep)
    {
        if (BuiltInSets.OpenArray(path) is { } builtIn)
        {
            return builtIn;
        }

        path = DownloadableSets.Resolve(path) ?? path;
        if (Directory.Exists(path))
        {
            return OpenFolder(path, read, shape, isDeep);
        }

        if (!File.Exists(path))
        {
            throw new DataException($"There is no file, folder or built-in set '{path}'. {Suggestion(path)}Built-in sets: {string.Join(", ", BuiltInSets.Names)}; 'hourglass data list' tells more.");
        }

        return FileKind(path) switch
        {
            ".npy" => NpySource.Open(path),
            ".npz" => NpzFile.Open(path, read),
            ".bin" when CifarSource.Fits(path) => CifarSource.Open(path, [path]),
            _ when PictureList.IsPicture(path) => OpenPictures(path, read, shape, isDeep),
            _ when IsIdx(path) => IdxSource.Open(path),
            _ => throw new DataException($"{path}: what this file holds is not known from its name. Known: .csv .tsv .txt (also .gz), .parquet, .npy, .npz, idx (also .gz), CIFAR .bin, a picture (PNG, JPEG, WebP, BMP, DICOM) or a folder of such."),
        };
    }

    private static string Suggestion(string path) =>
        BuiltInSets.Names.FirstOrDefault(name => name.StartsWith(path, StringComparison.OrdinalIgnoreCase) || path.StartsWith(name, StringComparison.OrdinalIgnoreCase)) is { } near ? $"Did you mean '{near}'? " : "";

    private static ArraySource OpenFolder(string path, ReadOptions read, IReadOnlyList<int>? shape, bool isDeep)
    {
        var batches = Directory.GetFiles(path, "data_batch_*.bin");
        return batches.Length > 0 ? CifarSource.Open(path, [.. batches.Order(StringComparer.Ordinal)])
            : PictureList.Of(path).Any() ? OpenPictures(path, read, shape, isDeep)
            : throw new DataException($"{path}: this folder holds no pictures (PNG, JPEG, WebP, BMP, DICOM) and no CIFAR batches.");
    }

    private static ArraySource OpenPictures(string path, ReadOptions read, IReadOnlyList<int>? shape, bool isDeep) =>
        isDeep || PictureList.HasDeep(path) ? DeepPictureSource.Open(path, read, shape)
        : read.Tile is { } tile ? TileSource.Open(ImageFolderSource.Open(path, read, shape), tile)
        : ImageFolderSource.Open(path, read, shape);

    private static bool IsIdx(string path) => Path.GetFileName(path) is var name
        && (name.Contains("-idx", StringComparison.Ordinal) || name.Contains(".idx", StringComparison.Ordinal));

    private static string FileKind(string path)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return Path.GetExtension(name).ToLowerInvariant();
    }
}
