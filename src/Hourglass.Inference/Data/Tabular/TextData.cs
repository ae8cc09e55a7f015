using System.Text;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>From a column of texts to samples of character numbers, row by row, which names flaws.</summary>
internal static class TextData
{
    /// <summary>Learns the alphabet and the length from the training part.</summary>
    public static CharacterCounts Count(TableSource source, ReadOptions read, PreparationOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var (column, counts, place) = (source.Find(read.Text!, "--text"), new CharacterCounts(), 0L);
        foreach (var row in source.Rows(BadRows(read), progress, 0, 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var text = row.Fields[column] ?? "";
            if (!options.IsHeld(place++, Encoding.UTF8.GetBytes(text)))
            {
                counts.Add(text);
            }
        }

        return counts;
    }

    /// <summary>Writes the rows.</summary>
    /// <returns>How many texts are cut.</returns>
    public static long Write(TableSource source, ReadOptions read, TextPreprocessing preprocessing, PreparationOptions options, SampleStoreWriter writer, TableFacts facts, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var (column, values, place, cut) = (source.Find(preprocessing.Column, "column"), new float[preprocessing.Length], 0L, 0L);
        foreach (var row in source.Rows(BadRows(read), progress, 0, 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var text = row.Fields[column] ?? "";
            facts.Add(row.Fields, options.IsHeld(place++, Encoding.UTF8.GetBytes(text)));
            cut += preprocessing.Apply(text, values) ? 0 : 1;
            writer.Append(values);
        }

        return writer.Count > 0 ? cut : throw new DataException($"{source.Name}: holds no rows that can be read.");
    }

    // Malformed rows that were asked to be skipped leave nothing behind.
    private static Action<DataException>? BadRows(ReadOptions read) => read.OnBadRow == BadRowPolicy.Skip ? _ => { } : null;
}
