using System.Runtime.InteropServices;
using Hourglass.Bottlenecks;

namespace Hourglass.Training.Steps;

/// <summary>The largest latents of each sample, kept as entries, and how long each unit has been silent: the arithmetic of <see cref="TopK"/>.</summary>
internal sealed unsafe class FusedTopK(TopKOptions options, FusedPlan plan, FusedRoom room, FusedLayer layer) : FusedBottleneck(room, layer)
{
    private readonly float[] _idle = new float[layer.Outputs]; // training samples since each unit fired
    private readonly double[] _fired = new double[layer.Outputs]; // samples of the batch

    /// <summary>Latents above 0; a second row of each sample for units that are being revived.</summary>
    public SparseEntries Entries { get; } = new(plan.Revives ? 2 * room.Rows : room.Rows, layer.Outputs, options.Active);

    public override float* Values => null;

    public override bool LooksAtBatch => true;

    /// <summary>Training samples since each unit fired.</summary>
    public ReadOnlySpan<float> Idle => _idle;

    public override void Begin(TrainingState state) => Buffer(state).CopyTo(_idle);

    public override void End(TrainingState state) => _idle.CopyTo(Buffer(state));

    public override double Look(int rows, StepContext context)
    {
        Array.Clear(_fired);
        for (var row = 0; row < rows; row++)
        {
            foreach (var unit in Entries.Places(row))
            {
                _fired[unit]++;
            }
        }

        context.Share!.Sum(_fired);
        for (var unit = 0; unit < _idle.Length; unit++)
        {
            _idle[unit] = _fired[unit] > 0 ? 0 : _idle[unit] + context.Share.Together;
        }

        return 0;
    }

    // Entries are above 0, where the rectifier's slope is 1.
    public override void Backward(int first, int last, float scale, StepContext context, double[] penalties)
    {
    }

    private static Span<float> Buffer(TrainingState state) =>
        MemoryMarshal.Cast<byte, float>(state.Parameters.Buffers.First(buffer => buffer.Name == "_bottleneck._idle").Tensor.bytes);
}
