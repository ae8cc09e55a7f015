using Hourglass.Bundles;
using Hourglass.Collectives;
using Hourglass.Data;

namespace Hourglass.Tests.Collectives;

/// <summary>Compares what ranks have read with what one process has, to the byte.</summary>
internal static class RankedData
{
    /// <summary>A source read with the preprocessing that was fitted to it.</summary>
    public static PreparedData Applied(string path, ReadOptions read, PreparedData alone) => DataFile.Apply(path, read, alone.Preprocessing);

    /// <summary>The same, to which every rank has read a part: who reads tells how far it is.</summary>
    public static void SameOfAll(PreparedData alone, int size, Func<ICollective, IProgress<double>, PreparedData> prepare)
    {
        var told = new Told[size];
        Same(alone, size, ranks => prepare(ranks, told[ranks.Rank] = new Told()));
        Assert.All(told, rank => Assert.True(rank.IsTold));
    }

    /// <summary>The same; whether all say that the samples come from a kept store.</summary>
    public static bool Same(PreparedData alone, int size, Func<ICollective, PreparedData> prepare)
    {
        var expected = (File.ReadAllBytes(alone.Samples.Path), Facts(alone));
        var reused = ThreadRanks.Run(size, ranks =>
        {
            using var own = prepare(ranks);
            var actual = (File.ReadAllBytes(own.Samples.Path), Facts(own));
            ranks.Gather([]); // rank 0 removes the store that all have read
            Assert.Equal(expected.Item2, actual.Item2);
            Assert.True(expected.Item1.AsSpan().SequenceEqual(actual.Item1));
            return own.IsReused;
        });
        Assert.Equal(reused[0], reused[^1]);
        return reused[0];
    }

    private static string Facts(PreparedData data) =>
        BundleJson.Serialize(data.Preprocessing) + BundleJson.Serialize(data.Description) + BundleJson.Serialize(data.Split) + BundleJson.Serialize(data.Labels) + BundleJson.Serialize(data.Identifiers ?? []) + BundleJson.Serialize(data.Times ?? []);

    private sealed class Told : IProgress<double>
    {
        public bool IsTold { get; private set; }

        public void Report(double value) => IsTold = true;
    }
}
