namespace Hourglass.Data.Tabular;

/// <summary>What is learnt about one column while its rows stream by: its kind from all rows, its numbers from the training part.</summary>
/// <param name="name">The column's.</param>
/// <param name="decimalMark">Before decimals.</param>
/// <param name="schedule">Of the numbers' sample; null to count them only.</param>
internal sealed class ColumnStatistics(string name, char decimalMark, SampleSchedule? schedule)
{
    private double _first = double.NaN;
    private double _last = double.NegativeInfinity;

    public string Name => name;

    public long Count { get; private set; }

    public long Missing { get; private set; }

    public long TrainingMissing { get; private set; }

    public long Numeric { get; private set; }

    public long Integers { get; private set; }

    public long Dates { get; private set; }

    public long LeadingZeros { get; private set; }

    public bool Ascending { get; private set; } = true;

    public double Minimum { get; private set; } = double.PositiveInfinity;

    public double Maximum { get; private set; } = double.NegativeInfinity;

    /// <summary>Its texts, counted.</summary>
    public TextCounts Texts { get; private set; } = new();

    /// <summary>Training numbers (or dates, in seconds).</summary>
    public NumberSample Numbers { get; } = new(schedule);

    /// <inheritdoc cref="TextCounts.Distinct"/>
    public Dictionary<string, long> Distinct => Texts.Distinct;

    /// <inheritdoc cref="NumberSample.Values"/>
    public List<double> Values => Numbers.Values;

    public long Present => Count - Missing;

    /// <summary>Whether texts that were not looked at may matter: then only a pass over the rows tells.</summary>
    public bool NeedsTexts => Texts.HasUncounted && (Numeric < Present || (LeadingZeros > 0 && Integers == Numeric));

    public void Add(ReadOnlySpan<char> text, bool isTraining)
    {
        Count++;
        if (Tabular.Numbers.IsMissing(text))
        {
            Texts.AddMissing();
            AddMissing(isTraining);
            return;
        }

        Texts.Add(text, isTraining);
        if (Tabular.Numbers.TryParse(text, decimalMark, out var number))
        {
            LeadingZeros += text.Length > 1 && text[0] == '0' && char.IsAsciiDigit(text[1]) ? 1 : 0;
            AddNumber(number, isTraining);
        }
        else if (Tabular.Numbers.TryParseDate(text, out var seconds))
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

        Texts.Add(block, column, numbers, isHeld);
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

        Numbers.Add(numbers, training, missing > 0);
        LeadingZeros += integers == numbers.Length - missing ? block.LeadingZeros(column) : 0; // they tell codes from counts, among whole numbers only
        Numeric += numbers.Length - missing;
        _first = double.IsNaN(_first) && missing < numbers.Length ? FirstOf(numbers) : _first;
        (Integers, Minimum, Maximum, Ascending, _last) = (Integers + integers, minimum, maximum, isAscending, last);
    }

    /// <summary>Takes what was learnt from the rows that come after, but for their texts and the sample of their numbers.</summary>
    public void Join(ColumnStatistics later)
    {
        Ascending &= later.Ascending && (later.Numeric == 0 || later._first > _last);
        _first = double.IsNaN(_first) ? later._first : _first;
        _last = later.Numeric > 0 ? later._last : _last;
        (Count, Missing, TrainingMissing) = (Count + later.Count, Missing + later.Missing, TrainingMissing + later.TrainingMissing);
        (Numeric, Integers, Dates, LeadingZeros) = (Numeric + later.Numeric, Integers + later.Integers, Dates + later.Dates, LeadingZeros + later.LeadingZeros);
        (Minimum, Maximum) = (Math.Min(Minimum, later.Minimum), Math.Max(Maximum, later.Maximum));
    }

    /// <summary>Writes what <see cref="Read"/> takes.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="hasTexts">Whether texts of numbers are wanted.</param>
    public void Write(BinaryWriter writer, bool hasTexts)
    {
        foreach (var count in (long[])[Count, Missing, TrainingMissing, Numeric, Integers, Dates, LeadingZeros])
        {
            writer.Write(count);
        }

        foreach (var number in (double[])[_first, _last, Minimum, Maximum])
        {
            writer.Write(number);
        }

        writer.Write(Ascending);
        Texts.Write(writer, hasTexts);
    }

    /// <summary>Reads what was learnt elsewhere, but for the numbers.</summary>
    public static ColumnStatistics Read(BinaryReader reader, string name, char decimalMark) => new(name, decimalMark, null)
    {
        Count = reader.ReadInt64(),
        Missing = reader.ReadInt64(),
        TrainingMissing = reader.ReadInt64(),
        Numeric = reader.ReadInt64(),
        Integers = reader.ReadInt64(),
        Dates = reader.ReadInt64(),
        LeadingZeros = reader.ReadInt64(),
        _first = reader.ReadDouble(),
        _last = reader.ReadDouble(),
        Minimum = reader.ReadDouble(),
        Maximum = reader.ReadDouble(),
        Ascending = reader.ReadBoolean(),
        Texts = TextCounts.Read(reader),
    };

    private static double FirstOf(ReadOnlySpan<double> numbers)
    {
        var row = 0;
        while (double.IsNaN(numbers[row]))
        {
            row++;
        }

        return numbers[row];
    }

    private static bool IsInteger(double number) => number == Math.Floor(number) && Math.Abs(number) < 1e15;

    private void AddMissing(bool isTraining)
    {
        Missing++;
        TrainingMissing += isTraining ? 1 : 0;
    }

    private void AddNumber(double number, bool isTraining)
    {
        Numeric++;
        Integers += IsInteger(number) ? 1 : 0;
        (Minimum, Maximum) = (Math.Min(Minimum, number), Math.Max(Maximum, number));
        Ascending &= number > _last;
        (_first, _last) = (double.IsNaN(_first) ? number : _first, number);
        Keep(number, isTraining);
    }

    private void Keep(double value, bool isTraining)
    {
        if (isTraining)
        {
            Numbers.Add(value);
        }
    }
}
