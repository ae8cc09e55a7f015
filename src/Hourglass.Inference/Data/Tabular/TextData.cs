using System.Text;
using Hourglass.Data.Arrays;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>From a column of texts to samples of character numbers.</summary>
internal static class TextData
{
    private const int MostCharacters = 2000; // rarer ones count as unknown
    private const int MostSteps = 512;

    /// <summary>Learns the alphabet and the length from the training part, then applies them.</summary>
    public static PreparedData Prepare(TableSource source, ReadOptions read, PreparationOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var column = source.Find(read.Text!, "--text");
        var (counts, longest, place) = (new Dictionary<string, long>(StringComparer.Ordinal), 1, 0L);
        foreach (var row in source.Rows(read.OnBadRow == BadRowPolicy.Skip ? Ignore : null, progress, 0, 0.5))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var text = row.Fields[column] ?? "";
            if (options.IsHeld(place++, Encoding.UTF8.GetBytes(text)))
            {
                continue;
            }

            var steps = 0;
            foreach (var rune in text.EnumerateRunes())
            {
                counts[rune.ToString()] = counts.GetValueOrDefault(rune.ToString()) + 1;
                steps++;
            }

            longest = Math.Max(longest, steps);
        }

        if (counts.Count == 0)
        {
            throw new DataException($"{source.Name}: the column '{read.Text}' holds no text to train on.");
        }

        var alphabet = counts.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key, StringComparer.Ordinal).Take(MostCharacters).Select(entry => entry.Key).ToList();
        return Ingest(source, read, new TextPreprocessing { Column = source.Columns[column], Alphabet = alphabet, Length = Math.Min(longest, MostSteps) }, options, progress, 0.5, cancellationToken);
    }

    /// <summary>Applies what was learnt before.</summary>
    public static PreparedData Apply(TableSource source, ReadOptions read, TextPreprocessing preprocessing, IProgress<double>? progress, CancellationToken cancellationToken) =>
        Ingest(source, read, preprocessing, new PreparationOptions { Validation = 0 }, progress, 0, cancellationToken);

    private static PreparedData Ingest(TableSource source, ReadOptions read, TextPreprocessing preprocessing, PreparationOptions options, IProgress<double>? progress, double done, CancellationToken cancellationToken)
    {
        var place = source.Find(preprocessing.Column, "column");
        var label = read.Label is null ? (int?)null : source.Find(read.Label, "--label");
        var (isHeld, labels, cut) = (new List<bool>(), new List<string?>(), 0L);
        using var writer = SampleStore.CreateTemporary(read.StoreFolder, [preprocessing.Length], ElementType.Float32);
        var values = new float[preprocessing.Length];
        foreach (var row in source.Rows(read.OnBadRow == BadRowPolicy.Skip ? Ignore : null, progress, done, 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var text = row.Fields[place] ?? "";
            cut += text.EnumerateRunes().Count() > preprocessing.Length ? 1 : 0;
            isHeld.Add(options.IsHeld(isHeld.Count, Encoding.UTF8.GetBytes(text)));
            preprocessing.Apply(text, values);
            writer.Append(values);
            labels.Add(label is { } column ? row.Fields[column] : null);
        }

        var store = writer.Count > 0 ? writer.Finish() : throw new DataException($"{source.Name}: holds no rows that can be read.");
        return new PreparedData
        {
            Samples = store,
            Preprocessing = preprocessing,
            Split = HoldOut.Split(isHeld),
            Labels = label is null ? null : LabelCodes.From(labels),
            Description = new DataDescription
            {
                Source = source.Name,
                Format = source.Format,
                Samples = store.Count,
                Hash = source.Hash(),
                Notes = [$"Text of '{preprocessing.Column}': up to {preprocessing.Length} characters of {preprocessing.Alphabet.Count} kinds{(cut > 0 ? $"; {cut} longer texts are cut" : "")}."],
            },
        };
    }

    private static void Ignore(DataException fault)
    {
        // Malformed rows were asked to be skipped.
    }
}
