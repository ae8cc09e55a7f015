using System.Diagnostics;
using System.Globalization;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Two ways of the engine to do the same, in turns.</summary>
internal static class EnginePairs
{
    private const int Rounds = 9;
    private static readonly TimeSpan Piece = TimeSpan.FromSeconds(0.25);

    /// <summary>Says what the columns are.</summary>
    /// <param name="work">What is done.</param>
    /// <param name="first">The first way.</param>
    /// <param name="second">The other.</param>
    public static void Begin(string work, string first, string second)
    {
        Console.WriteLine($"{SpeedMachine.Processor}; {get_num_threads()} thread(s); medians of {Rounds} rounds");
        Console.WriteLine($"{work,-48} {first + ", ms",24} {second + ", ms",20} {"ratio",6} {"least",6} {"most",6}");
    }

    /// <summary>Does both in turns and prints a row; a ratio above 1: the second is faster.</summary>
    /// <param name="name">Of the row.</param>
    /// <param name="first">One pass.</param>
    /// <param name="second">One pass the other way.</param>
    public static void Compare(string name, Action first, Action second)
    {
        Time(first);
        Time(second);
        var pairs = Enumerable.Range(0, Rounds).Select(_ => (First: Time(first), Second: Time(second))).ToList();
        var ratios = Sorted(pair => pair.First / pair.Second);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-48} {Sorted(pair => pair.First)[Rounds / 2],24:0.000} {Sorted(pair => pair.Second)[Rounds / 2],20:0.000} {ratios[Rounds / 2],6:0.00} {ratios[0],6:0.00} {ratios[^1],6:0.00}"));

        List<double> Sorted(Func<(double First, double Second), double> figure) => [.. pairs.Select(figure).Order()];
    }

    // Milliseconds a pass.
    private static double Time(Action pass)
    {
        var (clock, passes) = (Stopwatch.StartNew(), 0);
        for (; clock.Elapsed < Piece; passes++)
        {
            pass();
        }

        return clock.Elapsed.TotalMilliseconds / passes;
    }
}
