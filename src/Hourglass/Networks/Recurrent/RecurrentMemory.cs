using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks.Recurrent;

/// <summary>A stack of GRU or LSTM layers behind one interface.</summary>
internal sealed class RecurrentMemory : nn.Module
{
    private readonly GRU? _gated;
    private readonly LSTM? _long;

    public RecurrentMemory(RecurrentNetworkOptions options, int inputSize)
        : base(nameof(RecurrentMemory))
    {
        (_gated, _long) = options.Cell == RecurrentCell.Lstm
            ? (null, nn.LSTM(inputSize, options.Width, options.Layers, batchFirst: true))
            : (nn.GRU(inputSize, options.Width, options.Layers, batchFirst: true), (LSTM?)null);
        RegisterComponents();
    }

    /// <summary>Runs over steps.</summary>
    /// <param name="steps">[batch, step, value].</param>
    /// <param name="state">Before the first step; zeros when null.</param>
    /// <param name="context">Whether this is a training step.</param>
    /// <returns>The last layer's output at each step, [batch, step, width], and the state after the last.</returns>
    public (Tensor Outputs, RecurrentState State) Forward(Tensor steps, RecurrentState? state, StepContext context)
    {
        if (_long is not null)
        {
            var (outputs, hidden, cell) = _long.call(steps, state is { } before ? (before.Hidden, before.Cell!) : null);
            return (outputs, new RecurrentState(hidden, cell));
        }

        // Penalties on Jacobians differentiate twice, outside the training pass, and only the engine's own layer can do that.
        var (all, last) = steps.shape[1] > 1 && steps.device.type == DeviceType.CPU && (context.IsTraining || !is_grad_enabled())
            ? Sequences(steps, state?.Hidden)
            : _gated!.call(steps, state?.Hidden);
        return (all, new RecurrentState(last, null));
    }

    private (Tensor Outputs, Tensor Last) Sequences(Tensor steps, Tensor? start)
    {
        const int WeightsOfLayer = 4;
        var weights = _gated!.parameters().ToList();
        var lasts = new List<Tensor>();
        for (var layer = 0; layer < weights.Count / WeightsOfLayer; layer++)
        {
            var width = weights[(layer * WeightsOfLayer) + 1].shape[1];
            steps = GatedSequence.Apply(steps, start?.select(0, layer) ?? zeros(steps.shape[0], width), weights.GetRange(layer * WeightsOfLayer, WeightsOfLayer));
            lasts.Add(steps.select(1, steps.shape[1] - 1));
        }

        return (steps, stack(lasts, 0));
    }
}

/// <summary>What a recurrent network remembers.</summary>
/// <param name="Hidden">[layer, batch, width].</param>
/// <param name="Cell">The same for an LSTM; else null.</param>
internal readonly record struct RecurrentState(Tensor Hidden, Tensor? Cell);
