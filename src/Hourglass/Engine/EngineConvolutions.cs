using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hourglass.Engine;

/// <summary>Looks once whether the engine's convolutions are right on this machine, and mends them where they are not.</summary>
/// <remarks>
/// oneDNN 3.7.1, which libtorch 2.10 brings, gives wrong sums on some virtual machines (seen: AMD EPYC family 26, model 2, whose caches and cores the host hides): where the number of channels fills no vector, it reads
/// memory that nobody has cleared, so that results change from call to call and some are no numbers. libtorch's own convolutions, by products of matrices, are right there, and slower. See docs/decisions/0003-native-mend.md.
/// </remarks>
internal static class EngineConvolutions
{
    private const double Tolerance = 1e-3; // of the largest value; rounding gives 1e-6
    private const int Rounds = 3; // memory may be clean by chance
    private static readonly SmallConvolution[] Small = [new(20, 32, 3, 2, 1, 5, 4), new(6, 35, 3, 1, 1, 6, 5), new(3, 7, 5, 3, 2, 9, 7)];
    private static readonly Lazy<string?> Outcome = new(Look);

    /// <summary>What was found and done, in words; null where they are right. Looks when first asked.</summary>
    public static string? Mended => Outcome.Value;

    /// <summary>Whether they were wrong and have been mended, as far as anybody has looked.</summary>
    public static bool IsMended => Outcome is { IsValueCreated: true, Value: not null };

    /// <summary>To be called before the engine convolves.</summary>
    /// <exception cref="HourglassException">They are wrong, and cannot be mended.</exception>
    public static void Require() => _ = Outcome.Value;

    private static string? Look()
    {
        if (AreRight())
        {
            return null;
        }

        return TurnOff() && AreRight()
            ? "oneDNN's convolutions, which are wrong on this machine, turned off; the engine's others are right"
            : throw new HourglassException("The engine's convolutions give wrong results on this machine, and no others are at hand. Use --network dense, --engine fused where the model allows it, or another machine; 'hourglass doctor' says what this one is.");
    }

    /// <summary>Whether convolutions there and back give what their definition says.</summary>
    public static bool AreRight() => Enumerable.Repeat(Small, Rounds).All(small => small.All(convolution => convolution.IsRight()));

    // at::globalContext().setUserEnabledMkldnn(false), by the names that GCC and Clang give C++ functions. NNPACK would be tried next and complain at every call where it does not know the processor.
    private static unsafe bool TurnOff()
    {
        if (NativeEngine.Find("libtorch_cpu.so") is not { } path || !NativeLibrary.TryLoad(path, out var library) || !NativeLibrary.TryGetExport(library, "_ZN2at13globalContextEv", out var context))
        {
            return false;
        }

        var settings = ((delegate* unmanaged<nint>)context)();
        foreach (var name in new[] { "_ZN2at7Context20setUserEnabledMkldnnEb", "_ZN2at7Context20setUserEnabledNNPACKEb" })
        {
            if (!NativeLibrary.TryGetExport(library, name, out var set))
            {
                return false;
            }

            ((delegate* unmanaged<nint, byte, void>)set)(settings, 0);
        }

        return true;
    }

    /// <summary>Whether values are as expected, to rounding.</summary>
    public static bool AreNear(ReadOnlySpan<float> values, ReadOnlySpan<double> expected)
    {
        var (largest, furthest) = (0.0, 0.0);
        for (var place = 0; place < values.Length; place++)
        {
            largest = Math.Max(largest, Math.Abs(expected[place]));
            furthest = Math.Max(furthest, Math.Abs(values[place] - expected[place])); // NaN stays
        }

        return values.Length == expected.Length && furthest <= Tolerance * largest;
    }

    /// <summary>One convolution of two samples, and the transposed one with the same weights, which is its way back.</summary>
    private sealed record SmallConvolution(int Channels, int Next, int Kernel, int Stride, int Padding, int Height, int Width)
    {
        private const int Samples = 2;
        private (double[] There, double[] Back)? _expected;

        private int NextHeight => ((Height + (2 * Padding) - Kernel) / Stride) + 1;

        private int NextWidth => ((Width + (2 * Padding) - Kernel) / Stride) + 1;

        private float[] X => Values(Samples * Channels * Height * Width);

        private float[] Weights => Values(Next * Channels * Kernel * Kernel);

        private float[] Y => Values(Samples * Next * NextHeight * NextWidth);

        public bool IsRight()
        {
            using var scope = NewDisposeScope();
            var (there, back) = _expected ??= Expected(X, Weights, Y);
            var map = tensor(Weights).view(Next, Channels, Kernel, Kernel);
            Soil();
            var convolved = nn.functional.conv2d(tensor(X).view(Samples, Channels, Height, Width), map, strides: [Stride, Stride], padding: [Padding, Padding]);
            Soil();
            long[] more = [(Height + (2 * Padding) - Kernel) % Stride, (Width + (2 * Padding) - Kernel) % Stride];
            var returned = nn.functional.conv_transpose2d(tensor(Y).view(Samples, Next, NextHeight, NextWidth), map, strides: [Stride, Stride], padding: [Padding, Padding], output_padding: more);
            return AreNear(Floats(convolved), there) && AreNear(Floats(returned), back);
        }

        private static float[] Floats(Tensor values) => values.contiguous().data<float>().ToArray();

        // No draws: the engine's generator belongs to the model.
        private static float[] Values(int count) => [.. Enumerable.Range(1, count).Select(number => (float)Math.Sin(number * 0.7))];

        // Memory that the engine gets next has no numbers in it.
        private static void Soil()
        {
            for (var length = 1L << 8; length <= 1 << 15; length *= 2)
            {
                Tensor[] soiled = [.. Enumerable.Range(0, 3).Select(_ => full([length], HeldScalar.Of(double.NaN), ScalarType.Float32))];
                Array.ForEach(soiled, values => values.Dispose());
            }
        }

        private (double[] There, double[] Back) Expected(float[] x, float[] weights, float[] y)
        {
            var (there, back) = (new double[y.Length], new double[x.Length]);
            for (var output = 0; output < y.Length; output++)
            {
                var (column, row, next, sample) = (output % NextWidth, output / NextWidth % NextHeight, output / (NextWidth * NextHeight) % Next, output / (NextWidth * NextHeight * Next));
                for (var weight = 0; weight < Channels * Kernel * Kernel; weight++)
                {
                    var (across, down) = ((column * Stride) - Padding + (weight % Kernel), (row * Stride) - Padding + (weight / Kernel % Kernel));
                    if (across >= 0 && across < Width && down >= 0 && down < Height)
                    {
                        var place = (((((sample * Channels) + (weight / (Kernel * Kernel))) * Height) + down) * Width) + across;
                        var factor = weights[(next * Channels * Kernel * Kernel) + weight];
                        there[output] += x[place] * factor;
                        back[place] += y[output] * factor;
                    }
                }
            }

            return (there, back);
        }
    }
}
