using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>Rows of weights whose inputs are all zero for some steps: the steps are made up for, one after another, when a row is next in use or an epoch ends.</summary>
/// <remarks>A step without a gradient still moves a weight, by momentum, decay and penalties. The same arithmetic in the same order gives the same bits as steps made in time;
/// what is saved is the way of weights and moments to memory and back.</remarks>
internal sealed unsafe class LazyRows(SparseFusedMap map, FusedWeights weights, FusedRoom room, bool isPulled)
{
    private readonly int[] _done = new int[map.Layer.RowCount]; // steps of those that are remembered
    private readonly bool[] _moves = new bool[map.Layer.RowCount];

    /// <summary>When weights and moments have come from elsewhere.</summary>
    public void Begin()
    {
        Array.Clear(_done);
        for (var row = 0; row < _moves.Length; row++)
        {
            _moves[row] = isPulled;
            for (var state = 0; state < weights.States && !_moves[row]; state++)
            {
                var moments = new ReadOnlySpan<float>(weights.State(state) + (map.Rows - weights.Values) + ((long)row * map.Stride), map.Stride);
                _moves[row] = moments.ContainsAnyExcept(0f);
            }
        }
    }

    /// <summary>Makes up for the steps that a row has missed.</summary>
    /// <param name="row">The row.</param>
    /// <param name="steps">All that are remembered.</param>
    public void CatchUp<TRule>(int row, List<TRule> steps)
        where TRule : struct, IGradientRule
    {
        for (var step = _moves[row] ? _done[row] : steps.Count; step < steps.Count; step++)
        {
            DenseKernels.Widest.Apply(map.Rows + ((long)row * map.Stride), room.Zeros, map.Stride, isBias: false, steps[step]);
        }

        _done[row] = steps.Count;
    }

    /// <summary>A row takes part in the step that comes after the remembered ones.</summary>
    public void Use(int row) => (_done[row], _moves[row]) = (_done[row] + 1, true);

    /// <summary>A row has taken a step that all rows took.</summary>
    public void Stir(int row) => _moves[row] = true;

    /// <summary>When no step is remembered any more.</summary>
    public void Forget() => Array.Clear(_done);
}
