using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hourglass.Engine;
using Hourglass.Kernels;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Hourglass.Networks.Recurrent;

/// <summary>One pass of a GRU layer over a batch of series and, where asked for, the way back.</summary>
/// <remarks>reset = sigmoid(i_r + h_r); update = sigmoid(i_u + h_u); new = tanh(i_n + reset h_n); h' = new + update (h - new), with i = W x + b of the step's input and
/// h = V h + c of the state before. Rows are cut into parts that threads share; sums over parts run in one order, so that threads never change a bit.</remarks>
internal sealed unsafe class GatedPass : IDisposable
{
    private const int Gates = 3;
    private const int PartRows = 32;
    private static readonly DenseKernels Kernels = DenseKernels.Widest;
    private readonly int _batch;
    private readonly int _steps;
    private readonly int _inputs;
    private readonly int _width;
    private readonly int _rows;
    private readonly int _inputStride;
    private readonly int _stride;
    private readonly bool _keeps;
    private readonly List<Tensor> _memory = [];
    private readonly float* _maps;
    private readonly float* _given; // [step, row, value]
    private readonly float* _states; // [step + 1, row, unit]
    private readonly float*[] _gates = new float*[4]; // reset, update, new and the state's part of new, each [step, row, unit]

    /// <summary>Takes memory of the engine's, which goes with the scope of the step.</summary>
    /// <param name="batch">Series.</param>
    /// <param name="steps">Steps of each.</param>
    /// <param name="inputs">Values in a step.</param>
    /// <param name="width">Values in a state.</param>
    /// <param name="keeps">Whether the way back will be asked for.</param>
    public GatedPass(int batch, int steps, int inputs, int width, bool keeps)
    {
        (_batch, _steps, _inputs, _width, _keeps) = (batch, steps, inputs, width, keeps);
        (_rows, _inputStride, _stride) = (DenseMap.Padded(batch, DenseMap.TileRows), DenseMap.Stride(inputs), DenseMap.Stride(width));
        _maps = Room(MapsLength);
        var kept = keeps ? steps : 1;
        _given = Room((long)kept * _rows * _inputStride);
        _states = Room((long)(keeps ? steps + 1 : 1) * _rows * _stride, isFilled: true);
        new Span<float>(_states, _rows * _stride).Clear();
        for (var gate = 0; gate < _gates.Length; gate++)
        {
            _gates[gate] = Room((long)kept * _rows * _stride, isFilled: true);
        }
    }

    /// <summary>Whether gradients of the steps are asked for; else they stay unwritten.</summary>
    public bool ReachesSteps { get; init; } = true;

    private int Parts => (_rows + PartRows - 1) / PartRows;

    private long MapsLength => Gates * (DenseMap.Length(_inputs, _width) + DenseMap.Length(_width, _width));

    private long ScratchLength => (long)DenseMap.TileRows * Math.Max(_inputStride, _stride);

    /// <summary>From steps to states.</summary>
    /// <param name="steps">[batch, step, value].</param>
    /// <param name="state">[batch, width].</param>
    /// <param name="weights">weight_ih, weight_hh, bias_ih, bias_hh.</param>
    /// <returns>[batch, step, width].</returns>
    public Tensor Forward(Tensor steps, Tensor state, IReadOnlyList<Tensor> weights)
    {
        for (var gate = 0; gate < Gates; gate++)
        {
            Pack(InputMap(gate, _maps), weights[0], weights[2], gate);
            Pack(StateMap(gate, _maps), weights[1], weights[3], gate);
        }

        var (given, before) = (steps.contiguous(), state.contiguous());
        var outputs = empty(_batch, _steps, _width);
        for (var row = 0; row < _batch; row++)
        {
            Values(before).Slice(row * _width, _width).CopyTo(new Span<float>(_states + ((long)row * _stride), _width));
        }

        var (source, target) = ((IntPtr)Pointer(given), (IntPtr)Pointer(outputs));
        var room = (IntPtr)Room(Parts * PartLength(4));
        ForEachPart((part, first, rows) => ForwardPart(first, rows, (float*)source, (float*)target, (float*)room + (part * PartLength(4))));
        GC.KeepAlive((this, given, before));
        return outputs;
    }

    /// <summary>From gradients of the states to those of everything that went in.</summary>
    /// <param name="gradient">[batch, step, width].</param>
    /// <returns>Of steps, state, weight_ih, weight_hh, bias_ih and bias_hh.</returns>
    public List<Tensor> Backward(Tensor gradient)
    {
        var back = Room(Gates * (DenseMap.Length(_width, _inputs) + DenseMap.Length(_width, _width)));
        for (var gate = 0; gate < Gates; gate++)
        {
            var (input, state) = (InputMap(gate, _maps), StateMap(gate, _maps));
            Kernels.Transpose(input, InputBack(gate, back), 0, input.Tiles);
            Kernels.Transpose(state, StateBack(gate, back), 0, state.Tiles);
        }

        var given = gradient.contiguous();
        Tensor steps = empty(_batch, _steps, _inputs), before = empty(_batch, _width);
        var sums = (IntPtr)Room(Parts * MapsLength);
        var (source, toSteps, toState, ways) = ((IntPtr)Pointer(given), (IntPtr)Pointer(steps), (IntPtr)Pointer(before), (IntPtr)back);
        var room = (IntPtr)Room(Parts * PartLength(6));
        ForEachPart((part, first, rows) => BackwardPart(
            first, rows, (float*)source, (float*)toSteps, (float*)toState, (float*)ways, (float*)sums + (part * MapsLength), (float*)room + (part * PartLength(6))));
        for (var part = 1; part < Parts; part++)
        {
            var all = new Span<float>((float*)sums, (int)MapsLength);
            TensorPrimitives.Add(all, new ReadOnlySpan<float>((float*)sums + (part * MapsLength), (int)MapsLength), all);
        }

        List<Tensor> gradients = [steps, before, .. Unpack((float*)sums)];
        GC.KeepAlive((this, given));
        return gradients;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.ForEach(memory => memory.Dispose());

    private long PartLength(int arrays) => (arrays * (long)PartRows * Math.Max(_stride, _inputStride)) + ScratchLength;

    private void ForwardPart(int first, int rows, float* source, float* target, float* room)
    {
        var count = rows * _stride;
        var scratch = room + ((long)4 * PartRows * Math.Max(_stride, _inputStride));
        float* PartOf(int number) => room + ((long)number * PartRows * Math.Max(_stride, _inputStride));
        for (var step = 0; step < _steps; step++)
        {
            var given = _given + (Slot(step, first) * _inputStride);
            for (var row = first; row < Math.Min(first + rows, _batch); row++)
            {
                new ReadOnlySpan<float>(source + ((((long)row * _steps) + step) * _inputs), _inputs).CopyTo(new Span<float>(given + ((long)(row - first) * _inputStride), _inputs));
            }

            float* before = State(step, first), after = State(step + 1, first);
            for (var gate = 0; gate < Gates; gate++)
            {
                Kernels.Map(InputMap(gate, _maps), given, PartOf(gate), rows, scratch);
            }

            float* reset = Gate(0, step, first), update = Gate(1, step, first), fresh = Gate(2, step, first), recalled = Gate(3, step, first);
            Kernels.Map(StateMap(0, _maps), before, reset, rows, scratch);
            Kernels.Map(StateMap(1, _maps), before, update, rows, scratch);
            Kernels.Map(StateMap(2, _maps), before, recalled, rows, scratch);
            TensorPrimitives.Add(Run(reset, count), Run(PartOf(0), count), Run(reset, count));
            TensorPrimitives.Add(Run(update, count), Run(PartOf(1), count), Run(update, count));
            Kernels.Activate(DenseActivation.Sigmoid, reset, count);
            Kernels.Activate(DenseActivation.Sigmoid, update, count);
            TensorPrimitives.MultiplyAdd(Run(reset, count), Run(recalled, count), Run(PartOf(2), count), Run(fresh, count));
            Kernels.Activate(DenseActivation.Tanh, fresh, count);
            TensorPrimitives.Subtract(Run(before, count), Run(fresh, count), Run(PartOf(3), count));
            TensorPrimitives.MultiplyAdd(Run(update, count), Run(PartOf(3), count), Run(fresh, count), Run(after, count));
            for (var row = first; row < Math.Min(first + rows, _batch); row++)
            {
                Run(after + ((long)(row - first) * _stride), _width).CopyTo(Run(target + ((((long)row * _steps) + step) * _width), _width));
            }
        }
    }

    private void BackwardPart(int first, int rows, float* source, float* toSteps, float* toState, float* ways, float* sums, float* room)
    {
        var length = (long)PartRows * Math.Max(_stride, _inputStride);
        float* carried = room, part = room + length, scratch = room + (6 * length);
        float* toReset = room + (2 * length), toUpdate = room + (3 * length), toNew = room + (4 * length), toRecalled = room + (5 * length);
        for (var step = _steps - 1; step >= 0; step--)
        {
            for (var row = first; row < Math.Min(first + rows, _batch); row++)
            {
                var all = Run(carried + ((long)(row - first) * _stride), _width);
                TensorPrimitives.Add(all, Run(source + ((((long)row * _steps) + step) * _width), _width), all);
            }

            Slopes(step, first, rows * _stride, carried, toReset, toUpdate, toNew, toRecalled);
            float* before = State(step, first), given = _given + (Slot(step, first) * _inputStride);
            Span<IntPtr> ofState = [(IntPtr)toReset, (IntPtr)toUpdate, (IntPtr)toRecalled], ofInput = [(IntPtr)toReset, (IntPtr)toUpdate, (IntPtr)toNew];
            var rule = new AddRule(_maps, sums);
            for (var gate = 0; gate < Gates; gate++)
            {
                var (state, input) = (StateMap(gate, _maps), InputMap(gate, _maps));
                Kernels.Gradient(state, before, (float*)ofState[gate], rows, 0, state.Tiles, rule);
                Kernels.BiasGradient(state, (float*)ofState[gate], rows, rule);
                Kernels.Gradient(input, given, (float*)ofInput[gate], rows, 0, input.Tiles, rule);
                Kernels.BiasGradient(input, (float*)ofInput[gate], rows, rule);
                Kernels.Map(StateBack(gate, ways), (float*)ofState[gate], part, rows, scratch);
                TensorPrimitives.Add(Run(carried, rows * _stride), Run(part, rows * _stride), Run(carried, rows * _stride));
            }

            if (ReachesSteps)
            {
                BackToSteps(step, first, rows, ofInput, ways, toSteps, part, scratch);
            }
        }

        for (var row = first; row < Math.Min(first + rows, _batch); row++)
        {
            Run(carried + ((long)(row - first) * _stride), _width).CopyTo(Run(toState + ((long)row * _width), _width));
        }
    }

    // Gradients of what the gates squash, from that of the state after the step; the state before gets its direct share.
    private void Slopes(int step, int first, int count, float* carried, float* toReset, float* toUpdate, float* toNew, float* toRecalled)
    {
        float* reset = Gate(0, step, first), update = Gate(1, step, first), fresh = Gate(2, step, first), recalled = Gate(3, step, first), before = State(step, first);
        for (var place = 0; place < count; place += Vector<float>.Count)
        {
            var (r, u, n, h) = (Vector.Load(reset + place), Vector.Load(update + place), Vector.Load(fresh + place), Vector.Load(before + place));
            var gradient = Vector.Load(carried + place);
            var ofNew = gradient * (Vector<float>.One - u) * (Vector<float>.One - (n * n));
            (gradient * (h - n) * u * (Vector<float>.One - u)).Store(toUpdate + place);
            (ofNew * Vector.Load(recalled + place) * r * (Vector<float>.One - r)).Store(toReset + place);
            (ofNew * r).Store(toRecalled + place);
            ofNew.Store(toNew + place);
            (gradient * u).Store(carried + place);
        }
    }

    private void BackToSteps(int step, int first, int rows, ReadOnlySpan<IntPtr> gates, float* ways, float* toSteps, float* part, float* scratch)
    {
        for (var gate = 0; gate < Gates; gate++)
        {
            Kernels.Map(InputBack(gate, ways), (float*)gates[gate], part, rows, scratch);
            for (var row = first; row < Math.Min(first + rows, _batch); row++)
            {
                Span<float> share = Run(part + ((long)(row - first) * _inputStride), _inputs), all = Run(toSteps + ((((long)row * _steps) + step) * _inputs), _inputs);
                if (gate == 0)
                {
                    share.CopyTo(all);
                }
                else
                {
                    TensorPrimitives.Add(all, share, all);
                }
            }
        }
    }

    private IEnumerable<Tensor> Unpack(float* sums)
    {
        Tensor inputs = empty(Gates * _width, _inputs), states = empty(Gates * _width, _width), inputBias = empty(Gates * _width), stateBias = empty(Gates * _width);
        for (var gate = 0; gate < Gates; gate++)
        {
            InputMap(gate, sums).Unpack(Of(inputs, gate), Of(inputBias, gate));
            StateMap(gate, sums).Unpack(Of(states, gate), Of(stateBias, gate));
        }

        return [inputs, states, inputBias, stateBias];
    }

    private void ForEachPart(Action<int, int, int> work) => EngineThreads.Share(Parts, part => work(part, part * PartRows, Math.Min(PartRows, _rows - (part * PartRows))));

    private static void Pack(DenseMap map, Tensor weights, Tensor bias, int gate) => map.Pack(Of(weights, gate), Of(bias, gate));

    // The third of a tensor that belongs to a gate.
    private static Span<float> Of(Tensor tensor, int gate)
    {
        var values = Values(tensor);
        return values.Slice(gate * values.Length / Gates, values.Length / Gates);
    }

    private DenseMap InputMap(int gate, float* memory) => DenseMap.Over(_inputs, _width, memory + (gate * DenseMap.Length(_inputs, _width)));

    private DenseMap StateMap(int gate, float* memory) => DenseMap.Over(_width, _width, memory + (Gates * DenseMap.Length(_inputs, _width)) + (gate * DenseMap.Length(_width, _width)));

    private DenseMap InputBack(int gate, float* memory) => DenseMap.Over(_width, _inputs, memory + (gate * DenseMap.Length(_width, _inputs)));

    private DenseMap StateBack(int gate, float* memory) => DenseMap.Over(_width, _width, memory + (Gates * DenseMap.Length(_width, _inputs)) + (gate * DenseMap.Length(_width, _width)));

    private float* Gate(int gate, int step, int row) => _gates[gate] + (Slot(step, row) * _stride);

    private float* State(int step, int row) => _states + (Slot(step, row) * _stride);

    // Without a way back, every step writes over the one before.
    private long Slot(int step, int row) => (_keeps ? (long)step * _rows : 0) + row;

    private float* Room(long length, bool isFilled = false)
    {
        _memory.Add(isFilled ? empty(length) : zeros(length));
        return Pointer(_memory[^1]);
    }

    private static float* Pointer(Tensor tensor) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Values(tensor)));

    private static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    private static Span<float> Run(float* start, int count) => new(start, count);

    /// <summary>Gradients of several steps add up.</summary>
    private readonly struct AddRule(float* values, float* gradients) : IGradientRule
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Ask(float* parameters) => CacheLine.Ask(gradients + (parameters - values));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Take<TLanes, TVector>(float* parameters, TVector gradient, bool isBias)
            where TLanes : ILanes<TVector>
            where TVector : struct
        {
            var target = gradients + (parameters - values);
            TLanes.Store(TLanes.Add(TLanes.Load(target), gradient), target);
        }
    }
}
