using System.Collections.Concurrent;
using System.Numerics;
using Hourglass.Preprocessing;
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
    private readonly List<(int Group, int First, int Rows)> _blocks = [];
    private readonly List<int> _groupRows = [];
    private readonly ConcurrentDictionary<int, RowGroup> _groups = [];
    private readonly ConcurrentBag<ParquetReader> _readers = [];
    private readonly SafeFileHandle _file;
    private readonly int[] _unread; // blocks of each group that nobody has asked for

    public ParquetBlocks(string path, DataField[] fields, IReadOnlySet<int> wanted)
    {
        (_path, _fields, _wanted) = (path, fields, [.. wanted]);
        var reader = Open();
        _file = File.OpenHandle(path);
        _unread = new int[reader.RowGroupCount];
        for (var group = 0; group < _unread.Length; group++)
        {
            using var rows = reader.OpenRowGroupReader(group);
            var count = rows.RowCount is >= 0 and <= int.MaxValue / 8 ? (int)rows.RowCount : throw new DataException($"{path}: a row group of {rows.RowCount} rows; write the file with smaller row groups.");
            _groupRows.Add(count);
            for (var first = 0; first < count; first += BlockRows)
            {
                _blocks.Add((group, first, Math.Min(BlockRows, count - first)));
                _unread[group]++;
            }
        }

        _readers.Add(reader);
    }

    /// <summary>Threads that decode beside whoever reads, where readers are few.</summary>
    public int Helpers { get; init; }

    /// <summary>Rows of each row group.</summary>
    public IReadOnlyList<int> GroupRows => _groupRows;

    /// <inheritdoc/>
    public override int Count => _blocks.Count;

    /// <inheritdoc/>
    public override long Rows => _blocks.Sum(block => (long)block.Rows);

    /// <inheritdoc/>
    /// <remarks>Between row groups where these are many: a group is decoded whole by everyone who reads of it.</remarks>
    public override int FirstOf(int share, int shares)
    {
        var first = base.FirstOf(share, shares);
        while (_unread.Length >= 2 * shares && first > 0 && first < Count && _blocks[first].First > 0)
        {
            first--;
        }

        return first;
    }

    /// <inheritdoc/>
    public override TableBlock Read(int number)
    {
        var (group, first, rows) = _blocks[number];
        var held = _groups.GetOrAdd(group, chosen => new RowGroup(this, chosen, _unread[chosen]));
        var columns = held.Columns();
        if (Interlocked.Decrement(ref _unread[group]) == 0)
        {
            _groups.TryRemove(group, out _);
        }

        return new Block(held, columns, first, rows);
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

    /// <summary>Whether a column is held in single or double precision.</summary>
    public bool HasReals(int column) => _fields[column].ClrType is { } type && (type == typeof(float) || type == typeof(double));

    /// <summary>Opens a column of <see cref="HasReals"/> to be read from front to back.</summary>
    /// <param name="group">Its row group.</param>
    /// <param name="column">Its number.</param>
    /// <param name="scaling">What becomes of its values.</param>
    public TileColumn OpenColumn(int group, int column, LinearScaling scaling) =>
        _fields[column].ClrType == typeof(float) ? OpenColumn<float>(group, column, scaling) : OpenColumn<double>(group, column, scaling);

    /// <summary>The values of such a column; null where it is written otherwise than a stream knows.</summary>
    public ParquetRealStream<T>? OpenStream<T>(int group, int column)
        where T : unmanaged, IFloatingPointIeee754<T> =>
        WithGroup(group, rows => ParquetRealStream<T>.TryOpen(_file, rows.GetMetadata(_fields[column])?.MetaData, _fields[column].IsNullable, (int)rows.RowCount));

    /// <summary>What is thrown for a fault that reading has met.</summary>
    public DataException Unreadable(Exception fault) => fault as DataException ?? new DataException($"{_path}: cannot be read: {fault.Message.ReplaceLineEndings(" ")}", fault);

    private TileColumn<T> OpenColumn<T>(int group, int column, LinearScaling scaling)
        where T : unmanaged, IFloatingPointIeee754<T> => new(
            OpenStream<T>(group, column),
            scaling,
            () => WithGroup(group, rows => ParquetColumn.Whole<T>(rows, _fields[column])));

    private ParquetColumn Decode(int group, int column) => WithGroup(group, rows => ParquetColumn.Read(rows, _fields[column], _path, _file));

    // A reader has one stream: each thread takes one of its own.
    private T WithGroup<T>(int group, Func<ParquetRowGroupReader, T> work)
    {
        var reader = _readers.TryTake(out var free) ? free : Open();
        using var rows = reader.OpenRowGroupReader(group);
        var made = work(rows);
        _readers.Add(reader);
        return made;
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

    // The columns of a row group. Whoever wants them decodes some until none is left: threads that wait would be missing.
    private sealed class RowGroup(ParquetBlocks blocks, int number, int users)
    {
        private readonly ParquetColumn?[] _columns = new ParquetColumn?[blocks._fields.Length];
        private readonly TaskCompletionSource _done = new();
        private int _left = blocks._wanted.Length;
        private int _next = -1;
        private int _users = users;
        private Exception? _fault;

        public ParquetColumn?[] Columns()
        {
            for (var helper = _next < 0 ? blocks.Helpers : 0; helper > 0; helper--)
            {
                _ = Task.Run(DecodeSome); // faults are kept
            }

            DecodeSome();
            if (blocks._wanted.Length > 0)
            {
                _done.Task.Wait();
            }

            return _fault is null ? _columns : throw blocks.Unreadable(_fault);
        }

        private void DecodeSome()
        {
            while (Interlocked.Increment(ref _next) is var place && place < blocks._wanted.Length)
            {
                try
                {
                    _columns[blocks._wanted[place]] = _fault is null ? blocks.Decode(number, blocks._wanted[place]) : null;
                }
                catch (Exception fault)
                {
                    _fault = fault;
                }
                finally
                {
                    if (Interlocked.Decrement(ref _left) == 0)
                    {
                        _done.SetResult();
                    }
                }
            }
        }

        public void Release()
        {
            if (Interlocked.Decrement(ref _users) == 0)
            {
                Array.ForEach(_columns, column => column?.Release());
            }
        }
    }

    private sealed class Block(RowGroup group, ParquetColumn?[] columns, int first, int rows) : TableBlock
    {
        public override bool TryScaled(int column, NumericTransform transform, Span<float> scaled) => columns[column]!.TryScaled(first, transform, scaled);

        public override void Release() => group.Release();

        public override int Rows => rows;

        public override long HeldBytes => Array.TrueForAll(columns, column => column?.ValueBytes > 0) ? (long)rows * columns.Sum(column => column!.ValueBytes) : 0;

        public override bool TryNumbers(int column, Span<double> numbers) => columns[column]!.TryNumbers(first, numbers);

        public override Func<double, string>? Written(int column) => columns[column]!.Written;

        public override string? Text(int row, int column) => columns[column]!.Text(first + row);

        public override ReadOnlySpan<byte> Field(int row, int column, Span<byte> room) => columns[column]!.Field(first + row, room);

        public override bool HasNumberKeys(int column) => columns[column]!.HasNumberKeys;

        public override ReadOnlySpan<byte> Key(int row, int column, Span<byte> room) => columns[column]!.Key(first + row, room);
    }
}
