using System.Collections.Concurrent;
using Hourglass.Data.Tabular;
using Hourglass.Kernels;
using Hourglass.Preprocessing;

namespace Hourglass.Data;

/// <summary>Samples of a table as it is read, block after block and without a store: for files that are needed once.</summary>
/// <remarks>Only for Parquet files whose input columns are numbers, without labels and names: these have no flaws that could be found half-way but numbers beyond single precision.</remarks>
public sealed class StreamedSamples : IDisposable
{
    private readonly TableSource _source;
    private readonly TableBlocks _blocks;
    private readonly TablePreprocessing _preprocessing;
    private readonly int[] _places;
    private readonly int _threads;
    private readonly Action _fault;

    private StreamedSamples(TableSource source, TableBlocks blocks, TablePreprocessing preprocessing, int[] places, int threads, Action fault) =>
        (_source, _blocks, _preprocessing, _places, _threads, _fault) = (source, blocks, preprocessing, places, threads, fault);

    /// <summary>Samples that there are.</summary>
    public long Count => _blocks.Rows;

    /// <summary>Opens a file.</summary>
    /// <param name="source">The table; the stream takes it over.</param>
    /// <param name="read">What the user said about it.</param>
    /// <param name="preprocessing">The transforms.</param>
    /// <param name="threads">Threads that read, prepare and work.</param>
    /// <param name="fault">Reads the file row by row, which names the value that no block can hold.</param>
    /// <returns>Null where the file must be read into a store.</returns>
    internal static StreamedSamples? Open(ParquetSource source, ReadOptions read, TablePreprocessing preprocessing, int threads, Action fault)
    {
        var isPlain = read is { Label: null, Id: null, Text: null, OnBadRow: BadRowPolicy.Fail }
            && preprocessing.Columns.All(column => column is NumericTransform && source.Columns.Contains(column.Name, StringComparer.OrdinalIgnoreCase));
        int[] places = isPlain ? [.. preprocessing.Columns.Select(column => source.Find(column.Name, "column"))] : [];
        return isPlain && Array.TrueForAll(places, source.HasNumbers) && source.OpenBlocks(places.ToHashSet()) is { Rows: > 0 } blocks
            ? new StreamedSamples(source, blocks, preprocessing, places, threads, fault)
            : null;
    }

    /// <summary>Works on all samples.</summary>
    /// <param name="work">Called on several threads, each with blocks of its own: some samples, [sample, value], as model input, which are others' afterwards.</param>
    /// <returns>What it made, in the samples' order.</returns>
    /// <exception cref="DataException">A number is beyond single precision once it is scaled.</exception>
    public IEnumerable<T> Select<T>(Func<float[], T> work)
    {
        var (roles, options, rooms) = (new TableRoles(null, null, []), new PreparationOptions { Validation = 0 }, new ConcurrentBag<float[]>());
        return InOrder(_blocks.Count, number =>
        {
            rooms.TryTake(out var room);
            var block = _blocks.Read(number)!;
            var prepared = BlockSamples.Of(block, _source, roles, _preprocessing, _places, options, isHeld: [], room);
            block.Release();
            if (prepared is not { } samples)
            {
                return (false, default);
            }

            var made = work(samples.Values);
            rooms.Add(samples.Values); // the next block's
            return (true, made);
        });
    }

    /// <summary>Whether <see cref="SelectTiles"/> may be asked: all columns are scaled and no more, and held in single or double precision.</summary>
    internal bool HasTiles => _blocks is ParquetBlocks file && Array.TrueForAll(_places, file.HasReals) && _preprocessing.Columns.All(column => column is NumericTransform { Linear: not null });

    /// <summary>Works on all samples, in tiles.</summary>
    /// <inheritdoc cref="Select"/>
    internal IEnumerable<T> SelectTiles<T>(Func<RowTiles, T> work)
    {
        var (rooms, scalings) = (new ConcurrentBag<RowTiles>(), _preprocessing.Columns.Select(column => ((NumericTransform)column).Linear!.Value));
        using var tiles = new ParquetTiles((ParquetBlocks)_blocks, [.. _places.Zip(scalings)]);
        try
        {
            foreach (var made in InOrder(tiles.Count, number =>
            {
                var room = rooms.TryTake(out var used) ? used : new RowTiles(_places.Length, ParquetTiles.BlockRows);
                (bool, T?) made = tiles.TryRead(number, room) ? (true, work(room)) : (false, default);
                rooms.Add(room);
                return made;
            }))
            {
                yield return made;
            }
        }
        finally
        {
            foreach (var room in rooms)
            {
                room.Dispose();
            }
        }
    }

    private IEnumerable<T> InOrder<T>(int blocks, Func<int, (bool IsWhole, T? Made)> make)
    {
        foreach (var (isWhole, made) in Ahead.InOrder(0, blocks, _threads, make))
        {
            if (!isWhole)
            {
                _fault();
                throw new DataException($"{_source.Name}: holds a number that is beyond single precision once it is scaled. Leave that row out.");
            }

            yield return made!;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _blocks.Dispose();
        _source.Dispose();
    }
}
