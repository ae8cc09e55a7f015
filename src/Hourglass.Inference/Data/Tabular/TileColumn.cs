using System.Numerics;
using Hourglass.Kernels;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>A column of a row group whose values are read and scaled block after block, by whichever thread needs the next one.</summary>
internal abstract class TileColumn : IDisposable
{
    private readonly AwaitedNumber _next = new(0);
    private Exception? _fault;

    /// <summary>Reads a block. Every block is asked for once, by one thread; those before it must have been asked for.</summary>
    /// <param name="block">Its number in the group.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="tiles">Receives them.</param>
    /// <param name="value">Of a row, which becomes this column's.</param>
    /// <returns>False where a value is beyond single precision once it is scaled.</returns>
    public bool Read(int block, int rows, RowTiles tiles, int value)
    {
        _next.Await(block);
        try
        {
            return _fault is null && Scale(rows, tiles, value);
        }
        catch (Exception fault)
        {
            _fault = fault; // the blocks that follow have no beginning any more
            throw;
        }
        finally
        {
            _next.Set(block + 1);
        }
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    private protected abstract bool Scale(int rows, RowTiles tiles, int value);
}

/// <summary>A column of single or double precision.</summary>
/// <param name="stream">Its values; null where it is written otherwise than a stream knows.</param>
/// <param name="scaling">What becomes of them.</param>
/// <param name="general">Reads the column whole, by the general reader.</param>
internal sealed class TileColumn<T>(ParquetRealStream<T>? stream, LinearScaling scaling, Func<RealValues<T>> general) : TileColumn
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private ParquetRealStream<T>? _stream = stream;
    private RealValues<T>? _whole;
    private int _row;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _stream?.Dispose();
        _whole?.Release();
    }

    private protected override bool Scale(int rows, RowTiles tiles, int value)
    {
        var isFinite = true;
        for (var row = 0; row < rows;)
        {
            var values = Next(rows - row);
            isFinite &= scaling.TryScale(values, tiles, value, row);
            row += values.Length;
        }

        return isFinite;
    }

    private ReadOnlySpan<T> Next(int most)
    {
        var values = Streamed(most);
        if (values.IsEmpty)
        {
            _whole ??= general();
            values = _whole.Value.Span.Slice(_row, most);
        }

        _row += values.Length;
        return values;
    }

    private ReadOnlySpan<T> Streamed(int most)
    {
        try
        {
            return _stream is null ? [] : _stream.Next(RowTiles.TileRows, most);
        }
        catch (Exception fault) when (ParquetRealStream<T>.IsFlaw(fault))
        {
            _stream!.Dispose();
            _stream = null;
            return [];
        }
    }
}
