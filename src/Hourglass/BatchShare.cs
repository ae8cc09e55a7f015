using Hourglass.Collectives;
using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass;

/// <summary>The rows of a step that one process computes at once, among all rows of the step.</summary>
/// <remarks>Noise is drawn for blocks of rows that stand at fixed places in the step, each from a generator of its own. So the draws of a row do not depend on how
/// many processes share the step, nor on how many parts it is accumulated from; who holds a part of a block draws all of it.</remarks>
internal sealed class BatchShare : IDisposable
{
    private const int BlockRows = 128;
    private readonly int _seed;
    private readonly long _step;
    private readonly ICollective _ranks;
    private readonly SortedDictionary<long, Generator> _generators = [];
    private readonly Device? _device;

    /// <summary>Describes a share.</summary>
    /// <param name="seed">Of the run.</param>
    /// <param name="step">Number of the step, from 1.</param>
    /// <param name="place">Which rows.</param>
    /// <param name="ranks">Who holds the other rows of the part.</param>
    /// <param name="device">Where noise is drawn; the processor when null.</param>
    public BatchShare(int seed, long step, RowPlace place, ICollective ranks, Device? device = null)
    {
        (_seed, _step, Place, _ranks, _device) = (seed, step, place, ranks, device);
    }

    /// <summary>Where the rows stand.</summary>
    public RowPlace Place { get; }

    /// <summary>Rows over which statistics of a batch run: those of the part, on all ranks.</summary>
    public long Together => Place.Together;

    /// <summary>Whether other ranks hold rows of the same part.</summary>
    public bool IsPart => Place.Together > Place.Rows;

    /// <summary>What the rows here count for in a mean over the step.</summary>
    public double Weight => Place.IsCopy ? 0 : (double)Place.Rows / Place.Total;

    /// <summary>Draws of the step as a whole come from here, first thing; the same on every rank.</summary>
    public Generator Noise => Block(0);

    /// <summary>Draws for the rows here.</summary>
    /// <param name="shape">First axis: the rows, so many times.</param>
    /// <param name="draw">Draws a shape from a generator.</param>
    public Tensor Draw(ReadOnlySpan<long> shape, Func<long[], Generator, Tensor> draw)
    {
        var times = Place.Rows == 0 ? 0 : shape[0] / Place.Rows;
        if (times * Place.Rows != shape[0])
        {
            throw new InvalidOperationException($"Noise of shape [{string.Join(", ", shape.ToArray())}] does not run over {Place.Rows} rows.");
        }

        var (rest, parts) = (shape[1..].ToArray(), new List<Tensor>());
        for (var block = Place.First / BlockRows; block * BlockRows < Place.First + Place.Rows; block++)
        {
            var (start, end) = (block * BlockRows, Math.Min((block + 1) * BlockRows, Place.Total));
            var (from, to) = (Math.Max(start, Place.First), Math.Min(end, Place.First + Place.Rows));
            var drawn = draw([times, end - start, .. rest], Block(block));
            parts.Add(to - from == end - start ? drawn : drawn.narrow(1, from - start, to - from));
        }

        return (parts.Count == 1 ? parts[0] : cat(parts, 1)).reshape(shape.ToArray());
    }

    /// <summary>Sum over the ranks, with its gradient: what each rank's loss owes to the sum, added up.</summary>
    public Tensor Sum(Tensor part) => IsPart ? RankSum.Of(part, _ranks) : part;

    /// <summary>Sums numbers over the ranks.</summary>
    public void Sum(Span<double> values)
    {
        if (IsPart)
        {
            _ranks.Sum(values);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var generator in _generators.Values)
        {
            generator.Dispose();
        }
    }

    private Generator Block(long block)
    {
        if (!_generators.TryGetValue(block, out var generator))
        {
            generator = new Generator(SeededOrder.Mix(_seed, _step + (block << 40)), _device);
            _generators.Add(block, generator);
        }

        return generator;
    }
}

/// <summary>Where the rows that one process computes at once stand in a step.</summary>
/// <param name="First">Number of the first row in the step.</param>
/// <param name="Rows">Rows here.</param>
/// <param name="Together">Rows of the part, on all ranks.</param>
/// <param name="Total">Rows of the step, in all parts.</param>
/// <param name="IsCopy">Whether another rank counts these rows: here they only bring up to date what the model remembers of batches (means of normalisation, units that have not fired).</param>
internal readonly record struct RowPlace(long First, int Rows, long Together, long Total, bool IsCopy = false)
{
    /// <summary>All rows of a step in one place.</summary>
    public static RowPlace Whole(int rows) => new(0, rows, rows, rows);

    /// <summary>A rank's rows of each part of a step, as the runs they are of the step's rows.</summary>
    /// <remarks>Ranks take runs of nearly equal length. A part with fewer rows than ranks is rank 0's alone, so that nobody has to take statistics of nothing; the others see a copy.</remarks>
    /// <param name="total">Rows of the step.</param>
    /// <param name="part">Most rows of a part, on all ranks.</param>
    /// <param name="rank">Whose rows.</param>
    /// <param name="ranks">How many ranks.</param>
    public static IEnumerable<RowPlace> Parts(int total, int part, int rank, int ranks)
    {
        for (var start = 0; start < total; start += part)
        {
            var rows = Math.Min(part, total - start);
            var (first, last) = rows < ranks ? (0, rows) : ((int)((long)rows * rank / ranks), (int)((long)rows * (rank + 1) / ranks));
            yield return new RowPlace(start + first, last - first, rows, total, IsCopy: rows < ranks && rank > 0);
        }
    }
}
