using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Hourglass.Data.Tabular;

/// <summary>What is learnt about one column while its rows stream by: its kind from all rows, its numbers from the training part.</summary>
internal sealed class ColumnStatistics
{
    /// <summary>Distinct texts are counted up to this many.</summary>
    public const int MaximumDistinct = 20_000;

    private readonly char _decimalMark;
    private readonly SampleSchedule _schedule;
    private readonly Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _counts;
    private long _trainingNumbers;
    private int _entry; // of the schedule, that comes next
    private bool _hasUncounted;
    private double _last = double.NegativeInfinity;

    public ColumnStatistics(string name, char decimalMark, SampleSchedule schedule)
    {
        (Name, _decimalMark, _schedule) = (name, decimalMark, schedule);
        _counts = Distinct.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public string Name { get; }

    public long Count { get; private set; }

    public long Missing { get; private set; }

    public long TrainingMissing { get; private set; }

    public long Numeric { get; private set; }

    public long Integers { get; private set; }

    public long Dates { get; private set; }

    public long LeadingZeros { get; private set; }

    public long Characters { get; private set; }

    public long WithSpaces { get; private set; }

    public bool Ascending { get; private set; } = true;

    public double Minimum { get; private set; } = double.PositiveInfinity;

    public double Maximum { get; private set; } = double.NegativeInfinity;

    /// <summary>Distinct texts with how often the training part has them.</summary>
    public Dictionary<string, long> Distinct { get; } = new(StringComparer.Ordinal);

    /// <summary>Training numbers (or dates, in seconds): all, or a seeded sample.</summary>
    public List<double> Values { get; } = [];

    public long Present => Count - Missing;

    /// <summary>Whether texts that were not looked at may matter: then only a pass over the rows tells.</summary>
    public bool NeedsTexts => _hasUncounted && (Numeric < Present || (LeadingZeros > 0 && Integers == Numeric));

    public void Add(ReadOnlySpan<char> text, bool isTraining)
    {
        Count++;
        if (Numbers.IsMissing(text))
        {
            AddMissing(isTraining);
            return;
        }

        CountText(text, isTraining);
        if (Numbers.TryParse(text, _decimalMark, out var number))
        {
            LeadingZeros += text.Length > 1 && text[0] == '0' && char.IsAsciiDigit(text[1]) ? 1 : 0;
            AddNumber(number, isTraining);
        }
        else if (Numbers.TryParseDate(text, out var seconds))
        {
            Dates++;
            Keep(seconds, isTraining);
        }
    }

    /// <summary>Takes a block of the column at once; texts of numbers are left out once no more distinct ones are counted.</summary>
    /// <param name="block">The rows.</param>
    /// <param name="column">Which of their columns.</param>
    /// <param name="given">Its numbers; null where some field is none.</param>
    /// <param name="isHeld">Which rows validate.</param>
    /// <param name="training">The others, in order.</param>
    public void Add(TableBlock block, int column, ReadOnlyMemory<double>? given, bool[] isHeld, int[] training)
    {
        if (given is not { Span: var numbers })
        {
            for (var row = 0; row < block.Rows; row++)
            {
                Add(block.Text(row, column), !isHeld[row]);
            }

            return;
        }

        var counted = CountTexts(block, column, numbers, isHeld);
        _hasUncounted |= counted < numbers.Length;
        Count += numbers.Length;
        var (missing, integers, minimum, maximum, isAscending, last) = (0, 0, Minimum, Maximum, Ascending, _last);
        for (var row = 0; row < numbers.Length; row++)
        {
            var number = numbers[row];
            if (double.IsNaN(number))
            {
                AddMissing(!isHeld[row]);
                missing++;
                continue;
            }

            integers += IsInteger(number) ? 1 : 0;
            (minimum, maximum) = (number < minimum ? number : minimum, number > maximum ? number : maximum);
            isAscending &= number > last;
            last = number;
        }

        Keep(numbers, training, missing > 0);
        LeadingZeros += integers == numbers.Length - missing ? block.LeadingZeros(column) : 0; // they tell codes from counts, among whole numbers only
        Numeric += numbers.Length - missing;
        (Integers, Minimum, Maximum, Ascending, _last) = (Integers + integers, minimum, maximum, isAscending, last);
    }

    // Until no more distinct ones are counted; gives the rows that were looked at.
    private int CountTexts(TableBlock block, int column, ReadOnlySpan<double> numbers, bool[] isHeld)
    {
        Span<byte> room = stackalloc byte[TableBlock.LongestNumber];
        Span<char> text = stackalloc char[TableBlock.LongestNumber];
        var row = 0;
        for (; row < numbers.Length && Distinct.Count < MaximumDistinct; row++)
        {
            if (!double.IsNaN(numbers[row]))
            {
                var field = block.Field(row, column, room);
                CountText(field.Length > text.Length ? Encoding.ASCII.GetString(field) : text[..Encoding.ASCII.GetChars(field, text)], !isHeld[row]);
            }
        }

        return row;
    }

    private static bool IsInteger(double number) => number == Math.Floor(number) && Math.Abs(number) < 1e15;

    private void AddMissing(bool isTraining)
    {
        Missing++;
        TrainingMissing += isTraining ? 1 : 0;
    }

    private void CountText(ReadOnlySpan<char> text, bool isTraining)
    {
        Characters += text.Length;
        WithSpaces += text.Contains(' ') ? 1 : 0;
        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, text);
        if (!Unsafe.IsNullRef(ref count))
        {
            count += isTraining ? 1 : 0;
        }
        else if (Distinct.Count < MaximumDistinct)
        {
            _counts[text] = isTraining ? 1 : 0;
        }
    }

    private void AddNumber(double number, bool isTraining)
    {
        Numeric++;
        Integers += IsInteger(number) ? 1 : 0;
        (Minimum, Maximum) = (Math.Min(Minimum, number), Math.Max(Maximum, number));
        Ascending &= number > _last;
        _last = number;
        Keep(number, isTraining);
    }

    private void Keep(ReadOnlySpan<double> numbers, int[] training, bool hasMissing)
    {
        if (hasMissing || _trainingNumbers < SampleSchedule.Size)
        {
            foreach (var row in training)
            {
                if (!double.IsNaN(numbers[row]))
                {
                    Keep(numbers[row]);
                }
            }

            return;
        }

        for (; _schedule[_entry] is var (number, place) && number - _trainingNumbers < training.Length; _entry++)
        {
            Values[place] = numbers[training[(int)(number - _trainingNumbers)]];
        }

        _trainingNumbers += training.Length;
    }

    private void Keep(double value, bool isTraining)
    {
        if (isTraining)
        {
            _schedule.Reach(_trainingNumbers);
            Keep(value);
        }
    }

    // The schedule reaches as far as the numbers that have passed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Keep(double value)
    {
        if (_trainingNumbers < SampleSchedule.Size)
        {
            Values.Add(value);
        }
        else if (_schedule[_entry] is var (number, place) && number == _trainingNumbers)
        {
            Values[place] = value;
            _entry++;
        }

        _trainingNumbers++;
    }
}
