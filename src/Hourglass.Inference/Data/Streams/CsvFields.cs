using System.Text;
using Hourglass.Data.Tabular;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Streams;

/// <summary>Rows as CSV: a header, given or in the first line, then a line for each row; a quoted field ends on its line.</summary>
internal sealed class CsvFields : RowFields
{
    private static readonly char[] Delimiters = [',', ';', '\t', '|'];
    private readonly string? _identifier;
    private readonly char? _wanted;
    private readonly bool _isHeaderGiven;
    private int[] _columns = []; // for each field, the place of its column; -1 for none
    private int _named = -1;
    private char _delimiter = ',';
    private string _header = "";
    private char[] _line = new char[1 << 12];
    private char[] _field = new char[256];

    /// <summary>Prepares to read.</summary>
    /// <param name="preprocessing">The columns that are needed.</param>
    /// <param name="decimalMark">The character before decimals.</param>
    /// <param name="delimiter">The character between fields; found in the header when null.</param>
    /// <param name="header">The header line; that of each file when null.</param>
    /// <param name="identifier">A column that names rows.</param>
    public CsvFields(TablePreprocessing preprocessing, char decimalMark, char? delimiter, string? header, string? identifier)
        : base(preprocessing, decimalMark)
    {
        (_wanted, _identifier, _isHeaderGiven) = (delimiter, identifier, header is not null);
        if (header is not null)
        {
            Learn(header);
        }
    }

    /// <inheritdoc/>
    public override string? Header => _header.Length > 0 ? _header : null;

    /// <inheritdoc/>
    public override bool TakeHeader(ReadOnlySpan<byte> line)
    {
        var text = Text(line.StartsWith("\uFEFF"u8) ? line[3..] : line);
        if (_header.Length > 0 && text.SequenceEqual(_header))
        {
            return true;
        }

        if (_isHeaderGiven)
        {
            return false;
        }

        if (_columns.Length > 0 && Missing(Names(text.ToString(), _delimiter)).Count > 0)
        {
            return false; // a file that goes on without a header of its own
        }

        Learn(text.ToString());
        return true;
    }

    /// <inheritdoc/>
    protected override string? Split(ReadOnlySpan<byte> line, Span<float> values)
    {
        var begun = Numbered(ref line, values);
        var rest = Text(line);
        for (var number = begun; ; number++)
        {
            if (NextField(ref rest, out var field, out var isLast) is { } broken)
            {
                return $"field {number + 1}: {broken}";
            }

            if (number >= _columns.Length)
            {
                return $"more fields than the {_columns.Length} of the header (first extra: '{Short(field)}').";
            }

            if (_columns[number] >= 0 && Fill(_columns[number], field, values) is { } fault)
            {
                return fault;
            }

            if (number == _named)
            {
                Remember(field);
            }

            if (isLast)
            {
                return number + 1 == _columns.Length ? null : $"{number + 1} fields, expected {_columns.Length}.";
            }
        }
    }

    // Plain numbers are read as they stand, up to the first field that is something else; the rest of the line goes the long way.
    private int Numbered(ref ReadOnlySpan<byte> line, Span<float> values)
    {
        var last = char.IsAscii(_delimiter) && char.IsAscii(Decimal) ? _columns.Length - 1 : 0;
        for (var number = 0; number < last; number++)
        {
            var end = line.IndexOf((byte)_delimiter);
            if (end < 0 || number == _named || !TryTake(line[..end], _columns[number], values))
            {
                return number;
            }

            line = line[(end + 1)..];
        }

        return Math.Max(0, last);
    }

    private bool TryTake(ReadOnlySpan<byte> field, int column, Span<float> values) =>
        column < 0 ? !field.Contains((byte)'"') : Numbers.TryParsePlain(field, (byte)Decimal, out var number) && TryFill(column, number, values);

    private ReadOnlySpan<char> Text(ReadOnlySpan<byte> line)
    {
        if (_line.Length < line.Length)
        {
            _line = new char[Math.Max(line.Length, _line.Length * 2)];
        }

        return _line.AsSpan(0, Encoding.UTF8.GetChars(line, _line));
    }

    private string? NextField(ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> field, out bool isLast)
    {
        var start = rest.TrimStart(' ');
        if (start is ['"', ..])
        {
            rest = start[1..];
            return Quoted(ref rest, out field, out isLast);
        }

        var end = rest.IndexOf(_delimiter);
        isLast = end < 0;
        field = (isLast ? rest : rest[..end]).Trim(' ');
        rest = isLast ? default : rest[(end + 1)..];
        return null;
    }

    private string? Quoted(ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> field, out bool isLast)
    {
        if (_field.Length < rest.Length)
        {
            _field = new char[Math.Max(rest.Length, _field.Length * 2)];
        }

        var (place, length) = (0, 0);
        while (place < rest.Length && (rest[place] != '"' || (place + 1 < rest.Length && rest[place + 1] == '"')))
        {
            _field[length++] = rest[place];
            place += rest[place] == '"' ? 2 : 1;
        }

        // Text after the closing quote belongs to the field, as in files.
        var isClosed = place < rest.Length;
        var tail = isClosed ? rest[(place + 1)..] : default;
        var end = tail.IndexOf(_delimiter);
        isLast = end < 0;
        (isLast ? tail : tail[..end]).CopyTo(_field.AsSpan(length));
        field = _field.AsSpan(0, length + (isLast ? tail.Length : end));
        rest = isLast ? default : tail[(end + 1)..];
        return isClosed ? null : "the quote does not end. A quoted field must end on its line, with \"\" for a quote inside.";
    }

    private void Learn(string header)
    {
        _delimiter = _wanted ?? Delimiters.MinBy(candidate => Missing(Names(header, candidate)).Count);
        var names = Names(header, _delimiter);
        if (Missing(names) is { Count: > 0 } missing)
        {
            throw new DataException($"The header lacks {missing.Count} of the {Columns.Length} columns that the model needs: {string.Join(", ", missing.Take(20))}. It is: '{Short(header)}'. Give the names with --header when the stream has none.");
        }

        _header = header;
        _columns = [.. names.Select(name => Array.FindIndex(Columns, column => string.Equals(column.Name, name, StringComparison.OrdinalIgnoreCase)))];
        _named = _identifier is null ? -1 : names.FindIndex(name => string.Equals(name, _identifier, StringComparison.OrdinalIgnoreCase));
        if (_identifier is not null && _named < 0)
        {
            throw new DataException($"The header has no column '{_identifier}' for --id. It is: '{Short(header)}'.");
        }
    }

    private List<string> Missing(List<string> names) => [.. Columns.Select(column => column.Name).Where(name => !names.Contains(name, StringComparer.OrdinalIgnoreCase))];

    private static List<string> Names(string header, char delimiter)
    {
        var names = new List<string>();
        try
        {
            new CsvParser(new StringReader(header), delimiter, "header").Read(names);
        }
        catch (DataException)
        {
            names.Clear();
        }

        return names;
    }
}
