using System.Text;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>What becomes of the texts of a block.</summary>
/// <param name="Samples">Character numbers, with what is known about the rows; which validate is empty where their places say it.</param>
/// <param name="Cut">How many texts are longer than a sample.</param>
internal sealed record TextSamples(BlockSamples Samples, long Cut)
{
    /// <summary>Transforms a block.</summary>
    /// <param name="block">The rows.</param>
    /// <param name="column">The texts' column.</param>
    /// <param name="label">The labels' column.</param>
    /// <param name="preprocessing">What was learnt.</param>
    /// <param name="options">Of the split.</param>
    public static TextSamples Of(TableBlock block, int column, int? label, TextPreprocessing preprocessing, PreparationOptions options)
    {
        var (texts, cut) = (Texts(block, column), 0L);
        var values = new float[texts.Length * preprocessing.Length];
        for (var row = 0; row < texts.Length; row++)
        {
            cut += preprocessing.Apply(texts[row], values.AsSpan(row * preprocessing.Length, preprocessing.Length)) ? 0 : 1;
        }

        return new TextSamples(new BlockSamples(values, Held(texts, options) ?? [], label is { } chosen ? [.. Enumerable.Range(0, block.Rows).Select(row => block.Text(row, chosen))] : [], [], []), cut);
    }

    /// <summary>The texts of a block.</summary>
    public static string[] Texts(TableBlock block, int column) => [.. Enumerable.Range(0, block.Rows).Select(row => block.Text(row, column) ?? "")];

    /// <summary>Which of some texts validate; null where their places say it.</summary>
    public static bool[]? Held(string[] texts, PreparationOptions options) => options.ByPlace ? null : options.Validation == 0 ? new bool[texts.Length] : Array.ConvertAll(texts, text => options.IsHeld(0, Encoding.UTF8.GetBytes(text)));
}
