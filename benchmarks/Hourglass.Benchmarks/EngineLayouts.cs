using System.Diagnostics;
using System.Globalization;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Forwards and backwards through what convolutional models leave to the engine, with pictures channel by channel and with channels last, in turns.</summary>
internal static class EngineLayouts
{
    private const int Rounds = 9;
    private static readonly TimeSpan Piece = TimeSpan.FromSeconds(0.25);

    public static int Run(string[] args)
    {
        set_num_threads(Arguments.Number(args, "--threads", 1));
        Console.WriteLine($"{SpeedMachine.Processor}; {get_num_threads()} thread(s); medians of {Rounds} rounds, conversion of the pictures included");
        Console.WriteLine($"{"forwards and backwards",-48} {"channel by channel, ms",23} {"channels last, ms",18} {"ratio",6} {"least",6} {"most",6}");
        Measure("2 residual blocks of 32 channels, 32 x 14 x 14", 32, 32, 14, Blocks(32));
        Measure("2 residual blocks of 64 channels, 32 x 7 x 7", 32, 64, 7, Blocks(64));
        Measure("resizing 14 to 28, 32 channels to 1, batch 128", 128, 32, 14, Resizing(32, 1, 28));
        Measure("resizing 7 to 14, 64 channels to 32, batch 128", 128, 64, 7, Resizing(64, 32, 14));
        return 0;
    }

    private static Func<Tensor, Tensor> Blocks(int channels)
    {
        ResidualBlock[] blocks = [new(new ConvolutionalNetworkOptions(), channels), new(new ConvolutionalNetworkOptions(), channels)];
        return values => blocks.Aggregate(values, (given, block) => block.Forward(given, StepContext.Evaluation));
    }

    private static Func<Tensor, Tensor> Resizing(int channels, int made, int side)
    {
        var convolution = nn.Conv2d(channels, made, 3L, 1L, 1L);
        return values => convolution.call(nn.functional.interpolate(values, [side, side])).relu();
    }

    private static void Measure(string name, int batch, int channels, int side, Func<Tensor, Tensor> work)
    {
        using var pictures = rand([batch, channels, side, side]).requires_grad_(true);
        double Timed(bool isLast)
        {
            var (clock, passes) = (Stopwatch.StartNew(), 0);
            for (; clock.Elapsed < Piece; passes++)
            {
                using var scope = NewDisposeScope();
                var made = work(isLast ? pictures.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : pictures);
                made.sum().backward();
            }

            return clock.Elapsed.TotalMilliseconds / passes;
        }

        Timed(false);
        Timed(true);
        var pairs = Enumerable.Range(0, Rounds).Select(_ => (First: Timed(false), Last: Timed(true))).ToList();
        var ratios = pairs.Select(pair => pair.First / pair.Last).Order().ToList();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-48} {pairs.Select(pair => pair.First).Order().ElementAt(Rounds / 2),23:0.00} {pairs.Select(pair => pair.Last).Order().ElementAt(Rounds / 2),18:0.00} {ratios[Rounds / 2],6:0.00} {ratios[0],6:0.00} {ratios[^1],6:0.00}"));
    }
}
