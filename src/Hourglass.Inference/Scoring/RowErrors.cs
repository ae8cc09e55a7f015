using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hourglass.Preprocessing;

namespace Hourglass.Scoring;

/// <summary>Squared reconstruction error of a row, and of the runs of values that came from one column each.</summary>
/// <param name="length">Values of a row.</param>
/// <param name="blocks">Runs whose error stands by itself.</param>
internal sealed unsafe class RowErrors(int length, IReadOnlyList<FeatureBlock> blocks)
{
    private const int Lanes = 16;
    private readonly (int Start, int Length)[] _blocks = [.. blocks.Select(block => (block.Start, block.Length))];

    /// <summary>Figures of a row: its score, then the error of each block.</summary>
    public int Width { get; } = 1 + blocks.Count;

    /// <summary>Measures a row.</summary>
    /// <param name="sample">[value].</param>
    /// <param name="reconstruction">[value]; squared errors afterwards.</param>
    /// <param name="figures">Receives the mean squared error of all values (higher is more anomalous), then the sum of squared errors of each block.</param>
    public void Measure(float* sample, float* reconstruction, float* figures)
    {
        figures[0] = Square(sample, reconstruction) / length;
        for (var block = 0; block < _blocks.Length; block++)
        {
            var (start, count) = _blocks[block];
            figures[block + 1] = count == 1 ? reconstruction[start] : TensorPrimitives.Sum<float>(new ReadOnlySpan<float>(reconstruction + start, count));
        }
    }

    // The sum in sixteen parts, however wide the registers are; in which order the parts are added at the end is the runtime's choice.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float Square(float* sample, float* reconstruction)
    {
        var (sums, place) = (Vector512<float>.Zero, 0);
        for (; place <= length - Lanes; place += Lanes)
        {
            var error = Vector512.Load(sample + place) - Vector512.Load(reconstruction + place);
            error *= error;
            error.Store(reconstruction + place);
            sums += error;
        }

        if (place == length)
        {
            return Vector512.Sum(sums);
        }

        var rest = stackalloc float[Lanes];
        for (var lane = 0; lane < Lanes; lane++)
        {
            var error = place + lane < length ? sample[place + lane] - reconstruction[place + lane] : 0;
            rest[lane] = error * error;
            if (place + lane < length)
            {
                reconstruction[place + lane] = rest[lane];
            }
        }

        return Vector512.Sum(sums + Vector512.Load(rest));
    }
}
