using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Hourglass.Kernels;

namespace Hourglass.Benchmarks;

/// <summary>What a line of 64 bytes costs that one thread writes and another one reads, again and again: what threads of a step pay for sharing.</summary>
internal static unsafe class SharedLines
{
    private const int LineValues = 16;
    private const int Rounds = 200;

    /// <summary>Prints the best of many rounds for runs of several lengths.</summary>
    public static int Run()
    {
        Console.WriteLine(SpeedMachine.Processor);
        foreach (var kilobytes in new[] { 32, 400 })
        {
            using var memory = new AlignedFloats(kilobytes * 1024 / sizeof(float));
            Measure(memory, isRead: false); // compiled
            var alone = Measure(memory, isRead: false);
            Measure(memory, isRead: true);
            var shared = Measure(memory, isRead: true);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kilobytes,4} KB: written {alone.Write:0.0} ns a line by one thread; {shared.Write:0.0} after another has read it, which takes {shared.Read:0.0}"));
        }

        return 0;
    }

    // The threads take turns: one writes all lines, then the other reads them.
    private static (double Write, double Read) Measure(AlignedFloats memory, bool isRead)
    {
        using var crew = new WorkCrew(2);
        var turn = new AwaitedNumber(0);
        var (write, read) = (double.PositiveInfinity, double.PositiveInfinity);
        crew.Run(thread =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                turn.Await((2 * round) + thread);
                var start = Stopwatch.GetTimestamp();
                if (thread == 0)
                {
                    Write(memory.Pointer, memory.Length, round);
                    write = Math.Min(write, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
                }
                else if (isRead)
                {
                    Read(memory.Pointer, memory.Length);
                    read = Math.Min(read, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
                }

                turn.Set((2 * round) + thread + 1);
            }
        });
        var lines = memory.Length / LineValues;
        return (write / lines, read / lines);
    }

    private static void Write(float* values, long length, int round) => new Span<float>(values, (int)length).Fill(round);

    private static float Read(float* values, long length) => System.Numerics.Tensors.TensorPrimitives.Sum(MemoryMarshal.CreateReadOnlySpan(ref *values, (int)length));
}
