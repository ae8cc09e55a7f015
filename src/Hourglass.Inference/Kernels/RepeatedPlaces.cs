namespace Hourglass.Kernels;

/// <summary>A picture made larger by repeating its places: which places of the larger one each of the smaller fills.</summary>
/// <remarks>The nearest place, rounded down, with the engine's own arithmetic: a float32 share times the place.</remarks>
internal sealed class RepeatedPlaces
{
    private readonly int[] _rows;
    private readonly int[] _columns;

    /// <summary>From one size to another, at least as large.</summary>
    public RepeatedPlaces((int Height, int Width) given, (int Height, int Width) made)
    {
        (_rows, _columns) = (Edges(given.Height, made.Height), Edges(given.Width, made.Width));
        var factor = _rows[1];
        Factor = IsEven(_rows, factor) && IsEven(_columns, factor) ? factor : 0;
    }

    /// <summary>Rows, and columns, that each place fills; 0 where that differs.</summary>
    public int Factor { get; }

    /// <summary>Rows that a row fills: the first, and the one after the last.</summary>
    public (int First, int Last) Rows(int row) => (_rows[row], _rows[row + 1]);

    /// <summary>Columns that a column fills.</summary>
    public (int First, int Last) Columns(int column) => (_columns[column], _columns[column + 1]);

    private static bool IsEven(int[] edges, int factor) => edges.Select((edge, place) => edge == place * factor).All(isSo => isSo);

    private static int[] Edges(int given, int made)
    {
        var (edges, share) = (new int[given + 1], (float)given / made);
        Array.Fill(edges, made);
        for (var place = made - 1; place >= 0; place--)
        {
            edges[Math.Min((int)(place * share), given - 1)] = place;
        }

        for (var place = given - 1; place >= 0; place--)
        {
            edges[place] = Math.Min(edges[place], edges[place + 1]); // one that fills nothing
        }

        return edges;
    }
}
