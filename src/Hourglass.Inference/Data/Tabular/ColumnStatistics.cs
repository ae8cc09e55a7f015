namespace Hourglass.Data.Tabular;

/// <summary>What is learnt about one column while its rows stream by: its kind from all rows, its numbers from the training part.</summary>
internal sealed class ColumnStatistics(string name, char decimalMark, int seed)
{
    /// <summary>Distinct texts are counted up to this many.</summary>
    public const int MaximumDistinct = 20_000;

    private const int ReservoirSize = 100_000; // quantiles are exact up to this many training values
    private readonly Random _random = new(seed);
    private long _trainingNumbers;
    private double _last = double.NegativeInfinity;

    public string Name => name;

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

    /// <summary>The first text that is no number, with its line.</summary>
    public (string Text, long Line)? FirstOdd { get; private set; }

    public long Present => Count - Missing;

    public void Add(string? text, long line, bool isTraining)
    {
        Count++;
        if (text is null || Numbers.IsMissing(text))
        {
            Missing++;
            TrainingMissing += isTraining ? 1 : 0;
            return;
        }

        CountText(text, isTraining);
        if (Numbers.TryParse(text, decimalMark, out var number))
        {
            AddNumber(text, number, isTraining);
        }
        else
        {
            FirstOdd ??= (text, line);
            if (Numbers.TryParseDate(text, out var seconds))
            {
                Dates++;
                Keep(seconds, isTraining);
            }
        }
    }

    private void CountText(string text, bool isTraining)
    {
        Characters += text.Length;
        WithSpaces += text.Contains(' ', StringComparison.Ordinal) ? 1 : 0;
        if (Distinct.TryGetValue(text, out var seen))
        {
            Distinct[text] = seen + (isTraining ? 1 : 0);
        }
        else if (Distinct.Count < MaximumDistinct)
        {
            Distinct.Add(text, isTraining ? 1 : 0);
        }
    }

    private void AddNumber(string text, double number, bool isTraining)
    {
        Numeric++;
        Integers += number == Math.Floor(number) && Math.Abs(number) < 1e15 ? 1 : 0;
        LeadingZeros += text.Length > 1 && text[0] == '0' && char.IsAsciiDigit(text[1]) ? 1 : 0;
        (Minimum, Maximum) = (Math.Min(Minimum, number), Math.Max(Maximum, number));
        Ascending &= number > _last;
        _last = number;
        Keep(number, isTraining);
    }

    private void Keep(double value, bool isTraining)
    {
        if (!isTraining)
        {
            return;
        }

        _trainingNumbers++;
        if (Values.Count < ReservoirSize)
        {
            Values.Add(value);
        }
        else if (_random.NextInt64(_trainingNumbers) is var place && place < ReservoirSize)
        {
            Values[(int)place] = value;
        }
    }
}
