namespace Hourglass.Inference.Tests;

/// <summary>Changes bytes of a file and reads it: only a named error may come of it, soon, and without absurd memory.</summary>
internal static class Mutation
{
    private const long MaximumAllocation = 64L << 20;

    public static void Check(string folder, string name, byte[] original, Random random, Action<string> read)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, Mutate(original, random));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        try
        {
            read(path);
        }
        catch (HourglassException fault)
        {
            Assert.False(string.IsNullOrWhiteSpace(fault.Message));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaximumAllocation);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), "The read hung.");
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var change = random.Next(1, 5); change > 0; change--)
        {
            var place = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[place] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[place] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(place, Math.Min(random.Next(1, 64), bytes.Count - place)); break;
                case 3: bytes.InsertRange(place, bytes.GetRange(random.Next(bytes.Count), 1)); break;
                default: bytes[Math.Min(place, 63)] = (byte)random.Next(256); break; // headers stand at the start
            }

            if (bytes.Count == 0)
            {
                bytes.Add(0);
            }
        }

        return [.. bytes];
    }
}
