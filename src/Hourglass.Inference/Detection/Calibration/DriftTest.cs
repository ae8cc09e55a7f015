using System.Globalization;

namespace Hourglass.Detection.Calibration;

/// <summary>Tells, score by score, when the normal samples no longer look like those the threshold was calibrated on.</summary>
/// <remarks>
/// A test martingale (Ville 1939; Vovk 2021, https://arxiv.org/abs/2102.09901): the likelihood of the new scores if their distribution were unknown,
/// over their likelihood if it is that of the held-out scores. While nothing has changed, it ever exceeds 1/L with probability at most L,
/// however long one watches; so the false-alarm level is L in each run of <see cref="RunLength"/> scores, after which it starts again.
/// Scores are counted in bins that each hold about as many held-out scores. The chance that the next falls into a bin, given the held-out scores and those
/// before it, is (g + m) / (G + M), with g the held-out scores and m the new ones in the bin: exact for continuous scores, however few were held out.
/// The highest tenth is left out of it, so that anomalies among the new samples do not pass for a drift of the normal ones.
/// Samples that depend on each other, as neighbouring windows of a series do, look like drift sooner than they should: of windows that share rows, only one counts.
/// </remarks>
public sealed class DriftTest
{
    /// <summary>Probability of a false warning in each run.</summary>
    public const double Level = 0.001;

    /// <summary>Scores in a run.</summary>
    public const long RunLength = 100_000;

    private const double BodyShare = 0.9;
    private const int MostBins = 10;
    private const int FewestInBin = 5;

    // How far the alternatives stray from the held-out shares: Dirichlet priors about them, worth so many samples, in equal parts.
    private static readonly double[] Concentrations = [10, 100, 1000];

    private readonly int _every;
    private readonly double[] _edges;
    private readonly long[] _heldOut;
    private readonly long _heldOutInBody;
    private readonly long[] _fresh;
    private readonly double[] _logEvidence = new double[Concentrations.Length];
    private double _strongest;
    private long _body;

    /// <summary>Starts a test.</summary>
    /// <param name="heldOut">The scores behind the threshold.</param>
    /// <param name="every">Which scores count: 1 for each, n for every n-th.</param>
    public DriftTest(ScoreDistribution heldOut, int every = 1)
    {
        _every = Math.Max(1, every);
        (_edges, _heldOut) = Bins(heldOut);
        (_heldOutInBody, _fresh) = (_heldOut.Sum(), new long[_edges.Length]);
    }

    /// <summary>Whether there are enough held-out scores, of enough different values, for two bins.</summary>
    public bool CanTell => _edges.Length > 1;

    /// <summary>Scores taken, those that do not count included.</summary>
    public long Count { get; private set; }

    /// <summary>Whether a warning stands: the evidence of some run has exceeded 1 / <see cref="Level"/>.</summary>
    public bool HasDrifted => _strongest > -Math.Log(Level);

    /// <summary>The strongest evidence of any run so far, as an upper bound of a p-value: at most 1.</summary>
    public double PValue => Math.Min(1, Math.Exp(-_strongest));

    /// <summary>For the direction of a drift: the share of held-out scores of the body below the middle one of this run's; 0.5 without drift.</summary>
    public double Middle
    {
        get
        {
            var (half, below, seen) = (_body / 2.0, 0L, 0L);
            for (var bin = 0; bin < _fresh.Length; bin++)
            {
                if (_fresh[bin] > 0 && seen + _fresh[bin] >= half)
                {
                    return (below + ((half - seen) / _fresh[bin] * _heldOut[bin])) / _heldOutInBody;
                }

                seen += _fresh[bin];
                below += _heldOut[bin];
            }

            return 0.5;
        }
    }

    /// <summary>What it says, in a sentence or two.</summary>
    public string Sentence => !CanTell ? "Drift: the held-out scores are too few, or too much alike, to tell."
        : HasDrifted ? string.Create(CultureInfo.InvariantCulture, $"Drift: normal samples no longer score as in the calibration (p below {Math.Max(PValue, 1e-12):0.0###e-0}); half of them now score above {Middle:0 %} of the held-out ones instead of 50 %. The promised rate may not hold: see what has changed, and calibrate on fresh normal samples with 'hourglass detect calibrate'.")
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
            _body = 0;
        }

        var place = Array.BinarySearch(_edges, score);
        place = place >= 0 ? place : ~place;
        if (place == _edges.Length || !CanTell)
        {
            return; // above the body
        }

        var share = (double)_heldOut[place] / _heldOutInBody;
        var same = (double)(_heldOut[place] + _fresh[place]) / (_heldOutInBody + _body);
        var evidence = 0.0;
        for (var prior = 0; prior < Concentrations.Length; prior++)
        {
            _logEvidence[prior] += Math.Log(((Concentrations[prior] * share) + _fresh[place]) / (Concentrations[prior] + _body) / same);
            evidence += Math.Exp(_logEvidence[prior]) / Concentrations.Length;
        }

        _strongest = Math.Max(_strongest, Math.Log(evidence));
        _fresh[place]++;
        _body++;
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
            (_strongest, Count, _body) = (state.Strongest, state.Count, _fresh.Sum());
        }
    }

    // Upper edges, each a held-out score; a bin holds what is above the edge before it and not above its own.
    private static (double[] Edges, long[] HeldOut) Bins(ScoreDistribution scores)
    {
        var body = (long)(BodyShare * scores.Count);
        var bins = Math.Clamp(body / FewestInBin, 1, MostBins);
        var (edges, counts, below) = (new List<double>(), new List<long>(), 0L);
        for (var bin = 1; bin <= bins; bin++)
        {
            var edge = scores.Highest(scores.Count - (body * bin / bins) + 1);
            var atMost = scores.Count - scores.Above(edge);
            if (atMost > below)
            {
                edges.Add(edge);
                counts.Add(atMost - below);
                below = atMost;
            }
        }

        return ([.. edges], [.. counts]);
    }
}

/// <summary>What a drift test has seen.</summary>
/// <param name="Fresh">Scores of this run in each bin.</param>
/// <param name="LogEvidence">Evidence of this run for each alternative.</param>
/// <param name="Strongest">Strongest evidence of all runs.</param>
/// <param name="Count">Scores taken.</param>
public sealed record DriftState(long[] Fresh, double[] LogEvidence, double Strongest, long Count);
