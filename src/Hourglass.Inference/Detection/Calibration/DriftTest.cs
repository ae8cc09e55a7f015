using System.Globalization;

namespace Hourglass.Detection.Calibration;

/// <summary>Tells, score by score, when the normal samples no longer look like those the threshold was calibrated on.</summary>
/// <remarks>
/// A test martingale (Ville 1939; Vovk 2021, https://arxiv.org/abs/2102.09901): the likelihood of the new scores if their distribution were unknown,
/// over their likelihood if it is that of the held-out scores. While nothing has changed, it ever exceeds 1/L with probability at most L,
/// however long one watches; so the false-alarm level is L in each run of <see cref="RunLength"/> scores, after which it starts again.
/// Scores are counted in bins: ten for the lower nine tenths of the held-out scores, and above them bins that each hold half of what is left, so that a shift of the highest scores alone is seen.
/// The chance that the next falls into a bin, given the held-out scores and those before it, is (g + m) / (G + M), with g the gaps between held-out scores and m the new scores in the bin:
/// exact for continuous scores, however few were held out. Where anomalies may be among the new samples, scores above a ceiling are left out of it, so that alarms do not pass for a drift of the normal ones.
/// Samples that depend on each other, as neighbouring windows of a series do, look like drift sooner than they should: of windows that share rows, only one counts.
/// </remarks>
public sealed class DriftTest
{
    /// <summary>Probability of a false warning in each run.</summary>
    public const double Level = 0.001;

    /// <summary>Scores in a run.</summary>
    public const long RunLength = 100_000;

    private const double Suspicion = 0.05;
    private const double BodyShare = 0.9;
    private const int BodyBins = 10;
    private const int FewestInBin = 5;

    // How far the alternatives stray from the held-out shares: Dirichlet priors about them, worth so many samples, in equal parts.
    private static readonly double[] Concentrations = [10, 100, 1000];

    private readonly int _every;
    private readonly double[] _edges;
    private readonly long[] _heldOut;
    private readonly long _heldOutTaken;
    private readonly int _upper;
    private readonly long[] _fresh;
    private readonly double[] _logEvidence = new double[Concentrations.Length];
    private double _strongest;
    private long _taken;

    /// <summary>Starts a test.</summary>
    /// <param name="heldOut">The scores behind the threshold.</param>
    /// <param name="every">Which scores count: 1 for each, n for every n-th.</param>
    /// <param name="ceiling">Scores above it do not count: the threshold, where anomalies may come.</param>
    public DriftTest(ScoreDistribution heldOut, int every = 1, double ceiling = double.PositiveInfinity)
    {
        _every = Math.Max(1, every);
        (_edges, _heldOut) = Bins(heldOut, ceiling);
        (_heldOutTaken, _fresh) = (_heldOut.Sum(), new long[_edges.Length]);
        _upper = FirstUpper();
    }

    /// <summary>Whether there are enough held-out scores, of enough different values, for two bins.</summary>
    public bool CanTell => _edges.Length > 1;

    /// <summary>Scores taken, those that do not count included.</summary>
    public long Count { get; private set; }

    /// <summary>Whether a warning stands: the evidence of some run has exceeded 1 / <see cref="Level"/>.</summary>
    public bool HasDrifted => _strongest > -Math.Log(Level);

    /// <summary>The strongest evidence of any run so far, as an upper bound of a p-value: at most 1.</summary>
    public double PValue => Math.Min(1, Math.Exp(-_strongest));

    /// <summary>For the direction of a drift: the share of held-out scores below the middle one of this run's; 0.5 without drift.</summary>
    public double Middle
    {
        get
        {
            var (half, below, seen) = (_taken / 2.0, 0L, 0L);
            for (var bin = 0; bin < _fresh.Length; bin++)
            {
                if (_fresh[bin] > 0 && seen + _fresh[bin] >= half)
                {
                    return (below + ((half - seen) / _fresh[bin] * _heldOut[bin])) / _heldOutTaken;
                }

                seen += _fresh[bin];
                below += _heldOut[bin];
            }

            return 0.5;
        }
    }

    /// <summary>For a drift of the highest scores: the share of this run's that lies above the lower nine tenths of the held-out ones, and the share of these that does.</summary>
    public (double Now, double Before) Upper => _taken == 0 ? (0, 0) : (UpperShare(_fresh, _taken), UpperShare(_heldOut, _heldOutTaken));

    private bool IsOpen => double.IsPositiveInfinity(_edges[^1]);

    /// <summary>What it says, in a sentence or two.</summary>
    public string Sentence => !CanTell ? "Drift: the held-out scores are too few, or too much alike, to tell."
        : HasDrifted ? string.Create(CultureInfo.InvariantCulture, $"Drift: {(IsOpen ? "normal samples" : "samples without an alarm")} no longer score as in the calibration (p below {Math.Max(PValue, 1e-12):0.0###e-0}); half of them now score above {Middle:0 %} of the held-out ones instead of 50 %, and {Upper.Now:0.0 %} above what {Upper.Before:0.0 %} of these exceed. {(IsOpen ? "The" : "Either normal samples have changed, or anomalies come that raise no alarm. The")} promised rate may not hold: see what has changed, and calibrate on fresh normal samples with 'hourglass detect calibrate'.")
        : PValue < Suspicion ? string.Create(CultureInfo.InvariantCulture, $"Drift is possible, though not proven, after {Count:N0} scores (p at most {PValue:0.####}; a warning stands below {Level}). More samples will tell.")
        : string.Create(CultureInfo.InvariantCulture, $"No sign of drift in {Count:N0} scores (p at most {PValue:0.00}; a warning stands below {Level}).");

    /// <summary>Takes the score of a new sample.</summary>
    /// <param name="score">Higher is more anomalous.</param>
    public void Add(double score)
    {
        if (Count++ % _every != 0)
        {
            return;
        }

        if (Count > 1 && (Count - 1) / _every % RunLength == 0)
        {
            Array.Clear(_fresh);
            Array.Clear(_logEvidence);
            _taken = 0;
        }

        var place = Array.BinarySearch(_edges, score);
        place = place >= 0 ? place : ~place;
        if (place == _edges.Length || !CanTell)
        {
            return; // above the ceiling
        }

        var share = (double)_heldOut[place] / _heldOutTaken;
        var same = (double)(_heldOut[place] + _fresh[place]) / (_heldOutTaken + _taken);
        var evidence = 0.0;
        for (var prior = 0; prior < Concentrations.Length; prior++)
        {
            _logEvidence[prior] += Math.Log(((Concentrations[prior] * share) + _fresh[place]) / (Concentrations[prior] + _taken) / same);
            evidence += Math.Exp(_logEvidence[prior]) / Concentrations.Length;
        }

        _strongest = Math.Max(_strongest, Math.Log(evidence));
        _fresh[place]++;
        _taken++;
    }

    /// <summary>What the test has seen, to go on from later.</summary>
    public DriftState State() => new((long[])_fresh.Clone(), (double[])_logEvidence.Clone(), _strongest, Count);

    /// <summary>Goes on from an earlier state; one of other held-out scores is passed over.</summary>
    /// <param name="state">The state.</param>
    public void Resume(DriftState state)
    {
        if (state.Fresh.Length == _fresh.Length && state.LogEvidence.Length == _logEvidence.Length)
        {
            state.Fresh.CopyTo(_fresh, 0);
            state.LogEvidence.CopyTo(_logEvidence, 0);
            (_strongest, Count, _taken) = (state.Strongest, state.Count, _fresh.Sum());
        }
    }

    private double UpperShare(long[] counts, long all) => (double)counts.Where((_, bin) => bin >= _upper).Sum() / all;

    // The first bin above the lower nine tenths.
    private int FirstUpper()
    {
        var (bin, below) = (0, 0L);
        while (bin < _heldOut.Length && below < (long)(BodyShare * _heldOutTaken))
        {
            below += _heldOut[bin++];
        }

        return bin;
    }

    // Upper edges, each a held-out score; a bin holds what is above the edge before it and not above its own. Without a ceiling the last one has no edge, and a gap more than scores.
    private static (double[] Edges, long[] Gaps) Bins(ScoreDistribution scores, double ceiling)
    {
        var (edges, counts, below) = (new List<double>(), new List<long>(), 0L);
        foreach (var rank in Ranks(scores.Count - scores.Above(ceiling)))
        {
            var edge = scores.Highest(scores.Count - rank + 1);
            var atMost = scores.Count - scores.Above(edge);
            if (atMost > below)
            {
                edges.Add(edge);
                counts.Add(atMost - below);
                below = atMost;
            }
        }

        if (double.IsPositiveInfinity(ceiling))
        {
            edges[^1] = double.PositiveInfinity;
            counts[^1]++;
        }

        return ([.. edges], [.. counts]);
    }

    // How many scores lie up to each edge.
    private static IEnumerable<long> Ranks(long count)
    {
        var body = (long)(BodyShare * count);
        var bins = Math.Clamp(body / FewestInBin, 1, BodyBins);
        for (var bin = 1; bin < bins; bin++)
        {
            yield return body * bin / bins;
        }

        if (count - body >= FewestInBin)
        {
            yield return body;
        }

        for (var half = (count - body) / 2; half >= FewestInBin; half = (count - body) / 2)
        {
            yield return body += half;
        }

        if (count > 0)
        {
            yield return count;
        }
    }
}

/// <summary>What a drift test has seen.</summary>
/// <param name="Fresh">Scores of this run in each bin.</param>
/// <param name="LogEvidence">Evidence of this run for each alternative.</param>
/// <param name="Strongest">Strongest evidence of all runs.</param>
/// <param name="Count">Scores taken.</param>
public sealed record DriftState(long[] Fresh, double[] LogEvidence, double Strongest, long Count);
