using System.Collections.Concurrent;
using Hourglass.Kernels;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>A Parquet file's columns of single and double precision, scaled and in tiles: each is read once from front to back in pieces that stay in the caches.</summary>
/// <remarks>Threads that read neighbouring blocks go through the columns one behind the other.</remarks>
internal sealed class ParquetTiles : IDisposable
{
    /// <summary>Rows of a block, whole tiles: 16 kB of a column in single precision.</summary>
    public const int BlockRows = 85 * RowTiles.TileRows;

    private readonly ParquetBlocks _file;
    private readonly (int Place, LinearScaling Scaling)[] _columns;
    private readonly List<(int Group, int Number, int Rows)> _blocks = [];
    private readonly ConcurrentDictionary<int, Lazy<TileColumn[]>> _groups = [];
    private readonly int[] _unread; // blocks of each group that nobody is through with

    /// <summary>Plans the blocks.</summary>
    /// <param name="file">The file, which stays the caller's.</param>
    /// <param name="columns">For each value of a sample the column's place and its scaling.</param>
    public ParquetTiles(ParquetBlocks file, (int Place, LinearScaling Scaling)[] columns)
    {
        (_file, _columns, _unread) = (file, columns, new int[file.GroupRows.Count]);
        for (var group = 0; group < _unread.Length; group++)
        {
            for (var first = 0; first < file.GroupRows[group]; first += BlockRows)
            {
                _blocks.Add((group, _unread[group]++, Math.Min(BlockRows, file.GroupRows[group] - first)));
            }
        }
    }

    /// <summary>Blocks, in order of their rows.</summary>
    public int Count => _blocks.Count;

    /// <summary>Reads a block. Each is asked for once; a call waits for those of the blocks before it.</summary>
    /// <param name="number">Its number, from 0.</param>
    /// <param name="tiles">Room for <see cref="BlockRows"/>.</param>
    /// <returns>False where a value is beyond single precision once it is scaled.</returns>
    public bool TryRead(int number, RowTiles tiles)
    {
        var (group, block, rows) = _blocks[number];
        var columns = _groups.GetOrAdd(group, chosen => new Lazy<TileColumn[]>(() => Open(chosen))).Value;
        var (isWhole, fault) = (true, (Exception?)null);
        for (var column = 0; column < columns.Length; column++)
        {
            try
            {
                isWhole &= columns[column].Read(block, rows, tiles, column);
            }
#pragma warning disable CA1031 // Whoever waits for the next columns' turns must get them; the fault is thrown afterwards.
            catch (Exception met)
#pragma warning restore CA1031
            {
                fault ??= met;
            }
        }

        if (Interlocked.Decrement(ref _unread[group]) == 0 && _groups.TryRemove(group, out _))
        {
            Array.ForEach(columns, column => column.Dispose());
        }

        tiles.Rows = rows;
        return fault is null ? isWhole : throw _file.Unreadable(fault);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var group in _groups.Values.Where(group => group.IsValueCreated))
        {
            Array.ForEach(group.Value, column => column.Dispose());
        }
    }

    private TileColumn[] Open(int group) => [.. _columns.Select(column => _file.OpenColumn(group, column.Place, column.Scaling))];
}
