using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Parquet;
using Parquet.Schema;

namespace Hourglass.Data.Tabular;

/// <summary>Blocks of a Parquet file: runs of rows of a row group, whose columns are decoded side by side.</summary>
internal sealed class ParquetBlocks : TableBlocks
{
    private const int BlockRows = 1 << 12; // what becomes of so many stays in the caches
    private readonly string _path;
    private readonly DataField[] _fields;
    private readonly int[] _wanted;
    private readonly int _threads;
    private readonly List<(int Group, int First, int Rows)> _blocks = [];
    private readonly ConcurrentDictionary<int, Lazy<ParquetColumn?[]>> _groups = [];
    private readonly ConcurrentBag<ParquetReader> _readers = [];
    private readonly SafeFileHandle _file;
    private readonly int[] _unread; // blocks of each group that nobody has asked for

    public ParquetBlocks(string path, DataField[] fields, IReadOnlySet<int> wanted, int threads)
    {
        (_path, _fields, _wanted, _threads) = (path, fields, [.. wanted], threads);
        var reader = Open();
        _file = File.OpenHandle(path);
        _unread = new int[reader.RowGroupCount];
        for (var group = 0; group < _unread.Length; group++)
        {
            using var rows = reader.OpenRowGroupReader(group);
            var count = rows.RowCount is >= 0 and <= int.MaxValue / 8 ? (int)rows.RowCount : throw new DataException($"{path}: a row group of {rows.RowCount} rows; write the file with smaller row groups.");
            for (var first = 0; first < count; first += BlockRows)
            {
                _blocks.Add((group, first, Math.Min(BlockRows, count - first)));
                _unread[group]++;
            }
        }

        _readers.Add(reader);
    }

    /// <inheritdoc/>
    public override int Count => _blocks.Count;

    /// <inheritdoc/>
    public override long Rows => _blocks.Sum(block => (long)block.Rows);

    /// <inheritdoc/>
    public override TableBlock Read(int number)
    {
        var (group, first, rows) = _blocks[number];
        var columns = _groups.GetOrAdd(group, chosen => new Lazy<ParquetColumn?[]>(() => Decode(chosen))).Value;
        if (Interlocked.Decrement(ref _unread[group]) == 0)
        {
            _groups.TryRemove(group, out _);
        }

        return new Block(columns, first, rows);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _file.Dispose();
        foreach (var reader in _readers)
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private ParquetColumn?[] Decode(int group)
    {
        var columns = new ParquetColumn?[_fields.Length];
        try
        {
            Parallel.ForEach(_wanted, new ParallelOptions { MaxDegreeOfParallelism = _threads }, column =>
            {
                // A reader has one stream: each thread takes one of its own.
                var reader = _readers.TryTake(out var free) ? free : Open();
                using (var rows = reader.OpenRowGroupReader(group))
                {
                    columns[column] = ParquetColumn.Read(rows, _fields[column], _path, _file);
                }

                _readers.Add(reader);
            });
        }
        catch (AggregateException faults)
        {
            throw faults.InnerExceptions[0] as DataException ?? new DataException($"{_path}: cannot be read: {faults.InnerExceptions[0].Message.ReplaceLineEndings(" ")}", faults);
        }

        return columns;
    }

    private ParquetReader Open()
    {
        try
        {
            return ParquetReader.CreateAsync(_path).GetAwaiter().GetResult();
        }
        catch (Exception fault) when (fault is not HourglassException)
        {
            throw new DataException($"{_path}: cannot be read: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }

    private sealed class Block(ParquetColumn?[] columns, int first, int rows) : TableBlock
    {
        public override int Rows => rows;

        public override bool TryNumbers(int column, Span<double> numbers) => columns[column]!.TryNumbers(first, numbers);

        public override string? Text(int row, int column) => columns[column]!.Text(first + row);

        public override ReadOnlySpan<byte> Field(int row, int column, Span<byte> room) => columns[column]!.Field(first + row, room);

        public override ReadOnlySpan<byte> Key(int row, int column, Span<byte> room) => columns[column]!.Key(first + row, room);
    }
}
