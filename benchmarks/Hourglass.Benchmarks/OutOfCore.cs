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
    private const int DiskSamples = 200_000;

    public static int Run(string[] args)
    {
        var (gigabytes, width, samples, hidden) = (Arguments.Number(args, "--gigabytes", 1), Arguments.Number(args, "--width", 784), Arguments.Number(args, "--samples", 200_000), Arguments.Number(args, "--hidden", 128));
        Console.WriteLine(SpeedMachine.Processor);
        using var small = Write(args, width, InMemorySamples);
        using var store = Arguments.Text(args, "--store") is { } path && File.Exists(path) ? SampleStore.Open(path) : Write(args, width, gigabytes * 1_000_000_000L / (sizeof(float) * width), Arguments.Text(args, "--store"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"store: {store.Count:N0} samples x {width}, {store.Count * store.SampleLength * 4e-9:0.0} GB; memory of this process: {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0.0} GB; model {width}-{hidden}-32, batch {Batch}, {get_num_threads()} threads"));
        Train(small, samples / 4, hidden, ShuffleKind.Samples); // compiled and warm
        var kinds = Enum.GetValues<ShuffleKind>();
        var rounds = Enumerable.Range(0, Arguments.Number(args, "--rounds", 3)).Select(_ => kinds.Select(shuffle => (Memory: Train(small, samples, hidden, shuffle), Disk: DiskAlone(store, shuffle), Store: Train(store, samples, hidden, shuffle))).ToArray()).ToList();
        Console.WriteLine($"{"medians, in turns",-26} {"from memory",12} {"from store",12} {"ratio",6} {"anonymous MB: memory, store",28} {"disk MB/s",10} {"disk alone, samples/s",22}");
        foreach (var (shuffle, place) in kinds.Select((shuffle, place) => (shuffle, place)))
        {
            double Median(Func<(Outcome Memory, DiskRate Disk, Outcome Store), double> figure) => rounds.Select(round => figure(round[place])).Order().ElementAt(rounds.Count / 2);
            var disk = rounds[0][place].Disk;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{shuffle,-26} {Median(of => of.Memory.Rate),12:N0} {Median(of => of.Store.Rate),12:N0} {Median(of => of.Store.Rate / of.Memory.Rate),6:0.00} {rounds.Max(round => round[place].Memory.AnonymousMegabytes),19:0} {rounds.Max(round => round[place].Store.AnonymousMegabytes),8:0} {Median(of => of.Store.DiskMegabytes),10:0} {Median(of => of.Disk.Samples),22:N0}   {disk.Way}"));
        }

        return 0;
    }

    /// <summary>A store of random numbers; under a path that is kept, or for this run.</summary>
    public static SampleStore Write(string[] args, int width, long count, string? path = null)
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

    // One epoch, of which so many samples are trained on: in random order drawn from all of the store, in runs from runs all over it.
    private static Outcome Train(SampleStore store, int samples, int hidden, ShuffleKind shuffle)
    {
        var width = store.SampleLength;
        using var model = new Autoencoder(new AutoencoderOptions
        {
            Input = new InputOptions { Shape = [width], IsUnitInterval = true, Blocks = [new FeatureBlock("values", 0, width, FeatureBlockKind.Numeric)] },
            LatentSize = 32,
            Network = new DenseNetworkOptions { Hidden = [hidden] },
            Objective = new BinaryCrossEntropyOptions(),
            Training = new TrainingOptions { Epochs = 1, BatchSize = Batch, Patience = null, Shuffle = shuffle },
        });
        using var trainer = new Trainer(model, store, new SampleSplit(Chosen(store, samples, shuffle), []));
        var (anonymous, read, clock) = (0.0, DiskBytes(), Stopwatch.StartNew());
        using (new Timer(_ => anonymous = Math.Max(anonymous, Status("RssAnon:") / 1e3), null, 0, 200))
        {
            trainer.Run();
        }

        return new Outcome(samples / clock.Elapsed.TotalSeconds, anonymous, (DiskBytes() - read) / clock.Elapsed.TotalSeconds / 1e6);
    }

    private static long[] Chosen(SampleStore store, int samples, ShuffleKind shuffle)
    {
        var (random, together) = (new Random(2), shuffle == ShuffleKind.Samples ? 1 : RunsOfSamples.Length(store) * 4);
        return [.. Enumerable.Range(0, samples / together).Select(_ => random.NextInt64(store.Count / together)).Order().SelectMany(run => Enumerable.Range(0, together).Select(place => (run * together) + place))];
    }

    // The reads of a pass without a model.
    private static DiskRate DiskAlone(SampleStore store, ShuffleKind shuffle)
    {
        var order = Chosen(store, DiskSamples, shuffle);
        if (!ReadAhead.IsNeeded(store, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes))
        {
            return new DiskRate(double.NaN, "in the system's cache");
        }

        using var shuffled = shuffle == ShuffleKind.Samples ? SeededOrder.Shuffle(order, 1, 1) : SeededOrder.Shuffle(order, 1, 1, RunsOfSamples.Length(store), RunsOfSamples.Length(store) * RunsOfSamples.Together);
        using var ahead = new ReadAhead(store, order, null, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        var clock = Stopwatch.StartNew();
        for (var start = 0; start < order.Length; start += Batch)
        {
            ahead.Reached(start, Math.Min(Batch, order.Length - start));
        }

        return new DiskRate(order.Length / clock.Elapsed.TotalSeconds, ahead.Way);
    }

    // In kB.
    private static double Status(string name) => Field("/proc/self/status", name);

    private static double DiskBytes() => Field("/proc/self/io", "read_bytes:");

    private static double Field(string path, string name) => double.Parse(File.ReadLines(path).First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);

    private sealed record Outcome(double Rate, double AnonymousMegabytes, double DiskMegabytes);

    private sealed record DiskRate(double Samples, string Way);
}
