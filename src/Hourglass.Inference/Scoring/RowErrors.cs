using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hourglass.Kernels;
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

    /// <summary>Measures a tile of <see cref="RowTiles"/>, to the bits of <see cref="Measure"/>; only where each block is one value.</summary>
    /// <param name="samples">[value][row].</param>
    /// <param name="reconstructions">[value][row]; squared errors afterwards.</param>
    /// <param name="rows">Rows that are there.</param>
    /// <param name="figures">Receives [row, figure].</param>
    [MethodImpl(KernelCode.ByItself)]
    public void MeasureTile(float* samples, float* reconstructions, int rows, float* figures)
    {
        var parts = stackalloc float[Lanes * Lanes];
        var scores = stackalloc float[Lanes];
        for (var first = 0; first < rows; first += Lanes)
        {
            for (var part = 0; part < Lanes; part++)
            {
                var sum = Vector512<float>.Zero;
                for (var place = (part * RowTiles.TileRows) + first; place < length * RowTiles.TileRows; place += Lanes * RowTiles.TileRows)
                {
                    var error = Vector512.Load(samples + place) - Vector512.Load(reconstructions + place);
                    error *= error;
                    error.Store(reconstructions + place);
                    sum += error;
                }

                sum.Store(parts + (part * Lanes));
            }

            for (var half = Lanes / 2; half > 0; half /= 2)
            {
                for (var part = 0; part < half; part++)
                {
                    (Vector512.Load(parts + (part * Lanes)) + Vector512.Load(parts + ((part + half) * Lanes))).Store(parts + (part * Lanes));
                }
            }

            (Vector512.Load(parts) / Vector512.Create((float)length)).Store(scores);
            Write(scores, reconstructions + first, Math.Min(Lanes, rows - first), figures + ((long)first * Width));
        }
    }

    /// <summary>Whether every block is one value.</summary>
    public bool IsByValue => Array.TrueForAll(_blocks, block => block.Length == 1);

    private void Write(float* scores, float* errors, int rows, float* figures)
    {
        for (var row = 0; row < rows; row++, figures += Width)
        {
            figures[0] = scores[row];
            for (var block = 0; block < _blocks.Length; block++)
            {
                figures[block + 1] = errors[(_blocks[block].Start * RowTiles.TileRows) + row];
            }
        }
    }

    // The sum in sixteen parts, however wide the registers are.
    [MethodImpl(KernelCode.ByItself)]
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
            return Sum(sums);
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

        return Sum(sums + Vector512.Load(rest));
    }

    // Halves added to halves: the order of tiles.
    private static float Sum(Vector512<float> parts)
    {
        var eight = parts.GetLower() + parts.GetUpper();
        var four = eight.GetLower() + eight.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }
}
