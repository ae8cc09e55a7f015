using System.Text;

namespace Hourglass.Data.Tabular;

/// <summary>Splits text into records (RFC 4180, with any delimiter), streaming; quoted fields may span lines.</summary>
internal sealed class CsvParser(TextReader reader, char delimiter, string place)
{
    /// <summary>Longest field that is read, in characters.</summary>
    public const int MaximumField = 1 << 20;

    /// <summary>Most fields in a record.</summary>
    public const int MaximumFields = 1 << 16;

    private readonly char[] _room = new char[1 << 16];
    private readonly StringBuilder _field = new();
    private int _next;
    private int _length;
    private long _line = 1;

    /// <summary>Line where the last record began.</summary>
    public long Line { get; private set; }

    /// <summary>Reads the next record that is not blank.</summary>
    /// <param name="fields">Receives the fields, trimmed when not quoted.</param>
    /// <returns>False at the end.</returns>
    public bool Read(List<string> fields)
    {
        do
        {
            fields.Clear();
            Line = _line;
            if (Peek() < 0)
            {
                return false;
            }

            ReadRecord(fields);
        }
        while (fields is [{ Length: 0 }]);

        return true;
    }

    private void ReadRecord(List<string> fields)
    {
        while (true)
        {
            fields.Add(ReadField(fields.Count));
            if (fields.Count > MaximumFields)
            {
                throw new DataException($"{place}: line {Line} has more than {MaximumFields} fields. Is the delimiter '{delimiter}' right? Set it with --delimiter.");
            }

            var next = Take();
            if (next == '\r' && Peek() == '\n')
            {
                next = Take();
            }

            if (next < 0 || next is '\n' or '\r')
            {
                _line++;
                return;
            }
        }
    }

    private string ReadField(int column)
    {
        _field.Clear();
        while (Peek() == ' ' && delimiter != ' ')
        {
            Take();
        }

        if (Peek() == '"')
        {
            Take();
            ReadQuoted(column);
            while (Peek() is var rest && rest >= 0 && rest != delimiter && rest is not ('\n' or '\r'))
            {
                Append(Take(), column); // text after the closing quote belongs to the field, as spreadsheets read it
            }

            return _field.ToString();
        }

        while (Peek() is var next && next >= 0 && next != delimiter && next is not ('\n' or '\r'))
        {
            Append(Take(), column);
        }

        return _field.ToString().TrimEnd();
    }

    private void ReadQuoted(int column)
    {
        var start = _line;
        while (true)
        {
            var next = Take();
            if (next < 0)
            {
                throw new DataException($"{place}: line {start}, column {column + 1}: the quoted field does not end. Close the quote, or double it (\"\") where it is part of the text.");
            }

            if (next == '"')
            {
                if (Peek() != '"')
                {
                    return;
                }

                Take();
            }

            _line += next == '\n' ? 1 : 0;
            Append(next, column);
        }
    }

    private void Append(int character, int column)
    {
        if (_field.Length >= MaximumField)
        {
            throw new DataException($"{place}: line {Line}, column {column + 1}: a field of more than {MaximumField} characters. A quote is probably not closed.");
        }

        _field.Append((char)character);
    }

    private int Peek()
    {
        if (_next == _length)
        {
            _next = 0;
            _length = reader.Read(_room, 0, _room.Length);
        }

        return _next < _length ? _room[_next] : -1;
    }

    private int Take()
    {
        var character = Peek();
        _next += character >= 0 ? 1 : 0;
        return character;
    }
}
