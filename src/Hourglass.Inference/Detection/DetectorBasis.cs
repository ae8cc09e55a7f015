using System.Collections.Concurrent;
using Hourglass.Kernels;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

namespace Hourglass.Detection;

/// <summary>What all rules of a detector share: the way from raw data to model input, the trained members, and normal samples to compare with.</summary>
public sealed class DetectorBasis : IDisposable
{
    private readonly Lock _turn = new(); // of the crew, which serves one caller
    private readonly ConcurrentDictionary<double, NormalRange> _ranges = [];
    private PieceCrew? _crew;

    /// <summary>Puts a basis together.</summary>
    /// <param name="preprocessing">From raw data to model input and back.</param>
    /// <param name="members">Trained autoencoders, each over the same samples; the basis disposes of them.</param>
    /// <param name="references">Normal samples, [sample, value] row-major, in model-input units.</param>
    /// <param name="pca">Principal components of the same samples, for the rival of that name; the basis disposes of it.</param>
    /// <exception cref="ArgumentException">Members or references have another length than the preprocessing's samples.</exception>
    public DetectorBasis(SamplePreprocessing preprocessing, IReadOnlyList<IReconstructor> members, float[] references, IReconstructor? pca = null)
    {
        SampleLength = preprocessing.SampleShape.Aggregate(1, (product, size) => checked(product * size));
        if (members.Concat(pca is null ? [] : [pca]).FirstOrDefault(member => member.SampleLength != SampleLength) is { } other)
        {
            throw new ArgumentException($"Members must take samples of {SampleLength} values, got {other.SampleLength}.", nameof(members));
        }

        if (references.Length % SampleLength != 0)
        {
            throw new ArgumentException($"References must be rows of {SampleLength} values, got {references.Length} values.", nameof(references));
        }

        (Preprocessing, Members, References, Pca) = (preprocessing.TakingOthers(), members, references, pca);
        (Columns, Explained) = (SampleColumn.Of(preprocessing), SampleColumn.Explained(preprocessing));
        (Fillings, Constants) = (preprocessing.Fillings(), preprocessing.Constants());
    }

    /// <summary>From raw data to model input and back; a word that a flag never had is a value of its own, so that it is scored and not refused.</summary>
    public SamplePreprocessing Preprocessing { get; }

    /// <summary>Trained autoencoders; empty where only rivals were fitted.</summary>
    public IReadOnlyList<IReconstructor> Members { get; }

    /// <summary>Principal components; null where none were fitted.</summary>
    public IReconstructor? Pca { get; }

    /// <summary>Normal samples, [sample, value] row-major.</summary>
    public float[] References { get; }

    /// <summary>Values in a sample.</summary>
    public int SampleLength { get; }

    /// <summary>The runs of values that came from one column each.</summary>
    public IReadOnlyList<SampleColumn> Columns { get; }

    /// <summary>What explanations tell apart: the same, or a series' channels.</summary>
    public IReadOnlyList<SampleColumn> Explained { get; }

    /// <summary>What stands in for each value where it is missing; empty where none can be.</summary>
    internal float[] Fillings { get; }

    /// <summary>Which values are 0 in all of the training data.</summary>
    internal bool[] Constants { get; }

    /// <summary>The range of the samples to compare with, or of a share of them, the first ones.</summary>
    internal NormalRange Range(double share) => _ranges.GetOrAdd(share, first => NormalRange.Of(References, SampleLength, first));

    /// <summary>Whether parts of a batch may be scored on several threads at a time, each to the same bits as in the whole.</summary>
    internal bool SharesWork => Members.Append(Pca).All(model => model is null or KernelReconstructor);

    /// <summary>Does pieces of a batch on all processors.</summary>
    /// <param name="count">How many.</param>
    /// <param name="work">Told the piece's number.</param>
    internal void Share(int count, Action<int> work)
    {
        lock (_turn)
        {
            (_crew ??= new PieceCrew(Environment.ProcessorCount)).Run(count, work);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _crew?.Dispose();
        foreach (var member in Members)
        {
            member.Dispose();
        }

        Pca?.Dispose();
    }
}
