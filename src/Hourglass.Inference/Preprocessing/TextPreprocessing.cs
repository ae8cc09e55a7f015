using System.Buffers;
using System.Text;
using System.Text.Json.Serialization;

namespace Hourglass.Preprocessing;

/// <summary>Texts as runs of character numbers: 0 is padding, 1 any character that training did not see.</summary>
public sealed record TextPreprocessing : SamplePreprocessing
{
    private const int First = 2; // number of the alphabet's first character
    private const int MaximumLength = 1 << 16;
    private Dictionary<Rune, int>? _numbers;

    /// <summary>The column that holds the text.</summary>
    public required string Column { get; init; }

    /// <summary>Characters (grapheme clusters are not joined), in order of their numbers from 2.</summary>
    public required IReadOnlyList<string> Alphabet { get; init; }

    /// <summary>Steps of a sample; longer texts are cut.</summary>
    public required int Length { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override int? Vocabulary => Alphabet.Count + First;

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<int> SampleShape => [Length];

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsUnitInterval => false;

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<FeatureBlock> Blocks => [new FeatureBlock(Column, 0, Length, FeatureBlockKind.Numeric)];

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<OutputColumn> OutputColumns => [new OutputColumn(Column, true)];

    /// <summary>Numbers of a text's characters.</summary>
    /// <param name="text">The text.</param>
    /// <param name="values">Receives <see cref="Length"/> numbers.</param>
    /// <returns>Whether the text was taken whole; false where it is cut.</returns>
    public bool Apply(string text, Span<float> values)
    {
        var numbers = _numbers ??= Numbers();
        values.Clear();
        var step = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (step == values.Length)
            {
                return false;
            }

            values[step++] = numbers.GetValueOrDefault(rune, 1);
        }

        return true;
    }

    /// <inheritdoc/>
    public override void Invert(ReadOnlySpan<float> modelValues, Span<Cell> cells)
    {
        var text = new StringBuilder();
        foreach (var value in modelValues)
        {
            var number = (int)Math.Round(value);
            if (number <= 0)
            {
                break;
            }

            text.Append(number - First is >= 0 and var place && place < Alphabet.Count ? Alphabet[place] : "\ufffd");
        }

        cells[0] = new Cell(double.NaN, text.ToString());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        if (Length is < 1 or > MaximumLength || Alphabet.Count is < 1 or > MaximumLength || Alphabet.Distinct(StringComparer.Ordinal).Count() != Alphabet.Count)
        {
            throw new HourglassException($"preprocessing: a text needs 1 to {MaximumLength} steps and as many distinct characters at most, got {Length} and {Alphabet.Count}.");
        }
    }

    // An entry that is not one character stands for none.
    private Dictionary<Rune, int> Numbers()
    {
        var numbers = new Dictionary<Rune, int>();
        for (var place = 0; place < Alphabet.Count; place++)
        {
            if (Rune.DecodeFromUtf16(Alphabet[place], out var rune, out var length) == OperationStatus.Done && length == Alphabet[place].Length)
            {
                numbers.Add(rune, place + First);
            }
        }

        return numbers;
    }
}
