namespace Hourglass.Kernels;

/// <summary>Rows as the products take them that keep rows side by side in a register: tiles of 48 rows, [tile][value][row].</summary>
/// <remarks>What pads the last tile is anything finite; nobody reads what becomes of it.</remarks>
/// <param name="values">Values of a row.</param>
/// <param name="most">Rows that there is room for.</param>
internal sealed unsafe class RowTiles(int values, int most) : IDisposable
{
    /// <summary>Rows of a tile: three registers of the widest kind.</summary>
    public const int TileRows = 48;

    private readonly AlignedFloats _memory = new((long)(most + TileRows - 1) / TileRows * TileRows * values);

    /// <summary>Rows that are held.</summary>
    public int Rows { get; set; }

    /// <summary>Values of a row.</summary>
    public int Values => values;

    /// <summary>From a tile to the next one.</summary>
    public int TileLength => TileRows * values;

    /// <summary>A tile, [value][row].</summary>
    public float* Tile(int number) => _memory.Pointer + ((long)number * TileLength);

    /// <summary>A value of a run of rows that lie in one tile.</summary>
    /// <param name="value">Its number.</param>
    /// <param name="row">First row.</param>
    /// <param name="most">Rows that are wanted.</param>
    public Span<float> Run(int value, int row, int most)
    {
        var place = row % TileRows;
        return new Span<float>(Tile(row / TileRows) + (value * TileRows) + place, Math.Min(most, TileRows - place));
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
