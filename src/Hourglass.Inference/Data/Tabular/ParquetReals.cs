using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Parquet.Meta;

namespace Hourglass.Data.Tabular;

/// <summary>Whole columns of single or double precision, decoded without the detours of a reader for everything.</summary>
internal static class ParquetReals
{
    /// <summary>Reads a column of a row group.</summary>
    /// <param name="file">The file.</param>
    /// <param name="column">Where it lies and how it is packed.</param>
    /// <param name="isOptional">Whether values may be missing.</param>
    /// <param name="rows">Rows of the group.</param>
    /// <returns>The values, not-a-number where one is missing; null where anything is otherwise than it is known here: then the general reader takes it, or says what is wrong.</returns>
    public static RealValues<T>? TryRead<T>(SafeFileHandle file, ColumnMetaData? column, bool isOptional, int rows)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        using var stream = ParquetRealStream<T>.TryOpen(file, column, isOptional, rows);
        if (stream is null)
        {
            return null;
        }

        var memory = ArrayPool<byte>.Shared.Rent(rows * Unsafe.SizeOf<T>());
        try
        {
            var all = MemoryMarshal.Cast<byte, T>(memory.AsSpan())[..rows];
            for (var row = 0; row < rows;)
            {
                var values = stream.Next(1, rows - row);
                values.CopyTo(all[row..]);
                row += values.Length;
            }

            return new RealValues<T>(memory, rows);
        }
        catch (Exception fault) when (ParquetRealStream<T>.IsFlaw(fault))
        {
            ArrayPool<byte>.Shared.Return(memory);
            return null;
        }
    }
}
