using Hourglass.Kernels;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>Losses of held-out samples by the step's own maps and weights: no dropout, no corruption, one draw of latents at most. Neither threads nor the size of a batch change a bit.</summary>
internal sealed class FusedEvaluation(FusedPlan plan, FusedRoom room, FusedInput input, FusedBottleneck bottleneck, FusedComparison comparison, FusedMap[] maps, FusedMap? logVariance, FusedFunction[] functions, WorkCrew crew)
{
    private readonly double[] _losses = new double[room.Rows];
    private readonly double[] _penalties = new double[room.Rows];

    /// <summary>Mean over samples, in nats a sample.</summary>
    /// <param name="samples">Which.</param>
    /// <param name="noise">What latents and observed samples are drawn from.</param>
    public double Loss(ReadOnlySpan<long> samples, Generator noise)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var context = StepContext.Validation(noise);
        Array.ForEach(functions, function => function.Normalization?.BeginEvaluation());
        var (observed, drawn) = (input.Observed(samples, context), bottleneck.BeginEvaluation(samples.Length, context)); // in the model's order
        var total = 0.0;
        for (var start = 0; start < samples.Length; start += room.Rows)
        {
            var rows = Math.Min(room.Rows, samples.Length - start);
            total += Part(samples.Slice(start, rows), observed?.narrow(0, start, rows), drawn?.narrow(0, start, rows));
        }

        return (total / samples.Length) + bottleneck.PenaltyTogether(samples.Length);
    }

    private double Part(ReadOnlySpan<long> samples, Tensor? observed, Tensor? drawn)
    {
        var (rows, total) = (samples.Length, 0.0);
        input.Show(samples, observed);
        if (drawn is not null)
        {
            bottleneck.Take(drawn);
        }

        FusedProgram.ForEachPart(crew, rows, (thread, first, last) => Rows(thread, first, last, rows));
        bottleneck.Evaluated(rows);
        for (var row = 0; row < rows; row++)
        {
            total += _losses[row] + _penalties[row];
        }

        return total;
    }

    private unsafe void Rows(int thread, int first, int last, int rows)
    {
        input.Gather(first, Math.Min(last, rows), room.ScratchOf(thread));
        for (var place = 0; place < maps.Length; place++)
        {
            maps[place].Forward(thread, first, last);
            functions[place].Evaluate(first, last);
            if (place == plan.LatentLayer)
            {
                logVariance?.Forward(thread, first, last);
                bottleneck.Evaluate(first, last, _penalties);
            }
        }

        comparison.Run(thread, first, last, rows, 0, _losses);
    }
}
