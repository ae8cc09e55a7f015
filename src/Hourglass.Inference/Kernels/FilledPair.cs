using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hourglass.Kernels;

/// <summary>Where at least one of two rows, or of two columns, is not zero: both values, and where what they are multiplied by lies.</summary>
/// <param name="memory">Room for three times as many values as a row, or a column, has.</param>
/// <param name="room">Values of a row, or of a column; for rows a multiple of 16.</param>
internal unsafe struct FilledPair(float* memory, int room)
{
    /// <summary>Entries.</summary>
    public int Count { get; private set; }

    /// <summary>Of each entry, the value of the first.</summary>
    public readonly float* First => memory;

    /// <summary>Of each entry, the value of the second.</summary>
    public readonly float* Second => memory + room;

    /// <summary>Of each entry, its place times a step.</summary>
    public readonly int* Places => (int*)(memory + (2L * room));

    /// <summary>Takes two rows.</summary>
    /// <param name="x">The first.</param>
    /// <param name="stride">From the first to the second.</param>
    /// <param name="step">What places are counted in.</param>
    [MethodImpl(KernelCode.ByItself)]
    public void AddRows(float* x, int stride, int step)
    {
        var place = 0;
        var at = Vector512<int>.Indices * step;
        for (; Avx512F.IsSupported && place < room; place += Vector512<float>.Count, at += Vector512.Create(Vector512<float>.Count * step))
        {
            Add(Vector512.Load(x + place), Vector512.Load(x + stride + place), at);
        }

        for (; place < room; place++)
        {
            Add(x[place], x[stride + place], place * step);
        }
    }

    /// <summary>Takes eight columns into four pairs.</summary>
    /// <param name="pairs">Empty ones, with room for all rows.</param>
    /// <param name="x">[row, value]: the first row's eight.</param>
    /// <param name="stride">From row to row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="step">What places are counted in.</param>
    [MethodImpl(KernelCode.ByItself)]
    public static void AddColumns(FilledPair* pairs, float* x, int stride, int rows, int step)
    {
        var row = 0;
        if (Avx512F.IsSupported)
        {
            var columns = stackalloc float[RowBlocks.Side * Vector512<float>.Count];
            for (; row + Vector512<float>.Count <= rows; row += Vector512<float>.Count, x += (long)Vector512<float>.Count * stride)
            {
                RowBlocks.Transpose(x, stride, columns, Vector512<float>.Count);
                RowBlocks.Transpose(x + ((long)RowBlocks.Side * stride), stride, columns + RowBlocks.Side, Vector512<float>.Count);
                var at = (Vector512<int>.Indices + Vector512.Create(row)) * step;
                for (var pair = 0; pair < RowBlocks.Side / 2; pair++)
                {
                    var column = columns + (2 * pair * Vector512<float>.Count);
                    pairs[pair].Add(Vector512.Load(column), Vector512.Load(column + Vector512<float>.Count), at);
                }
            }
        }

        for (; row < rows; row++, x += stride)
        {
            for (var pair = 0; pair < RowBlocks.Side / 2; pair++)
            {
                pairs[pair].Add(x[2 * pair], x[(2 * pair) + 1], row * step);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(float first, float second, int place)
    {
        (First[Count], Second[Count], Places[Count]) = (first, second, place);
        Count += first != 0 || second != 0 ? 1 : 0;
    }

    // Sixteen at once; they stay within the room, for no more is filled than was looked at.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(Vector512<float> first, Vector512<float> second, Vector512<int> places)
    {
        var isFilled = ~(Vector512.Equals(first, Vector512<float>.Zero) & Vector512.Equals(second, Vector512<float>.Zero));
        Avx512F.Compress(first, isFilled, first).Store(First + Count);
        Avx512F.Compress(second, isFilled, second).Store(Second + Count);
        Avx512F.Compress(places, isFilled.AsInt32(), places).Store(Places + Count);
        Count += BitOperations.PopCount(isFilled.ExtractMostSignificantBits());
    }
}
