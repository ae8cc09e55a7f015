using Hourglass.Kernels;

namespace Hourglass.Data.Tabular;

/// <summary>Columns that become rows.</summary>
internal static unsafe class ColumnRows
{
    private const int Side = RowBlocks.Side;

    /// <summary>Turns columns into a run of each row.</summary>
    /// <param name="columns">[column][row].</param>
    /// <param name="count">Columns.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="target">Receives [row, column], from the first row's first value on.</param>
    /// <param name="width">From one row to the next.</param>
    public static void Write(ReadOnlySpan<float> columns, int count, int rows, Span<float> target, int width)
    {
        var (whole, blocks) = (rows / Side * Side, count < Side ? 0 : (count + Side - 1) / Side);
        fixed (float* source = columns, values = target)
        {
            for (var row = 0; row < whole && blocks > 0; row += Side)
            {
                for (var block = 0; block < blocks; block++)
                {
                    var first = Math.Min(block * Side, count - Side); // the last block takes some columns again rather than fewer
                    RowBlocks.Transpose(source + ((long)first * rows) + row, rows, values + ((long)row * width) + first, width);
                }
            }

            for (var column = 0; column < count; column++)
            {
                for (var row = blocks > 0 ? whole : 0; row < rows; row++)
                {
                    values[((long)row * width) + column] = source[((long)column * rows) + row];
                }
            }
        }
    }
}
