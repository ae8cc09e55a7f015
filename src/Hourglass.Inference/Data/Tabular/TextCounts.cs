using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Hourglass.Data.Tabular;

/// <summary>The texts of a column, counted while its rows stream by; those of numbers only until no more distinct ones are counted.</summary>
internal sealed class TextCounts
{
    /// <summary>Distinct texts are counted up to this many.</summary>
    public const int MaximumDistinct = 20_000;

    private readonly Dictionary<string, long> _distinct = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _counts;
    private ShortTexts? _short = new(); // as long as all are short numbers; then they move
    private long _rows;
    private bool _hasWords; // rows that were taken as texts, which are counted to the end

    public TextCounts() => _counts = _distinct.GetAlternateLookup<ReadOnlySpan<char>>();

    public long Characters { get; private set; }

    public long WithSpaces { get; private set; }

    /// <summary>Whether texts of numbers were not looked at.</summary>
    public bool HasUncounted { get; private set; }

    /// <summary>Whether no more distinct texts are counted.</summary>
    public bool IsFull => DistinctCount >= MaximumDistinct;

    /// <summary>Distinct texts counted.</summary>
    public int DistinctCount => _short?.Count ?? _distinct.Count;

    /// <summary>Distinct texts with how often the training part has them, in order of their first appearance.</summary>
    public Dictionary<string, long> Distinct
    {
        get
        {
            foreach (var (text, count) in _short?.All ?? [])
            {
                _distinct.Add(text, count);
            }

            _short = null;
            return _distinct;
        }
    }

    /// <summary>Takes a row without a text.</summary>
    public void AddMissing()
    {
        _rows++;
        _hasWords = true;
    }

    /// <summary>Takes a row's text.</summary>
    public void Add(ReadOnlySpan<char> text, bool isTraining)
    {
        AddMissing();
        Count(text, isTraining);
    }

    /// <summary>Takes the texts of a block.</summary>
    /// <param name="block">The rows.</param>
    /// <param name="column">Which of their columns.</param>
    /// <param name="numbers">Its numbers; null where some field is none.</param>
    /// <param name="isHeld">Which rows validate.</param>
    public void Add(TableBlock block, int column, ReadOnlyMemory<double>? numbers, bool[] isHeld)
    {
        if (numbers is { } given)
        {
            Add(block, column, given.Span, isHeld);
            return;
        }

        for (var row = 0; row < block.Rows; row++)
        {
            var text = block.Text(row, column);
            if (Numbers.IsMissing(text))
            {
                AddMissing();
            }
            else
            {
                Add(text, !isHeld[row]);
            }
        }
    }

    /// <summary>Takes the texts of a block of numbers.</summary>
    /// <param name="block">The rows.</param>
    /// <param name="column">Which of their columns.</param>
    /// <param name="numbers">Its numbers; NaN where the value is missing.</param>
    /// <param name="isHeld">Which rows validate.</param>
    public void Add(TableBlock block, int column, ReadOnlySpan<double> numbers, bool[] isHeld)
    {
        Span<byte> room = stackalloc byte[TableBlock.LongestNumber];
        Span<char> text = stackalloc char[TableBlock.LongestNumber];
        var row = _short is { } counts && block.Written(column) is { } written ? AddNumbers(counts, numbers, written, isHeld) : 0;
        for (; row < numbers.Length && !IsFull; row++)
        {
            if (!double.IsNaN(numbers[row]))
            {
                var field = block.Field(row, column, room);
                if (_short is not null && field.Length <= ShortTexts.Longest)
                {
                    Characters += field.Length;
                    WithSpaces += field.Contains((byte)' ') ? 1 : 0;
                    _short.Add(field, !isHeld[row]);
                    continue;
                }

                Count(field.Length > text.Length ? Encoding.ASCII.GetString(field) : text[..Encoding.ASCII.GetChars(field, text)], !isHeld[row]);
            }
        }

        HasUncounted |= row < numbers.Length;
        _rows += numbers.Length;
    }

    // Numbers that nobody has written yet: their characters are not counted, as only texts that are no numbers are asked for these. Gives the rows it took.
    private static int AddNumbers(ShortTexts counts, ReadOnlySpan<double> numbers, Func<double, string> written, bool[] isHeld)
    {
        var row = 0;
        for (; row < numbers.Length && counts.Count < MaximumDistinct; row++)
        {
            if (!double.IsNaN(numbers[row]))
            {
                counts.Add(numbers[row], written, !isHeld[row]);
            }
        }

        return row;
    }

    /// <summary>Joins counts of the rows that come after, to what one count over all rows gives.</summary>
    /// <param name="later">Those counts.</param>
    /// <returns>False where only a count over the rows themselves tells, from here on.</returns>
    public bool TryJoin(TextCounts later)
    {
        if (!IsFull || later._hasWords)
        {
            if (IsFull || later.IsFull || DistinctCount + later.Distinct.Keys.Count(text => !Distinct.ContainsKey(text)) >= MaximumDistinct)
            {
                return later._rows == 0;
            }

            foreach (var (text, count) in later.Distinct)
            {
                Distinct[text] = Distinct.GetValueOrDefault(text) + count;
            }

            Characters += later.Characters;
            WithSpaces += later.WithSpaces;
        }
        else
        {
            HasUncounted |= later._rows > 0;
        }

        _rows += later._rows;
        _hasWords |= later._hasWords;
        return true;
    }

    /// <summary>Whether the rows that come after change nothing but <see cref="HasUncounted"/>.</summary>
    /// <param name="later">Counts of them.</param>
    public bool IsDone(TextCounts later) => IsFull && !later._hasWords;

    /// <summary>Takes rows of numbers whose texts are no longer counted.</summary>
    public void Skip(long rows)
    {
        HasUncounted |= rows > 0;
        _rows += rows;
    }

    /// <summary>Rows taken.</summary>
    public long Rows => _rows;

    /// <summary>Writes the counts.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="isNeeded">Whether texts of numbers are wanted by those who join them.</param>
    public void Write(BinaryWriter writer, bool isNeeded)
    {
        writer.Write(_rows);
        writer.Write(_hasWords);
        writer.Write(HasUncounted);
        writer.Write(Characters);
        writer.Write(WithSpaces);
        writer.Write(isNeeded || _hasWords ? DistinctCount : 0);
        foreach (var (text, count) in isNeeded || _hasWords ? Distinct : [])
        {
            writer.Write(text);
            writer.Write(count);
        }
    }

    /// <summary>Reads counts.</summary>
    public static TextCounts Read(BinaryReader reader)
    {
        var counts = new TextCounts { _rows = reader.ReadInt64(), _hasWords = reader.ReadBoolean(), HasUncounted = reader.ReadBoolean(), Characters = reader.ReadInt64(), WithSpaces = reader.ReadInt64() };
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            counts.Distinct.Add(reader.ReadString(), reader.ReadInt64());
        }

        return counts;
    }

    private void Count(ReadOnlySpan<char> text, bool isTraining)
    {
        Characters += text.Length;
        WithSpaces += text.Contains(' ') ? 1 : 0;
        _ = Distinct;
        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, text);
        if (!Unsafe.IsNullRef(ref count))
        {
            count += isTraining ? 1 : 0;
        }
        else if (!IsFull)
        {
            _counts[text] = isTraining ? 1 : 0;
        }
    }
}
