using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>Numbers of a table as a first pass has read them, so that the second need not; as long as they fit.</summary>
/// <param name="roles">Columns that are not model input.</param>
/// <param name="sharers">Processes that share the machine's memory.</param>
internal sealed class KeptBlocks(TableRoles roles, int sharers) : TableBlocks
{
    private const int MemoryShare = 8; // of what the machine has, at most one part in so many
    private readonly long _room = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryShare / sharers;
    private readonly List<Block?> _blocks = [];
    private long _bytes;

    /// <inheritdoc/>
    public override int Count => _blocks.Count;

    /// <summary>Whether all blocks are here.</summary>
    public bool IsWhole => _bytes <= _room;

    /// <summary>Keeps the numbers of the next block, and its labels and identifiers.</summary>
    /// <param name="block">The block.</param>
    /// <param name="numbers">[column][row]; null for a column that holds others.</param>
    public void Add(TableBlock block, ReadOnlyMemory<double>?[] numbers)
    {
        _bytes += numbers.Sum(column => (long)sizeof(double) * (column?.Length ?? 0));
        if (IsWhole)
        {
            _blocks.Add(new Block(block.Rows, numbers, Texts(block, roles.Label), Texts(block, roles.Id), roles));
        }
        else
        {
            _blocks.Clear();
        }
    }

    /// <summary>Whether a column is all numbers.</summary>
    public bool HasNumbers(int column) => _blocks.TrueForAll(block => block!.Has(column));

    /// <summary>A column's numbers in a block that was not read yet; NaN where a value is missing.</summary>
    public ReadOnlyMemory<double> Numbers(int number, int column) => _blocks[number]!.Numbers(column);

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
        _blocks.Clear();
        _bytes = long.MaxValue;
    }

    private static string?[]? Texts(TableBlock block, int? column) => column is { } chosen ? [.. Enumerable.Range(0, block.Rows).Select(row => block.Text(row, chosen))] : null;

    private sealed class Block(int rows, ReadOnlyMemory<double>?[] numbers, string?[]? labels, string?[]? identifiers, TableRoles roles) : TableBlock
    {
        public override int Rows => rows;

        public ReadOnlyMemory<double> Numbers(int column) => numbers[column]!.Value;

        public bool Has(int column) => numbers[column] is not null;

        public override bool TryNumbers(int column, Span<double> values)
        {
            numbers[column]!.Value.Span.CopyTo(values);
            return true;
        }

        public override bool TryScaled(int column, NumericTransform transform, Span<float> scaled) => transform.TryForward(Numbers(column).Span, scaled);

        public override string? Text(int row, int column) => (column == roles.Label ? labels! : identifiers!)[row];

        public override ReadOnlySpan<byte> Field(int row, int column, Span<byte> room) => throw new NotSupportedException("Fields are not kept, only numbers.");
    }
}
