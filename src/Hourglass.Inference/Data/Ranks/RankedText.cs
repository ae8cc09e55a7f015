using System.Text;
using Hourglass.Bundles;
using Hourglass.Collectives;
using Hourglass.Data.Stores;
using Hourglass.Data.Tabular;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Ranks;

/// <summary>From a column of texts to a sample store, by one process or by several ranks, each its run of blocks, to the same bytes; row by row where the table has a flaw or cannot be cut.</summary>
/// <param name="ranks">All of them make the same calls.</param>
/// <param name="source">The table, which all of them see.</param>
/// <param name="read">What was said about it.</param>
/// <param name="progress">Told the share done.</param>
/// <param name="cancellationToken">Stops the reading.</param>
internal sealed class RankedText(ICollective ranks, TableSource source, ReadOptions read, IProgress<double>? progress, CancellationToken cancellationToken)
{
    /// <summary>Learns the alphabet and the length from the training part, then applies them.</summary>
    /// <returns>Null on ranks other than the first.</returns>
    public PreparedData? Prepare(PreparationOptions options)
    {
        options = options with { ByTime = false }; // texts are samples by themselves
        var column = Agreement.Together(ranks, () => source.Find(read.Text!, "--text"));
        var rows = new RankedRows(ranks, source);
        var places = rows.Places(options);
        var counts = places is null ? null : CountByBlocks(rows, column, places[ranks.Rank], options);
        var fitted = Agreement.AtFirst(ranks, () => DataFile.Guard(source.Name, () =>
            (counts ?? TextData.Count(source, read, options, PartOfProgress.Of(progress, 0, 0.5), cancellationToken)).Preprocessing(source.Columns[column])
            ?? throw new DataException($"{source.Name}: the column '{read.Text}' holds no text to train on.")));
        var json = Encoding.UTF8.GetString(Agreement.Told(ranks, fitted is null ? [] : Encoding.UTF8.GetBytes(BundleJson.Serialize<SamplePreprocessing>(fitted))));
        return Ingest(rows, fitted ?? (TextPreprocessing)BundleJson.Deserialize<SamplePreprocessing>(json, source.Name), places, options, 0.5);
    }

    /// <summary>Applies what was learnt before.</summary>
    /// <returns>Null on ranks other than the first.</returns>
    public PreparedData? Apply(TextPreprocessing preprocessing)
    {
        var (rows, options) = (new RankedRows(ranks, source), new PreparationOptions { Validation = 0 });
        return Ingest(rows, preprocessing, rows.Places(options), options, 0);
    }

    // Of all ranks' rows, on rank 0; null where the table must be read row by row.
    private CharacterCounts? CountByBlocks(RankedRows rows, int column, RowPlaces places, PreparationOptions options)
    {
        var own = Agreement.Together(ranks, () => DataFile.Guard(source.Name, () => CountOwn(rows, column, places, options)));
        if (!rows.AllHave(own))
        {
            return null;
        }

        for (var rank = 1; rank < ranks.Size; rank++)
        {
            var told = StoreReach.PassBytes(ranks, rank, rank == ranks.Rank ? own!.ToBytes() : []);
            if (ranks.Rank == 0)
            {
                own!.Join(told);
            }
        }

        return own;
    }

    private CharacterCounts? CountOwn(RankedRows rows, int column, RowPlaces places, PreparationOptions options)
    {
        using var blocks = rows.Open(new HashSet<int> { column }, ranks.Rank);
        var (counts, passed, done) = (new CharacterCounts(), 0L, 0);
        foreach (var part in blocks is null ? [] : Ahead.InOrder(0, blocks.Count, Read))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (part is not { } found)
            {
                return null;
            }

            var (texts, known) = found;
            var isHeld = known ?? options.Held(places.First + passed, texts.Length, places.All);
            passed += texts.Length;
            for (var row = 0; row < texts.Length; row++)
            {
                if (!isHeld[row])
                {
                    counts.Add(texts[row]);
                }
            }

            progress?.Report(0.5 * ++done / blocks!.Count);
        }

        return blocks is null ? null : counts;

        (string[] Texts, bool[]? IsHeld)? Read(int number) => blocks.Read(number) is { } block && TextSamples.Texts(block, column) is var texts ? (texts, TextSamples.Held(texts, options)) : null;
    }

    private PreparedData? Ingest(RankedRows rows, TextPreprocessing preprocessing, RowPlaces[]? places, PreparationOptions options, double done)
    {
        var (column, label) = Agreement.Together(ranks, () => (source.Find(preprocessing.Column, "column"), read.Label is null ? (int?)null : source.Find(read.Label, "--label")));
        var (hash, facts, part) = (ranks.Rank == 0 ? Task.Run(source.Hash, cancellationToken) : null, new TableFacts(new TableRoles(label, null, [])), PartOfProgress.Of(progress, done, 1));
        if (places is not null)
        {
            using var writer = Agreement.Together(ranks, () => NewWriter(preprocessing));
            var cut = Agreement.Together(ranks, () => DataFile.Guard(source.Name, () => WriteByBlocks(rows, column, label, preprocessing, places[ranks.Rank], options, writer, facts, part)));
            if (rows.AllHave(cut) && ranks.Gather(BitConverter.GetBytes(writer.Count)).Sum(count => BitConverter.ToInt64(count)) > 0)
            {
                return RankedParts.Join(ranks, source.Name, writer, ranks.Rank == 0 ? [] : ToBytes(facts, cut!.Value), read.StoreFolder, told => Complete(writer, preprocessing, options, facts, cut!.Value + told.Sum(words => Read(facts, words)), hash!));
            }
        }

        return ranks.Rank > 0 ? null : ByRows();

        PreparedData ByRows()
        {
            facts.Clear();
            using var writer = NewWriter(preprocessing);
            return Complete(writer, preprocessing, options, facts, TextData.Write(source, read, preprocessing, options, writer, facts, part, cancellationToken), hash!);
        }
    }

    // How many texts are cut; null where a row has a flaw or the table has no blocks.
    private long? WriteByBlocks(RankedRows rows, int column, int? label, TextPreprocessing preprocessing, RowPlaces places, PreparationOptions options, SampleStoreWriter writer, TableFacts facts, PartOfProgress? part)
    {
        HashSet<int> wanted = label is { } known ? [column, known] : [column];
        using var blocks = rows.Open(wanted, ranks.Rank);
        var (cut, done) = (0L, 0);
        foreach (var texts in blocks is null ? [] : Ahead.InOrder(0, blocks.Count, number => blocks.Read(number) is { } block ? TextSamples.Of(block, column, label, preprocessing, options) : null))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (texts is null)
            {
                return null;
            }

            facts.Add(texts.Samples, texts.Samples.IsHeld is [] ? options.Held(places.First + writer.Count, texts.Samples.Values.Length / preprocessing.Length, places.All) : texts.Samples.IsHeld);
            writer.Append(texts.Samples.Values);
            cut += texts.Cut;
            part?.Report((double)++done / blocks!.Count);
        }

        return blocks is null ? null : cut;
    }

    private SampleStoreWriter NewWriter(TextPreprocessing preprocessing) => SampleStore.CreateTemporary(read.StoreFolder, [preprocessing.Length], ElementType.Float32);

    private PreparedData Complete(SampleStoreWriter writer, TextPreprocessing preprocessing, PreparationOptions options, TableFacts facts, long cut, Task<string> hash)
    {
        var store = writer.Finish();
        return facts.Of(store, preprocessing, options, new DataDescription
        {
            Source = source.Name,
            Format = source.Format,
            Samples = store.Count,
            Hash = hash.GetAwaiter().GetResult(),
            Notes = [$"Text of '{preprocessing.Column}': up to {preprocessing.Length} characters of {preprocessing.Alphabet.Count} kinds{(cut > 0 ? $"; {cut} longer texts are cut" : "")}."],
        });
    }

    private static byte[] ToBytes(TableFacts facts, long cut)
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory);
        writer.Write(cut);
        facts.Write(writer);
        return memory.ToArray();
    }

    private static long Read(TableFacts facts, byte[] told)
    {
        using var reader = new BinaryReader(new MemoryStream(told));
        var cut = reader.ReadInt64();
        facts.Read(reader);
        return cut;
    }
}
