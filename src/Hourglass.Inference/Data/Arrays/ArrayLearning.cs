using System.Runtime.InteropServices;
using Hourglass.Data.Stores;

namespace Hourglass.Data.Arrays;

/// <summary>What the first pass over a rank's share of float samples leaves.</summary>
internal sealed class ArrayLearning : IDisposable
{
    private readonly ArrayRuns _runs;
    private readonly int _features;
    private readonly bool _isFirst;
    private readonly List<ArrayStatistics> _learnt;
    private int _run;
    private ArrayStatistics? _own;

    private ArrayLearning(ArraySource source, ArrayRuns runs, int rank, int ranks)
    {
        (_runs, _features, _isFirst, Again) = (runs, ArrayStatistics.FeaturesOf(source.Shape), rank == 0, source);
        _learnt = _isFirst ? [new ArrayStatistics(_features)] : [];
        _run = runs.FirstOf(rank, ranks);
        (First, Last) = (runs.First(_run), runs.First(runs.FirstOf(rank + 1, ranks)));
    }

    /// <summary>The share's first sample.</summary>
    public long First { get; }

    /// <summary>After the share's last sample.</summary>
    public long Last { get; }

    /// <summary>For each sample, whether it validates.</summary>
    public List<bool> IsHeld { get; } = [];

    /// <summary>The samples once more: the source itself, or what was kept of it where reading it takes work.</summary>
    public ArraySource Again { get; private set; }

    /// <summary>What was learnt from the training part of each run, in order; on the first rank, whose are the first runs, from all of them together.</summary>
    public IReadOnlyList<ArrayStatistics> Learnt => _learnt;

    /// <summary>Reads and learns.</summary>
    /// <param name="source">Float samples.</param>
    /// <param name="read">Where copies go.</param>
    /// <param name="runs">Of all samples.</param>
    /// <param name="rank">Whose share of the runs.</param>
    /// <param name="ranks">How many share.</param>
    /// <param name="options">Of the split.</param>
    /// <param name="progress">Told the share done.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public static ArrayLearning Of(ArraySource source, ReadOptions read, ArrayRuns runs, int rank, int ranks, PreparationOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var (learning, length) = (new ArrayLearning(source, runs, rank, ranks), source.SampleLength);
        using var kept = source.IsReadAgain ? null : SampleStore.CreateTemporary(read.StoreFolder, source.Shape, ElementType.Float32);
        new ArrayPass(source, progress, cancellationToken).Run(learning.First, learning.Last, (place, _, samples) =>
        {
            kept?.Append(samples);
            for (; !samples.IsEmpty; samples = samples[length..])
            {
                learning.Add(place, samples[..length], options.IsHeld(place, MemoryMarshal.AsBytes(samples[..length])));
                place++;
            }
        });
        learning.EndRun();
        learning.Again = kept is null ? source : new StoreSource(kept.Finish(), source, learning.First);
        return learning;
    }

    /// <summary>Removes what was kept.</summary>
    public void Dispose() => (Again as StoreSource)?.Dispose();

    private void Add(long place, ReadOnlySpan<float> sample, bool isHeld)
    {
        if (place == _runs.First(_run + 1))
        {
            EndRun();
            _run++;
        }

        IsHeld.Add(isHeld);
        _own ??= new ArrayStatistics(_features);
        if (!isHeld)
        {
            _own.Add(sample);
        }
    }

    private void EndRun()
    {
        if (_own is not { } own)
        {
            return;
        }

        _own = null;
        if (_isFirst)
        {
            _learnt[0].Join(own);
        }
        else
        {
            _learnt.Add(own);
        }
    }
}
