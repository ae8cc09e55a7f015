using System.Text;
using System.Text.Json;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Streams;

/// <summary>Rows as JSON lines: an object for each row; members that the model does not need are passed over, absent ones are missing values.</summary>
internal sealed class JsonFields(TablePreprocessing preprocessing, string? identifier) : RowFields(preprocessing, '.')
{
    private readonly byte[][] _names = [.. preprocessing.Columns.Select(column => Encoding.UTF8.GetBytes(column.Name))];
    private readonly byte[]? _identifier = identifier is null ? null : Encoding.UTF8.GetBytes(identifier);
    private char[] _text = new char[256];

    /// <inheritdoc/>
    public override bool TakeHeader(ReadOnlySpan<byte> line) => false;

    /// <inheritdoc/>
    protected override string? Split(ReadOnlySpan<byte> line, Span<float> values)
    {
        var reader = new Utf8JsonReader(line.StartsWith("\uFEFF"u8) ? line[3..] : line);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return "expected an object, as {\"column\": value, ...}.";
            }

            var known = 0;
            return Members(ref reader, values, ref known) ?? (reader.Read() ? "expected one object." : known == 0 ? "has none of the columns that the model needs." : null);
        }
        catch (JsonException fault)
        {
            return $"no JSON: {fault.Message.ReplaceLineEndings(" ")}";
        }
    }

    private string? Members(ref Utf8JsonReader reader, Span<float> values, ref int known)
    {
        var next = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var column = Find(ref reader, next);
            var isName = _identifier is not null && reader.ValueTextEquals(_identifier);
            reader.Read();
            if (column < 0 && !isName)
            {
                reader.Skip();
                continue;
            }

            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                return $"column '{(column < 0 ? identifier : Columns[column].Name)}': expected a value, found an object or array.";
            }

            var field = Field(ref reader);
            if (isName)
            {
                Remember(field);
            }

            if (column >= 0)
            {
                (next, known) = (column + 1, known + 1);
                if (Fill(column, field, values) is { } fault)
                {
                    return fault;
                }
            }
        }

        return null;
    }

    // Members mostly come in the order of the columns.
    private int Find(ref Utf8JsonReader reader, int next)
    {
        for (var step = 0; step < _names.Length; step++)
        {
            var column = (next + step) % _names.Length;
            if (reader.ValueTextEquals(_names[column]))
            {
                return column;
            }
        }

        return -1;
    }

    private ReadOnlySpan<char> Field(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return default;
        }

        if (_text.Length < reader.ValueSpan.Length)
        {
            _text = new char[Math.Max(reader.ValueSpan.Length, _text.Length * 2)];
        }

        return _text.AsSpan(0, reader.TokenType == JsonTokenType.String ? reader.CopyString(_text) : Encoding.UTF8.GetChars(reader.ValueSpan, _text)).Trim(' ');
    }
}
