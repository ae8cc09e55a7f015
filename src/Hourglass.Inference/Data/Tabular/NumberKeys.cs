using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hourglass.Kernels;

namespace Hourglass.Data.Tabular;

/// <summary>What the split hashes of rows whose keys are numbers' own bytes, eight rows side by side; <see cref="RowKey"/> says what that is.</summary>
/// <param name="numbers">[column][row]; NaN where a value is missing, whose key is empty.</param>
/// <param name="rows">How many.</param>
/// <param name="columns">Those that are hashed, in order.</param>
internal readonly ref struct NumberKeys(ReadOnlySpan<double> numbers, int rows, ReadOnlySpan<int> columns)
{
    private const int WordBits = 64;
    private readonly ReadOnlySpan<double> _numbers = numbers;
    private readonly ReadOnlySpan<int> _columns = columns;
    private static int Lanes => Vector512<double>.Count;

    /// <summary>Finds which rows validate.</summary>
    /// <param name="seed">Seed of the split.</param>
    /// <param name="share">Share held out.</param>
    /// <param name="isHeld">Receives [row].</param>
    public void Hold(int seed, double share, Span<bool> isHeld)
    {
        var key = new byte[_columns.Length * (sizeof(double) + 1)];
        for (var first = 0; first < rows; first += Lanes)
        {
            if (first + Lanes <= rows && TryHash(first, seed, out var hashes))
            {
                for (var row = 0; row < Lanes; row++)
                {
                    isHeld[first + row] = HoldOut.IsValidation(hashes[row], share);
                }

                continue;
            }

            for (var row = first; row < Math.Min(first + Lanes, rows); row++)
            {
                isHeld[row] = HoldOut.IsValidation(Key(row, key), seed, share);
            }
        }
    }

    // Eight bytes and a mark for each column, cut into words of eight bytes; false where a value is missing.
    [MethodImpl(KernelCode.ByItself)]
    private bool TryHash(int first, int seed, out Vector512<ulong> hash)
    {
        var (rest, bits, isThere) = (Vector512<ulong>.Zero, 0, Vector512<double>.AllBitsSet);
        hash = HoldOut.Begin(seed);
        foreach (var column in _columns)
        {
            var values = Vector512.LoadUnsafe(in _numbers[(column * rows) + first]);
            isThere &= Vector512.Equals(values, values);
            hash = HoldOut.WithWord(hash, rest | (values.AsUInt64() << bits));
            rest = (bits == 0 ? Vector512<ulong>.Zero : values.AsUInt64() >>> (WordBits - bits)) | (Vector512.Create((ulong)RowKey.Mark) << bits);
            bits += 8;
            if (bits == WordBits)
            {
                (hash, rest, bits) = (HoldOut.WithWord(hash, rest), Vector512<ulong>.Zero, 0);
            }
        }

        hash = HoldOut.End(hash, rest, bits / 8);
        return isThere.AsUInt64() == Vector512<ulong>.AllBitsSet;
    }

    private ReadOnlySpan<byte> Key(int row, byte[] key)
    {
        var length = 0;
        foreach (var column in _columns)
        {
            var number = _numbers[(column * rows) + row];
            if (!double.IsNaN(number))
            {
                BitConverter.TryWriteBytes(key.AsSpan(length), number);
                length += sizeof(double);
            }

            key[length++] = RowKey.Mark;
        }

        return key.AsSpan(0, length);
    }
}
