using System.Globalization;
using System.Text.Json;

namespace Hourglass.Benchmarks;

/// <summary>What a step costs in arithmetic and in summing gradients, a model of both fitted to measurements, and what it says of many ranks.</summary>
/// <remarks>Step of a rank: a + b batch, of one thread, for each model. Sum over P ranks of n bytes by recursive halving and doubling: 2 log2(P) alpha + 2 (P-1)/P n beta.</remarks>
internal static class Scale
{
    private static readonly string[] Models = ["30,64,16", "784,128,32", "784,512,64"];
    private static readonly int[] Batches = [32, 64, 128, 256, 512, 1024];
    private static readonly int[] Ranks = [2, 8, 64, 1024];

    public static int Run(string[] args)
    {
        if (RankLauncher.Find() is not { } launcher)
        {
            Console.Error.WriteLine("No MPI launcher is on the path (Debian: openmpi-bin or mpich).");
            return 1;
        }

        var asJson = args.Contains("--json");
        var print = asJson ? Console.Error : Console.Out;
        print.WriteLine($"{SpeedMachine.Processor}, {launcher.Name}");
        var networks = new[] { ("shared memory", Sums(launcher.Words)), ("messages through shared memory", Sums(launcher.Words, "--messages")), ("TCP, one machine", Sums([.. launcher.Words, .. launcher.Tcp], "--messages")) }.Select(entry => Fitted(entry.Item1, entry.Item2, print)).ToList();
        networks.AddRange([new Link("10 Gbit/s (assumed)", 25e-6, 8 / 10e9), new Link("100 Gbit/s (assumed)", 2e-6, 8 / 100e9)]);
        var costs = Models.Select(model => Steps(model, launcher, print)).ToList();
        var rows = new List<Prediction>();
        foreach (var cost in costs)
        {
            foreach (var network in networks.Skip(2))
            {
                print.WriteLine();
                print.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cost.Model}, {cost.Parameters:N0} weights, over {network.Name}: share of the time in arithmetic, and minutes for an epoch of 10^9 samples"));
                print.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"ranks",6} {"batch 32",14} {"batch 256",14} {"batch 1,024",14} {"256 x 16",14}"));
                foreach (var ranks in Ranks)
                {
                    Prediction[] line = [.. new (int Batch, int Accumulate)[] { (32, 1), (256, 1), (1024, 1), (256, 16) }.Select(step => cost.Predict(network, ranks, step.Batch, step.Accumulate))];
                    print.WriteLine($"{ranks.ToString("N0", CultureInfo.InvariantCulture),6} {string.Join(' ', line.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Efficiency,6:P0} {one.EpochMinutes,7:N1}")))}");
                    rows.AddRange(line);
                }
            }
        }

        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { machine = SpeedMachine.Processor, launcher = launcher.Name, networks, costs, predictions = rows }, Arguments.Json));
        }

        return 0;
    }

    private static List<SumTime> Sums(IReadOnlyList<string> launcher, params string[] arguments) => RankWorker.Start<List<SumTime>>(2, launcher, arguments);

    // Two ranks: a round each way, half of the bytes in each. Fitted to vectors as long as gradients are; shorter ones go another, faster way.
    private static Link Fitted(string name, List<SumTime> times, TextWriter print)
    {
        var gradients = times.Where(time => time.Length >= 4096).ToList();
        var fit = Fit.Solve([.. gradients.Select(time => new[] { 2.0, time.Length * (double)sizeof(float) })], [.. gradients.Select(time => time.Seconds)]);
        var link = new Link(name, fit[0], fit[1]);
        print.WriteLine();
        print.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Sum over 2 ranks, {name}: alpha {link.Alpha * 1e6:0.0} us, {1e-9 / link.Beta:0.00} GB/s"));
        foreach (var time in times)
        {
            print.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.Length,10:N0} values {time.Seconds * 1e6,10:N1} us, model {link.Seconds(2, time.Length) * 1e6,10:N1}"));
        }

        return link;
    }

    private static StepCost Steps(string model, RankLauncher launcher, TextWriter print)
    {
        var alone = Batches.Select(batch => RankWorker.Start<StepTimes>(1, [], "--widths", model, "--batch", batch.ToString(CultureInfo.InvariantCulture))).ToList();
        var shared = RankWorker.Start<StepTimes>(2, launcher.Words, "--widths", model, "--batch", "256");
        var fit = Fit.Solve([.. alone.Select(time => new[] { 1.0, time.Batch })], [.. alone.Select(time => time.Best)]);
        var cost = new StepCost(model, alone[0].Parameters, fit[0], fit[1]);
        print.WriteLine();
        print.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Step of {model}, {cost.Parameters:N0} weights: {cost.Step * 1e6:N0} us + {cost.Sample * 1e6:0.00} us a sample"));
        foreach (var time in alone)
        {
            print.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  batch {time.Batch,5} {time.Best * 1e6,10:N0} us, model {(cost.Step + (cost.Sample * time.Batch)) * 1e6,10:N0}"));
        }

        print.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  two ranks, batch 256 each: {shared.Best * 1e6:N0} us, of which the sum {shared.Exchange * 1e6:N0} us; {2 * alone[3].Best / shared.Best:0.00} times one rank's rate"));
        return cost;
    }
}

/// <summary>A network as the model sees it.</summary>
/// <param name="Name">Which.</param>
/// <param name="Alpha">Seconds of a message whatever its length.</param>
/// <param name="Beta">Seconds for each byte.</param>
internal sealed record Link(string Name, double Alpha, double Beta)
{
    /// <summary>Sum of float32 values over ranks.</summary>
    public double Seconds(int ranks, long values) => (2 * Math.Log2(ranks) * Alpha) + (2.0 * (ranks - 1) / ranks * values * sizeof(float) * Beta);
}

/// <summary>A model's step on one thread.</summary>
/// <param name="Model">Its widths.</param>
/// <param name="Parameters">Its weights.</param>
/// <param name="Step">Seconds whatever the batch: the update.</param>
/// <param name="Sample">Seconds for each sample.</param>
internal sealed record StepCost(string Model, long Parameters, double Step, double Sample)
{
    /// <summary>What many ranks make of it.</summary>
    public Prediction Predict(Link link, int ranks, int batch, int accumulate)
    {
        var (compute, sum) = (Step + (Sample * batch * accumulate), link.Seconds(ranks, Parameters));
        return new Prediction(Model, link.Name, ranks, batch, accumulate, compute / (compute + sum), 1e9 / ((double)batch * accumulate * ranks) * (compute + sum) / 60);
    }
}

/// <summary>What the model says.</summary>
internal sealed record Prediction(string Model, string Link, int Ranks, int Batch, int Accumulate, double Efficiency, double EpochMinutes);

/// <summary>Least squares for two unknowns.</summary>
internal static class Fit
{
    /// <summary>Minimises the squares of relative errors; neither unknown is below zero.</summary>
    /// <param name="rows">Two factors in each.</param>
    /// <param name="targets">Above zero.</param>
    public static double[] Solve(IReadOnlyList<double[]> rows, IReadOnlyList<double> targets)
    {
        var (aa, ab, bb, a, b) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (var row = 0; row < rows.Count; row++)
        {
            var (x, y) = (rows[row][0] / targets[row], rows[row][1] / targets[row]);
            (aa, ab, bb, a, b) = (aa + (x * x), ab + (x * y), bb + (y * y), a + x, b + y);
        }

        var determinant = (aa * bb) - (ab * ab);
        var (first, second) = (((a * bb) - (b * ab)) / determinant, ((b * aa) - (a * ab)) / determinant);
        return first < 0 ? [0, b / bb] : second < 0 ? [a / aa, 0] : [first, second];
    }
}
