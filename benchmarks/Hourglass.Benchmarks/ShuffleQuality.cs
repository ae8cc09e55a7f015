using System.Globalization;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Training;

namespace Hourglass.Benchmarks;

/// <summary>What models learn from samples that lie sorted by class, in random order and in runs: the worst case of runs.</summary>
internal static class ShuffleQuality
{
    private const int Side = 28;
    private const int MostShift = 2; // pixels
    private const int HeldEvery = 10;

    public static int Run(string[] args)
    {
        var (samples, seeds, epochs) = (Arguments.Number(args, "--samples", 300_000), Arguments.Number(args, "--seeds", 5), Arguments.Number(args, "--epochs", 3));
        Console.WriteLine(SpeedMachine.Processor);
        using var store = Sorted(samples, out var classes);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{store.Count:N0} letters of {classes} classes, sorted by class; runs of {RunsOfSamples.Length(store)} samples, {RunsOfSamples.Together} runs mixed; 784-128-32, binary cross-entropy, Adam, batch 256, {epochs} epochs; loss a value on every tenth sample, held out"));
        Console.WriteLine($"{"seed",4} {"samples",10} {"runs",10} {"difference",11}");
        var differences = new List<double>();
        for (var seed = 1; seed <= seeds; seed++)
        {
            var (whole, runs) = (Loss(store, seed, epochs, ShuffleKind.Samples), Loss(store, seed, epochs, ShuffleKind.Runs));
            differences.Add(runs - whole);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seed,4} {whole,10:0.000000} {runs,10:0.000000} {runs - whole,11:0.000000}"));
        }

        var (mean, spread) = (differences.Average(), Math.Sqrt(differences.Sum(difference => Math.Pow(difference - differences.Average(), 2)) / Math.Max(1, seeds - 1)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"mean difference {mean:0.000000}, standard error {spread / Math.Sqrt(seeds):0.000000}"));
        return 0;
    }

    private static double Loss(SampleStore store, int seed, int epochs, ShuffleKind shuffle)
    {
        using var model = new Autoencoder(new AutoencoderOptions
        {
            Input = new InputOptions { Shape = [Side * Side], IsUnitInterval = true, Blocks = [new FeatureBlock("pixels", 0, Side * Side, FeatureBlockKind.Numeric)] },
            LatentSize = 32,
            Network = new DenseNetworkOptions { Hidden = [128] },
            Objective = new BinaryCrossEntropyOptions(),
            Training = new TrainingOptions { Epochs = epochs, BatchSize = 256, Patience = null, Seed = seed, Shuffle = shuffle },
        });
        var numbers = Enumerable.Range(0, (int)store.Count).Select(number => (long)number).ToLookup(number => number % HeldEvery == 0);
        using var trainer = new Trainer(model, store, new SampleSplit([.. numbers[false]], [.. numbers[true]]));
        return trainer.Run().Epochs[^1].ValidationLoss!.Value;
    }

    // Training letters, each many times: moved and with other contrast, class after class.
    private static SampleStore Sorted(int count, out int classes)
    {
        using var data = DataFile.Prepare("glyphs", new ReadOptions(), new PreparationOptions { Validation = 0 });
        var (random, codes) = (new Random(1), data.Labels!.Codes);
        classes = data.Labels.Names.Count;
        long[][] members = [.. Enumerable.Range(0, classes).Select(code => Enumerable.Range(0, codes.Length).Where(sample => codes[sample] == code).Select(sample => (long)sample).ToArray())];
        var (letter, moved) = (new float[Side * Side], new float[Side * Side]);
        using var writer = SampleStore.CreateTemporary(null, [Side * Side], ElementType.Float32);
        for (var sample = 0; sample < count; sample++)
        {
            var mine = members[(int)((long)sample * classes / count)];
            data.Samples.Read(mine[random.Next(mine.Length)], 1, letter);
            var (right, down, contrast) = (random.Next(-MostShift, MostShift + 1), random.Next(-MostShift, MostShift + 1), 0.6f + (0.4f * random.NextSingle()));
            for (var pixel = 0; pixel < moved.Length; pixel++)
            {
                var (row, column) = ((pixel / Side) - down, (pixel % Side) - right);
                moved[pixel] = row is >= 0 and < Side && column is >= 0 and < Side ? letter[(row * Side) + column] * contrast : 0;
            }

            writer.Append(moved);
        }

        return writer.Finish();
    }
}
