using System.Buffers;
using System.Numerics.Tensors;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>What becomes of one block of a table.</summary>
/// <param name="Values">Model inputs, [row, value].</param>
/// <param name="IsHeld">Which rows validate.</param>
/// <param name="Labels">Their labels; empty without a label column.</param>
/// <param name="Identifiers">Their names; empty without such a column.</param>
/// <param name="Times">When each was, in seconds since 2000-01-01; empty without such a column.</param>
internal sealed record BlockSamples(float[] Values, bool[] IsHeld, string?[] Labels, string[] Identifiers, double[] Times)
{
    /// <summary>Transforms a block; null where a field is not what its column holds.</summary>
    /// <param name="block">The rows.</param>
    /// <param name="source">The table.</param>
    /// <param name="roles">Columns that are not model input.</param>
    /// <param name="preprocessing">The transforms.</param>
    /// <param name="places">The column of each transform.</param>
    /// <param name="options">Of the split.</param>
    /// <param name="isHeld">Which rows validate, where that is known; hashed when null.</param>
    /// <param name="values">Room for the values, used where it has the size.</param>
    public static BlockSamples? Of(TableBlock block, TableSource source, TableRoles roles, TablePreprocessing preprocessing, int[] places, PreparationOptions options, bool[]? isHeld, float[]? values = null)
    {
        var (width, start) = (preprocessing.SampleShape[0], 0);
        values = values?.Length == block.Rows * width ? values : new float[block.Rows * width];
        Array.Clear(values);
        var (lanes, room) = (ArrayPool<float>.Shared.Rent(block.Rows * places.Length), ((double[], float[])?)null);
        try
        {
            for (var column = 0; column < places.Length;)
            {
                var scaled = Scaled(block, places.AsSpan(column), preprocessing.Columns.Skip(column), lanes);
                if (scaled > 0)
                {
                    ColumnRows.Write(lanes, scaled, block.Rows, values.AsSpan(start), width);
                    (column, start) = (column + scaled, start + scaled);
                    continue;
                }

                var transform = preprocessing.Columns[column];
                var isWhole = transform is NumericTransform numeric
                    ? Numbers(block, places[column], numeric, room ??= (new double[block.Rows], new float[block.Rows]), values.AsSpan(Math.Min(start, values.Length)), width)
                    : Texts(block, places[column], transform, source.Decimal, values, start, width);
                if (!isWhole)
                {
                    return null;
                }

                (column, start) = (column + 1, start + transform.Width);
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(lanes);
        }

        return new BlockSamples(
            values,
            isHeld ?? roles.Held(block, source.Columns.Count, options),
            roles.Label is { } label ? [.. Texts(block, label)] : [],
            roles.Id is { } id ? [.. Texts(block, id).Select(text => text ?? "")] : [],
            roles.Clock is { } clock ? [.. Texts(block, clock).Select(TableRoles.Seconds)] : []);
    }

    private static IEnumerable<string?> Texts(TableBlock block, int column) => Enumerable.Range(0, block.Rows).Select(row => block.Text(row, column));

    // Neighbouring columns that are numbers and nothing else, scaled side by side, [column][row].
    private static int Scaled(TableBlock block, ReadOnlySpan<int> places, IEnumerable<ColumnTransform> transforms, float[] lanes)
    {
        var count = 0;
        foreach (var transform in transforms)
        {
            if (transform is not NumericTransform numeric || !block.TryScaled(places[count], numeric, lanes.AsSpan(count * block.Rows, block.Rows)))
            {
                break;
            }

            count++;
        }

        return count;
    }

    private static bool Numbers(TableBlock block, int column, NumericTransform transform, (double[] Numbers, float[] Scaled) room, Span<float> target, int width)
    {
        var (numbers, scaled) = room;
        if (!block.TryNumbers(column, numbers))
        {
            return false;
        }

        List<int>? isMissing = transform.MarksMissing ? [] : null;
        for (var row = 0; row < numbers.Length; row++)
        {
            if (double.IsNaN(numbers[row]))
            {
                numbers[row] = transform.Imputed;
                isMissing?.Add(row);
                if (transform.HasMissingIndicator)
                {
                    target[(row * width) + 1] = 1;
                }
            }
        }

        transform.Forward(numbers, scaled);
        for (var row = 0; row < scaled.Length; row++)
        {
            target[row * width] = scaled[row];
        }

        foreach (var row in isMissing ?? [])
        {
            target[row * width] = float.NaN;
        }

        return TensorPrimitives.IsFiniteAll<float>(scaled);
    }

    private static bool Texts(TableBlock block, int column, ColumnTransform transform, char decimalMark, float[] values, int start, int width)
    {
        for (var row = 0; row < block.Rows; row++)
        {
            if (!transform.Apply(block.Text(row, column), decimalMark, values.AsSpan((row * width) + start, transform.Width)))
            {
                return false;
            }
        }

        return true;
    }
}
