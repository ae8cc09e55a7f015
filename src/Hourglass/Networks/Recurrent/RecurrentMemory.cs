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
    /// <returns>The last layer's output at each step, [batch, step, width], and the state after the last.</returns>
    public (Tensor Outputs, RecurrentState State) Forward(Tensor steps, RecurrentState? state)
    {
        if (_long is not null)
        {
            var (outputs, hidden, cell) = _long.call(steps, state is { } before ? (before.Hidden, before.Cell!) : null);
            return (outputs, new RecurrentState(hidden, cell));
        }

        var (all, last) = _gated!.call(steps, state?.Hidden);
        return (all, new RecurrentState(last, null));
    }
}

/// <summary>What a recurrent network remembers.</summary>
/// <param name="Hidden">[layer, batch, width].</param>
/// <param name="Cell">The same for an LSTM; else null.</param>
internal readonly record struct RecurrentState(Tensor Hidden, Tensor? Cell);
