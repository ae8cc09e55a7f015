using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>Numbers of a table as a first pass has read them, so that the second need not; as long as they fit.</summary>
/// <param name="roles">Columns that are not model input.</param>
/// <param name="sharers">Processes that share the machine's memory.</param>
internal sealed class KeptBlocks(TableRoles roles, int sharers) : TableBlocks
{
    private const int MemoryShare = 8; // of what the machine has, at most one part in so many
    private readonly long _room = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryShare / sharers;
    private readonly List<TableBlock?> _blocks = [];
    private long _bytes;

    /// <inheritdoc/>
    public override int Count => _blocks.Count;

    /// <summary>Whether all blocks are here.</summary>
    public bool IsWhole => _bytes <= _room;

    /// <summary>Whether all blocks will be here, as they are.</summary>
    /// <param name="first">The first of them; the others hold their columns alike.</param>
    /// <param name="rows">Of all; 0 where that is not known.</param>
    public bool WillHold(TableBlock first, long rows) => first.HeldBytes > 0 && rows > 0 && first.HeldBytes / first.Rows * rows <= _room;

    /// <summary>Keeps the numbers of the next block, and its labels and identifiers; takes the block over.</summary>
    /// <param name="block">The block.</param>
    public void Add(ParsedBlock block)
    {
        var held = Array.TrueForAll(block.Numbers, column => column is not null) ? block.Block.HeldBytes : 0;
        _bytes += held > 0 ? held : block.Numbers.Sum(column => (long)sizeof(double) * (column?.Length ?? 0));
        if (!IsWhole)
        {
            Forget();
            block.Release();
        }
        else if (held > 0)
        {
            _blocks.Add(block.Block); // twice the bytes and the copying would be for nothing
            block.ReleaseNumbers();
        }
        else
        {
            _blocks.Add(new Block(block.Block.Rows, block.Numbers, Texts(block.Block, roles.Label), Texts(block.Block, roles.Id), roles));
            block.Block.Release();
        }
    }

    /// <summary>Whether a column is all numbers.</summary>
    public bool HasNumbers(int column) => _blocks.TrueForAll(block => block is not Block own || own.Has(column));

    /// <summary>Looks at a column's numbers in a block that was not read yet.</summary>
    /// <param name="number">Of the block.</param>
    /// <param name="column">Of the column.</param>
    /// <param name="room">Receives them; NaN where a value is missing.</param>
    public void Numbers(int number, int column, Span<double> room) => _blocks[number]!.TryNumbers(column, room);

    /// <inheritdoc/>
    public override TableBlock? Read(int number)
    {
        var block = _blocks[number];
        _blocks[number] = null; // each is read once: its memory is free from then on
        return block;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Forget();
        _bytes = long.MaxValue;
    }

    private void Forget()
    {
        _blocks.ForEach(block => block?.Release());
        _blocks.Clear();
    }

    private static string?[]? Texts(TableBlock block, int? column) => column is { } chosen ? [.. Enumerable.Range(0, block.Rows).Select(row => block.Text(row, chosen))] : null;

    private sealed class Block(int rows, ReadOnlyMemory<double>?[] numbers, string?[]? labels, string?[]? identifiers, TableRoles roles) : TableBlock
    {
        public override int Rows => rows;

        public bool Has(int column) => numbers[column] is not null;

        public override bool TryNumbers(int column, Span<double> values)
        {
            numbers[column]!.Value.Span.CopyTo(values);
            return true;
        }

        public override bool TryScaled(int column, NumericTransform transform, Span<float> scaled) => transform.TryForward(numbers[column]!.Value.Span, scaled);

        public override string? Text(int row, int column) => (column == roles.Label ? labels! : identifiers!)[row];

        public override ReadOnlySpan<byte> Field(int row, int column, Span<byte> room) => throw new NotSupportedException("Fields are not kept, only numbers.");
    }
}
