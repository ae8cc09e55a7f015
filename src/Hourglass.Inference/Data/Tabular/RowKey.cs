namespace Hourglass.Data.Tabular;

/// <summary>What the split hashes of a row: all columns that could be model input, each with a mark after it.</summary>
internal sealed class RowKey
{
    /// <summary>Stands after each column: "unit separator" of ASCII.</summary>
    public const byte Mark = 0x1f;

    private readonly TableSource? _source;
    private readonly List<(int First, int Last)> _runs = []; // of neighbouring columns
    private readonly byte[] _room = new byte[TableBlock.LongestNumber];
    private byte[] _key = new byte[1024];
    private int _length;

    public RowKey(TableSource source, TableRoles roles)
        : this(source.Columns.Count, roles) => _source = source;

    public RowKey(int columns, TableRoles roles)
    {
        foreach (var column in Enumerable.Range(0, columns).Where(column => roles.Treatment(column) is null))
        {
            if (_runs.Count > 0 && _runs[^1].Last == column - 1)
            {
                _runs[^1] = (_runs[^1].First, column);
            }
            else
            {
                _runs.Add((column, column));
            }
        }
    }

    /// <summary>Of a row by itself; valid until the next one.</summary>
    public ReadOnlySpan<byte> Of(TableRow row)
    {
        _length = 0;
        foreach (var (first, last) in _runs)
        {
            for (var column = first; column <= last; column++)
            {
                Append(_source!.Key(column, row.Fields[column]));
            }
        }

        return _key.AsSpan(0, _length);
    }

    /// <summary>Of a row of a block; valid until the next one.</summary>
    public ReadOnlySpan<byte> Of(TableBlock block, int row)
    {
        _length = 0;
        foreach (var (first, last) in _runs)
        {
            if (block.TryKeys(row, first, last, out var keys, out var delimiter))
            {
                var start = _length;
                Append(keys);
                _key.AsSpan(start, keys.Length).Replace(delimiter, Mark);
                continue;
            }

            for (var column = first; column <= last; column++)
            {
                Append(block.Key(row, column, _room));
            }
        }

        return _key.AsSpan(0, _length);
    }

    private void Append(ReadOnlySpan<byte> field)
    {
        if (_length + field.Length + 1 > _key.Length)
        {
            Array.Resize(ref _key, 2 * (_length + field.Length + 1));
        }

        field.CopyTo(_key.AsSpan(_length));
        _length += field.Length;
        _key[_length++] = Mark;
    }
}
