using Hourglass.Engine;

namespace Hourglass.Baselines;

/// <summary>Expectation-maximisation over samples: both steps in one pass over pieces of them, by own loops, which know that factors are triangular and covariances symmetric.</summary>
/// <remarks>Pieces are added up in runs that do not depend on the number of threads: the same bits on one as on many.</remarks>
internal sealed class MixtureFit
{
    private const int Iterations = 60;
    private const int Runs = 8; // of pieces, one behind the other
    private const double LeastGain = 1e-6; // in nats a sample
    private readonly int _count;
    private readonly int _size;
    private readonly int _width;
    private readonly double[] _samples; // [piece, feature, sample]

    /// <summary>Takes samples.</summary>
    /// <param name="samples">[sample, feature].</param>
    /// <param name="size">Features.</param>
    public MixtureFit(ReadOnlySpan<double> samples, int size)
    {
        (_count, _size) = (samples.Length / size, size);
        _width = (size + MixturePass.Tile - 1) / MixturePass.Tile * MixturePass.Tile;
        _samples = new double[(_count + MixturePass.Rows - 1) / MixturePass.Rows * PieceLength];
        for (var sample = 0; sample < _count; sample++)
        {
            var (piece, row) = Math.DivRem(sample, MixturePass.Rows);
            for (var feature = 0; feature < size; feature++)
            {
                _samples[(piece * PieceLength) + (feature * MixturePass.Rows) + row] = samples[(sample * size) + feature];
            }
        }
    }

    private int PieceLength => _width * MixturePass.Rows;

    /// <summary>Fits a mixture.</summary>
    /// <param name="centres">Where the components begin, [component, feature].</param>
    /// <param name="chosen">The nearest centre of each sample.</param>
    /// <param name="ridge">Added to variances.</param>
    public (float[] Weights, float[] Means, float[] Factors) Run(ReadOnlySpan<double> centres, long[] chosen, double ridge)
    {
        var components = centres.Length / _size;
        var mixture = new MixtureState(components, _size, _width, ridge);
        for (var component = 0; component < components; component++)
        {
            centres.Slice(component * _size, _size).CopyTo(mixture.Means.AsSpan(component * _width));
        }

        var sums = Pass(components, (pass, piece) => pass.Pass(Piece(piece), chosen.AsSpan(piece * MixturePass.Rows, Held(piece)), mixture));
        var previous = double.NegativeInfinity;
        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            mixture.Maximise(sums);
            sums = Pass(components, (pass, piece) => pass.Pass(Piece(piece), Held(piece), mixture));
            var likelihood = sums.LogLikelihood / _count;
            if (likelihood - previous < LeastGain)
            {
                break;
            }

            previous = likelihood;
        }

        return (Array.ConvertAll(mixture.Weights, weight => (float)weight), mixture.Plain(mixture.Means, 1, 1), mixture.Plain(mixture.Factors, _size, _width));
    }

    private MixtureSums Pass(int components, Action<MixturePass, int> work)
    {
        var passes = new MixturePass[Runs];
        EngineThreads.Share(Runs, run =>
        {
            passes[run] = new MixturePass(components, _width);
            for (var piece = run; piece * PieceLength < _samples.Length; piece += Runs)
            {
                work(passes[run], piece);
            }
        });
        var sums = passes[0].Sums;
        Array.ForEach(passes[1..], pass => sums.Add(pass.Sums));
        return sums;
    }

    private ReadOnlySpan<double> Piece(int piece) => _samples.AsSpan(piece * PieceLength, PieceLength);

    private int Held(int piece) => Math.Min(MixturePass.Rows, _count - (piece * MixturePass.Rows));
}
