using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hourglass.Bottlenecks;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Samples are sums of a few known directions; a dictionary that works finds these directions.</summary>
/// <remarks>The test of Sharkey et al. 2022 and of most work on sparse autoencoders: mean over true directions of the largest cosine with a learnt one.</remarks>
internal static class PlantedDictionary
{
    private const int Length = 64;
    private const int Atoms = 128; // twice as many as dimensions: overcomplete
    private const int Active = 4;
    private const int Samples = 40_000;

    public static int Run(string[] args)
    {
        var place = Array.IndexOf(args, "--seeds");
        var seeds = place > 0 ? int.Parse(args[place + 1], CultureInfo.InvariantCulture) : 3;
        var results = new List<object>();
        foreach (var (name, bottleneck) in new (string, BottleneckOptions)[]
        {
            ("top-k", new TopKOptions { Active = Active }), ("batch-top-k", new BatchTopKOptions { Active = Active }),
            ("jump-relu", new JumpReluOptions { Target = Active, L0 = 0.1 }), ("gated", new GatedOptions { L1 = 1 }),
            ("l1", new DeterministicOptions { Activation = Networks.Activation.Relu, L1 = 0.3 }),
        })
        {
            var runs = Enumerable.Range(1, seeds).Select(seed => Measure(bottleneck, seed)).ToList();
            var result = new
            {
                bottleneck = name,
                meanMaxCosine = runs.Average(run => run.Cosine),
                lowestCosine = runs.Min(run => run.Cosine),
                deadShare = runs.Average(run => run.Dead),
                l0 = runs.Average(run => run.L0),
                normalizedSquaredError = runs.Average(run => run.Error),
            };
            Console.Error.WriteLine(JsonSerializer.Serialize(result));
            results.Add(result);
        }

        Console.WriteLine(JsonSerializer.Serialize(new { length = Length, atoms = Atoms, active = Active, samples = Samples, seeds, results }));
        return 0;
    }

    private static (double Cosine, double Dead, double L0, double Error) Measure(BottleneckOptions bottleneck, int seed)
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator((ulong)seed);
        var atoms = randn([Atoms, Length], generator: noise);
        atoms /= atoms.square().sum([1L], keepdim: true).sqrt();
        var chosen = rand([Samples, Atoms], generator: noise).argsort(1).narrow(1, 0, Active);
        var codes = zeros(Samples, Atoms).scatter(1, chosen, rand([Samples, Active], generator: noise) + 0.5);
        using var store = Store(codes.matmul(atoms));
        var model = new Autoencoder(new AutoencoderOptions
        {
            Input = new InputOptions { Shape = [Length], Blocks = [new FeatureBlock("values", 0, Length, FeatureBlockKind.Numeric)] },
            LatentSize = Atoms,
            Network = new DenseNetworkOptions { Hidden = [] },
            Bottleneck = bottleneck,
            Objective = new SquaredErrorOptions(),
            Regularization = new() { UnitNormDictionary = true },
            Training = new TrainingOptions { Epochs = 40, BatchSize = 256, LearningRate = 3e-3, Schedule = ScheduleKind.Cosine, Seed = seed, Patience = null },
        });
        var all = Enumerable.Range(0, Samples).Select(number => (long)number).ToArray();
        using (var trainer = new Trainer(model, store, new SampleSplit(all, [])))
        {
            trainer.Run();
        }

        using var noGrad = no_grad();
        var learnt = model.Decode(eye(Atoms)) - model.Decode(zeros(1, Atoms));
        learnt /= learnt.square().sum([1L], keepdim: true).sqrt().clamp_min(1e-9);
        var cosine = atoms.matmul(learnt.t()).max(1, keepdim: true).values.mean().item<float>();
        var samples = tensor(Read(store)).view(Samples, Length);
        var latents = model.Encode(samples);
        var fires = latents.ne(0).to(ScalarType.Float32);
        var error = ((samples - model.Decode(latents)).square().sum([1L]) / samples.square().sum([1L])).mean().item<float>();
        return (cosine, fires.sum([0L]).eq(0).to(ScalarType.Float32).mean().item<float>(), fires.sum([1L]).mean().item<float>(), error);
    }

    private static SampleStore Store(Tensor samples)
    {
        using var writer = SampleStore.CreateTemporary(null, [Length], ElementType.Float32);
        writer.Append(MemoryMarshal.Cast<byte, float>(samples.contiguous().bytes));
        return writer.Finish();
    }

    private static float[] Read(SampleStore store)
    {
        var values = new float[store.Count * Length];
        store.Read(0, (int)store.Count, values);
        return values;
    }
}
