using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Hourglass.Data.Tabular;

/// <summary>What is learnt about one column while its rows stream by: its kind from all rows, its numbers from the training part.</summary>
internal sealed class ColumnStatistics
{
    /// <summary>Distinct texts are counted up to this many.</summary>
    public const int MaximumDistinct = 20_000;

    private const int ReservoirSize = 100_000; // quantiles are exact up to this many training values
    private readonly char _decimalMark;
    private readonly Random _random;
    private readonly Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _counts;
    private long _trainingNumbers;
    private long _nextKept = ReservoirSize; // the training number that enters the full reservoir next
    private double _weight = 1;
    private bool _hasUncounted;
    private double _last = double.NegativeInfinity;

    public ColumnStatistics(string name, char decimalMark, int seed)
    {
        (Name, _decimalMark, _random) = (name, decimalMark, new Random(seed));
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

    /// <summary>Training numbers (or dates, in seconds): all, or a seeded reservoir.</summary>
    public List<double> Values { get; } = [];

    public long Present => Count - Missing;

    /// <summary>Whether texts that were not looked at may matter: then only a pass over the rows tells.</summary>
    public bool NeedsTexts => _hasUncounted && (Numeric < Present || LeadingZeros > 0);

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
    /// <param name="numbers">Its numbers; null where some field is none.</param>
    /// <param name="isHeld">Which rows validate.</param>
    public void Add(TableBlock block, int column, double[]? numbers, bool[] isHeld)
    {
        if (numbers is null)
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
        var (missing, integers, zeros, minimum, maximum, isAscending, last) = (0, 0, 0, Minimum, Maximum, Ascending, _last);
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
            zeros += block.HasLeadingZero(row, column) ? 1 : 0;
            (minimum, maximum) = (number < minimum ? number : minimum, number > maximum ? number : maximum);
            isAscending &= number > last;
            last = number;
            Keep(number, !isHeld[row]);
        }

        Numeric += numbers.Length - missing;
        (Integers, LeadingZeros, Minimum, Maximum, Ascending, _last) = (Integers + integers, LeadingZeros + zeros, minimum, maximum, isAscending, last);
    }

    // Until no more distinct ones are counted; gives the rows that were looked at.
    private int CountTexts(TableBlock block, int column, double[] numbers, bool[] isHeld)
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

    // A uniform sample of the numbers that pass by, with a draw for those only that enter it: Li 1994, https://doi.org/10.1145/198429.198435, algorithm L.
    private void Keep(double value, bool isTraining)
    {
        if (!isTraining)
        {
            return;
        }

        if (Values.Count < ReservoirSize)
        {
            Values.Add(value);
            if (Values.Count == ReservoirSize)
            {
                Skip();
            }
        }
        else if (_trainingNumbers == _nextKept)
        {
            Values[_random.Next(ReservoirSize)] = value;
            _nextKept++;
            Skip();
        }

        _trainingNumbers++;
    }

    private void Skip()
    {
        _weight *= Math.Exp(Math.Log(1 - _random.NextDouble()) / ReservoirSize);
        _nextKept += (long)(Math.Log(1 - _random.NextDouble()) / Math.Log(1 - _weight));
    }
}
