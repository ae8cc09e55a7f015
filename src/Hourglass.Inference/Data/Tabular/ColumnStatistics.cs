namespace Hourglass.Data.Tabular;

/// <summary>What is learnt about one column while its rows stream by: its kind from all rows, its numbers from the training part.</summary>
/// <param name="name">The column's.</param>
/// <param name="decimalMark">Before decimals.</param>
/// <param name="schedule">Of the numbers' sample; null to count them only.</param>
internal sealed class ColumnStatistics(string name, char decimalMark, SampleSchedule? schedule)
{
    private NumberFacts _seen = NumberFacts.None;

    public string Name => name;

    public long Count { get; private set; }

    public long Missing => _seen.Missing;

    public long TrainingMissing { get; private set; }

    public long Numeric { get; private set; }

    public long Integers => _seen.Integers;

    public long Dates { get; private set; }

    public long LeadingZeros { get; private set; }

    public bool Ascending => _seen.IsAscending;

    public double Minimum => _seen.Minimum;

    public double Maximum => _seen.Maximum;

    /// <summary>Its texts, counted.</summary>
    public TextCounts Texts { get; private set; } = new();

    /// <summary>Training numbers (or dates, in seconds).</summary>
    public NumberSample Numbers { get; } = new(schedule);

    /// <inheritdoc cref="TextCounts.Distinct"/>
    public Dictionary<string, long> Distinct => Texts.Distinct;

    /// <inheritdoc cref="TextCounts.DistinctCount"/>
    public int DistinctCount => Texts.DistinctCount;

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

    /// <summary>Whether the texts of a block of numbers need not be looked at.</summary>
    public bool IsQuick => Texts.IsFull;

    /// <summary>Takes a block of the column at once; texts of numbers are left out once no more distinct ones are counted.</summary>
    /// <param name="block">The block.</param>
    /// <param name="column">Which of its columns.</param>
    /// <param name="split">Which of its rows validate.</param>
    /// <param name="isSampled">Whether numbers enter the sample now, not later.</param>
    public void Add(ParsedBlock block, int column, BlockSplit split, bool isSampled)
    {
        var isHeld = split.IsHeld;
        if (block.Numbers[column] is not { Span: var numbers })
        {
            for (var row = 0; row < isHeld.Length; row++)
            {
                Add(block.Block.Text(row, column), !isHeld[row]);
            }

            return;
        }

        var facts = block.Facts[column];
        Texts.Add(block.Block, column, numbers, isHeld);
        Count += numbers.Length;
        for (var row = 0; row < numbers.Length && facts.Missing > 0; row++)
        {
            TrainingMissing += double.IsNaN(numbers[row]) && !isHeld[row] ? 1 : 0;
        }

        if (isSampled)
        {
            Numbers.Add(numbers, split.Training, facts.Missing > 0);
        }

        LeadingZeros += facts.Integers == numbers.Length - facts.Missing ? block.Block.LeadingZeros(column) : 0; // they tell codes from counts, among whole numbers only
        Numeric += numbers.Length - facts.Missing;
        _seen = _seen.And(facts);
    }

    /// <summary>Takes what was learnt from the rows that come after, but for their texts and the sample of their numbers.</summary>
    public void Join(ColumnStatistics later)
    {
        _seen = _seen.And(later._seen);
        (Count, TrainingMissing, Numeric, Dates, LeadingZeros) = (Count + later.Count, TrainingMissing + later.TrainingMissing, Numeric + later.Numeric, Dates + later.Dates, LeadingZeros + later.LeadingZeros);
    }

    /// <summary>Writes what <see cref="Read"/> takes.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="hasTexts">Whether texts of numbers are wanted.</param>
    public void Write(BinaryWriter writer, bool hasTexts)
    {
        foreach (var count in (long[])[Count, TrainingMissing, Numeric, Dates, LeadingZeros, _seen.Missing, _seen.Integers])
        {
            writer.Write(count);
        }

        foreach (var number in (double[])[_seen.Minimum, _seen.Maximum, _seen.First, _seen.Last])
        {
            writer.Write(number);
        }

        writer.Write(Ascending);
        Texts.Write(writer, hasTexts);
    }

    /// <summary>Reads what was learnt elsewhere, but for the numbers.</summary>
    public static ColumnStatistics Read(BinaryReader reader, string name, char decimalMark)
    {
        var column = new ColumnStatistics(name, decimalMark, null) { Count = reader.ReadInt64(), TrainingMissing = reader.ReadInt64(), Numeric = reader.ReadInt64(), Dates = reader.ReadInt64(), LeadingZeros = reader.ReadInt64() };
        var (missing, integers) = (reader.ReadInt64(), reader.ReadInt64());
        var (minimum, maximum, first, last) = (reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());
        column._seen = new NumberFacts(missing, integers, minimum, maximum, reader.ReadBoolean(), first, last);
        column.Texts = TextCounts.Read(reader);
        return column;
    }

    private void AddMissing(bool isTraining)
    {
        _seen = _seen.And(double.NaN);
        TrainingMissing += isTraining ? 1 : 0;
    }

    private void AddNumber(double number, bool isTraining)
    {
        Numeric++;
        _seen = _seen.And(number);
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
