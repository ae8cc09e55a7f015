using System.Diagnostics;
using System.Globalization;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Training in random order from a store on disk: rate and private memory while the store grows, beside the same from a store in memory and the disk's own rate.</summary>
internal static class OutOfCore
{
    private const int Batch = 256;
    private const int InMemorySamples = 100_000;

    public static int Run(string[] args)
    {
        var (gigabytes, width, samples, hidden) = (Arguments.Number(args, "--gigabytes", 1), Arguments.Number(args, "--width", 784), Arguments.Number(args, "--samples", 200_000), Arguments.Number(args, "--hidden", 128));
        Console.WriteLine(SpeedMachine.Processor);
        using var small = Write(args, width, InMemorySamples);
        using var store = Arguments.Text(args, "--store") is { } path && File.Exists(path) ? SampleStore.Open(path) : Write(args, width, gigabytes * 1_000_000_000L / (sizeof(float) * width), Arguments.Text(args, "--store"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"store: {store.Count:N0} samples x {width}, {store.Count * store.SampleLength * 4e-9:0.0} GB; memory of this process: {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0.0} GB; model {width}-{hidden}-32, batch {Batch}, {get_num_threads()} threads"));
        Train(small, width, hidden, samples / 4); // compiled and warm
        var inMemory = Train(small, width, hidden, samples);
        var disk = RandomReads(store, width);
        var onDisk = Train(store, width, hidden, samples);
        Console.WriteLine($"{"",-24} {"samples/s",10} {"anonymous MB",13} {"disk MB/s",10}");
        Print("from memory", inMemory);
        Print("from this store", onDisk);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio {onDisk.Rate / inMemory.Rate:0.00}; the disk alone, one random sample after another on two threads: {disk:N0} samples/s"));
        return 0;
    }

    private static void Print(string name, Outcome outcome) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-24} {outcome.Rate,10:N0} {outcome.AnonymousMegabytes,13:0.0} {outcome.DiskMegabytes,10:0}"));

    private static SampleStore Write(string[] args, int width, long count, string? path = null)
    {
        var (random, values) = (new Random(1), new float[Math.Max(1, (1 << 20) / width) * width]);
        using var writer = path is null ? SampleStore.CreateTemporary(Arguments.Text(args, "--folder"), [width], ElementType.Float32) : SampleStore.Create(path, [width], ElementType.Float32);
        for (var value = 0; value < values.Length; value++)
        {
            values[value] = random.NextSingle();
        }

        while (writer.Count < count)
        {
            values.AsSpan(0, width).Reverse(); // blocks differ, and random numbers are not what is measured
            writer.Append(values.AsSpan(0, (int)Math.Min(values.Length, (count - writer.Count) * width)));
        }

        return writer.Finish();
    }

    // One epoch over samples drawn from all of the store.
    private static Outcome Train(SampleStore store, int width, int hidden, int samples)
    {
        var random = new Random(2);
        long[] chosen = [.. Enumerable.Range(0, samples).Select(_ => random.NextInt64(store.Count)).Order()];
        using var model = new Autoencoder(new AutoencoderOptions
        {
            Input = new InputOptions { Shape = [width], IsUnitInterval = true, Blocks = [new FeatureBlock("values", 0, width, FeatureBlockKind.Numeric)] },
            LatentSize = 32,
            Network = new DenseNetworkOptions { Hidden = [hidden] },
            Objective = new BinaryCrossEntropyOptions(),
            Training = new TrainingOptions { Epochs = 1, BatchSize = Batch, Patience = null },
        });
        using var trainer = new Trainer(model, store, new SampleSplit(chosen, []));
        var (anonymous, read, clock) = (0.0, DiskBytes(), Stopwatch.StartNew());
        using (new Timer(_ => anonymous = Math.Max(anonymous, Status("RssAnon:") / 1e3), null, 0, 200))
        {
            trainer.Run();
        }

        return new Outcome(samples / clock.Elapsed.TotalSeconds, anonymous, (DiskBytes() - read) / clock.Elapsed.TotalSeconds / 1e6);
    }

    private static double RandomReads(SampleStore store, int width)
    {
        const int Reads = 20_000;
        using var file = File.OpenHandle(store.Path, options: FileOptions.RandomAccess);
        var clock = Stopwatch.StartNew();
        Parallel.For(0, 2, part =>
        {
            var (random, bytes) = (new Random(part), new byte[sizeof(float) * width]);
            for (var read = 0; read < Reads / 2; read++)
            {
                RandomAccess.Read(file, bytes, StoreHeader.Size + (random.NextInt64(store.Count) * bytes.Length));
            }
        });
        return Reads / clock.Elapsed.TotalSeconds;
    }

    // In kB.
    private static double Status(string name) => Field("/proc/self/status", name);

    private static double DiskBytes() => Field("/proc/self/io", "read_bytes:");

    private static double Field(string path, string name) => double.Parse(File.ReadLines(path).First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);

    private sealed record Outcome(double Rate, double AnonymousMegabytes, double DiskMegabytes);
}
