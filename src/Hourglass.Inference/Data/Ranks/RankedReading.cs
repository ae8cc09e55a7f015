using System.IO.Hashing;
using System.Text;
using Hourglass.Bundles;
using Hourglass.Collectives;
using Hourglass.Data.Stores;

namespace Hourglass.Data.Ranks;

/// <summary>One reading of a source for all ranks: they share the work where the source can be cut, rank 0 writes the store, and all map the same samples.</summary>
/// <param name="ranks">All of them make the same calls.</param>
/// <param name="path">The source.</param>
/// <param name="read">What was said about it.</param>
/// <param name="purpose">What is made of it.</param>
internal sealed class RankedReading(ICollective ranks, string path, ReadOptions read, string purpose)
{
    private const int ShownPurpose = 1000; // characters; fitted preprocessing may have many more
    private const byte Join = 1;
    private const byte Done = 2;
    private const byte Fault = 3;

    // What lies beside a store is written for a key; between ranks there is none.
    private static readonly StoreKey NoKey = new("ranks");

    /// <summary>Reads.</summary>
    /// <param name="keep">On rank 0: finds a kept store, or keeps what it is given to call makes.</param>
    /// <param name="alone">On rank 0: reads by itself.</param>
    /// <param name="together">On all ranks: reads with the others; the data on rank 0, null elsewhere.</param>
    /// <exception cref="AgreedFaultException">On all ranks, in the words of the rank that has the fault.</exception>
    public PreparedData Run(Func<Func<ReadOptions, PreparedData>, PreparedData> keep, Func<ReadOptions, PreparedData> alone, Func<ReadOptions, PreparedData?> together)
    {
        var shown = purpose.Length <= ShownPurpose ? purpose : Convert.ToHexStringLower(XxHash3.Hash(Encoding.UTF8.GetBytes(purpose)));
        Agreement.Require(ranks, [("options of reading", $"{BundleJson.Serialize(read)} {shown}", "Give all ranks the same command line and the same model.")]);
        var isShared = SourceSight.IsShared(ranks, path);
        var data = ranks.Rank == 0 ? Lead(() => keep(own => isShared ? Together(own) : alone(own))) : Follow(together);
        return Everywhere(data);

        PreparedData Together(ReadOptions own)
        {
            Agreement.Told(ranks, [Join]);
            return together(own)!;
        }
    }

    private PreparedData Lead(Func<PreparedData> make)
    {
        PreparedData data;
        try
        {
            data = DataFile.Guard(path, make);
        }
        catch (HourglassException fault) when (fault is not AgreedFaultException)
        {
            Agreement.Told(ranks, [Fault, .. Encoding.UTF8.GetBytes(fault.Message)]);
            throw new AgreedFaultException(fault.Message);
        }

        Agreement.Told(ranks, [Done]);
        return data;
    }

    // Until rank 0 has what it wants: it may find it kept, or have to read twice.
    private PreparedData? Follow(Func<ReadOptions, PreparedData?> together)
    {
        while (true)
        {
            var word = Agreement.Told(ranks, []);
            if (word[0] == Fault)
            {
                throw new AgreedFaultException(Encoding.UTF8.GetString(word.AsSpan(1)));
            }

            if (word[0] == Done)
            {
                return null;
            }

            together(read with { Cache = null });
        }
    }

    private PreparedData Everywhere(PreparedData? data)
    {
        var facts = Agreement.Told(ranks, data is null ? [] : StoredData.ToBytes(NoKey, data));
        var isReused = Agreement.Told(ranks, [data is { IsReused: true } ? (byte)1 : (byte)0])[0] == 1;
        var samples = StoreReach.Everywhere(ranks, data?.Samples, read.StoreFolder);
        return data ?? StoredData.Of(facts, path, NoKey, () => samples).With(samples, isReused);
    }
}
