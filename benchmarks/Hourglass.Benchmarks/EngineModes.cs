using System.Diagnostics;
using System.Globalization;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Evaluation by the engine without gradients and in inference mode, in turns.</summary>
internal static class EngineModes
{
    private const int Rounds = 9;
    private static readonly TimeSpan Piece = TimeSpan.FromSeconds(0.25);

    public static int Run(string[] args)
    {
        var only = Arguments.Text(args, "--only") ?? "";
        set_num_threads(Arguments.Number(args, "--threads", 1));
        Console.WriteLine($"{SpeedMachine.Processor}; {get_num_threads()} thread(s); medians of {Rounds} rounds");
        Console.WriteLine($"{"evaluation of a batch",-48} {"no_grad, ms",12} {"inference_mode, ms",19} {"ratio",6} {"least",6} {"most",6}");
        foreach (var model in EngineModel.All.Where(model => model.Name.Contains(only, StringComparison.Ordinal)))
        {
            using var scene = new EngineScene(model);
            Measure(scene, () => no_grad());
            Measure(scene, () => inference_mode());
            var pairs = Enumerable.Range(0, Rounds).Select(_ => (Plain: Measure(scene, () => no_grad()), Inference: Measure(scene, () => inference_mode()))).ToList();
            var ratios = pairs.Select(pair => pair.Plain / pair.Inference).Order().ToList();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{model.Name,-48} {Median(pairs.Select(pair => pair.Plain)),12:0.000} {Median(pairs.Select(pair => pair.Inference)),19:0.000} {ratios[Rounds / 2],6:0.00} {ratios[0],6:0.00} {ratios[^1],6:0.00}"));
        }

        return 0;
    }

    private static double Measure(EngineScene scene, Func<IDisposable> mode)
    {
        var (clock, passes) = (Stopwatch.StartNew(), 0);
        using (mode())
        {
            while (clock.Elapsed < Piece)
            {
                scene.Evaluate();
                passes++;
            }
        }

        return clock.Elapsed.TotalMilliseconds / passes;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
