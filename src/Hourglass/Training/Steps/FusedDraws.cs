using System.Numerics.Tensors;
using Hourglass.Bottlenecks;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>Several draws from each sample's Gaussian under the standard normal prior: the importance-weighted bound, its gradient plain or doubly reparameterised.</summary>
/// <remarks>Burda et al. 2016, https://arxiv.org/abs/1509.00519, equations 8 and 14; Tucker et al. 2019, https://arxiv.org/abs/1810.04152, equation 8. All samples' first draws stand first, then their second ones, each run
/// as long as the padded batch.</remarks>
internal sealed unsafe class FusedDraws(GaussianOptions options, FusedRoom room, FusedLayer mean, FusedLayer logVariance, int blocks) : FusedPosterior(options, room, mean, logVariance, blocks)
{
    private readonly float* _gradients = room.Take(DenseMap.Stride(mean.Outputs), options.Draws);
    private readonly float* _noise = room.Take(DenseMap.Stride(mean.Outputs), options.Draws);
    private readonly float[] _shares = new float[room.Rows * options.Draws];
    private int _block;
    private double _weight;

    /// <summary>Draws of each sample.</summary>
    public int Count => Options.Draws;

    protected override float* Noise => _noise;

    public override float* Gradients => _gradients;

    public override bool LooksAtBatch => false;

    /// <summary>What a draw counts for in its sample's bound.</summary>
    public ref float Share(int row, int draw) => ref _shares[(row * Options.Draws) + draw];

    public override void Draw(int rows, StepContext context)
    {
        _weight = Weight(context);
        _block = DenseMap.Padded(rows, DenseMap.TileRows);
        using var drawn = context.Normal([(long)Options.Draws * rows, Size]);
        for (var draw = 0; draw < Options.Draws; draw++)
        {
            using var part = drawn.narrow(0, (long)draw * rows, rows);
            TensorRows.Copy(part, Size, _noise + ((long)draw * _block * Latents.Stride), Latents.Stride);
        }
    }

    // Rows that only pad the batch have no gradient.
    public override void Forward(int first, int last)
    {
        for (var row = first; row < last; row++)
        {
            TakeDeviation(row);
            Row(Latents.Gradient, row).Clear();
            Row(LogVariance.Gradient, row).Clear();
            for (var draw = 0; draw < Options.Draws; draw++)
            {
                TensorPrimitives.MultiplyAdd<float>(Row(Deviation, row), Drawn(_noise, row, draw), Row(Latents.After, row), Drawn(Values, row, draw));
            }
        }
    }

    /// <summary>log q(z|x) - log p(z), times beta.</summary>
    public double Penalty(int row, int draw)
    {
        var total = 0.0;
        var noise = Drawn(_noise, row, draw);
        var value = Drawn(Values, row, draw);
        var log = Row(LogVariance.After, row);
        for (var unit = 0; unit < Size; unit++)
        {
            total += ((double)value[unit] * value[unit]) - ((double)noise[unit] * noise[unit]) - Math.Clamp(log[unit], -LargestLogVariance, LargestLogVariance);
        }

        return total * 0.5 * _weight;
    }

    // What came from the decoder is weighted by the draws' shares already.
    public override void Backward(int first, int last, float scale, StepContext context, double[] penalties)
    {
        for (var row = first; row < last; row++)
        {
            penalties[row] = 0;
            for (var draw = 0; draw < Options.Draws; draw++)
            {
                Backward(row, draw, (float)(scale * _weight));
            }
        }
    }

    // Plainly, log q depends on the log-variance alone, for its draw moves along. Doubly reparameterised, it counts as a function of the draw, and by the share once more.
    private void Backward(int row, int draw, float scale)
    {
        var (share, isDouble) = (Share(row, draw), Options.DoublyReparameterized);
        var toMean = Row(Latents.Gradient, row);
        var toLog = Row(LogVariance.Gradient, row);
        var log = Row(LogVariance.After, row);
        var deviation = Row(Deviation, row);
        var reaching = Drawn(_gradients, row, draw);
        var value = Drawn(Values, row, draw);
        var noise = Drawn(_noise, row, draw);
        for (var unit = 0; unit < Size; unit++)
        {
            var pull = value[unit] - (isDouble ? noise[unit] / deviation[unit] : 0);
            var gradient = (reaching[unit] + (share * scale * pull)) * (isDouble ? share : 1);
            toMean[unit] += gradient;
            var slope = (gradient * noise[unit] * deviation[unit] * 0.5f) - (isDouble ? 0 : share * scale * 0.5f);
            toLog[unit] += Math.Abs(log[unit]) <= LargestLogVariance ? slope : 0;
        }
    }

    private Span<float> Drawn(float* values, int row, int draw) => new(values + Place(row, draw), Size);

    private long Place(int row, int draw) => (((long)draw * _block) + row) * Latents.Stride;
}
