using Hourglass.Kernels;

namespace Hourglass.Scoring;

/// <summary>One linear map with what follows it, over some samples.</summary>
internal abstract unsafe class KernelStage(DenseActivation activation)
{
    /// <summary>Values in.</summary>
    public abstract int Inputs { get; }

    /// <summary>Values out.</summary>
    public abstract int Outputs { get; }

    /// <summary>Values of scratch that it needs.</summary>
    public abstract long Scratch { get; }

    /// <summary>Row length of what it puts out.</summary>
    public int Stride => DenseMap.Stride(Outputs);

    /// <summary>Runs it.</summary>
    /// <param name="input">[sample, input] with the kernels' stride; there is room for a multiple of <see cref="DenseMap.TileRows"/> samples, here and in the output.</param>
    /// <param name="output">Receives [sample, output].</param>
    /// <param name="count">Samples.</param>
    /// <param name="scratch">As much as <see cref="Scratch"/> says.</param>
    public abstract void Run(float* input, float* output, int count, float* scratch);

    /// <summary>Whether nothing looks at a row as a whole, so that <see cref="RunTile"/> may be asked.</summary>
    public virtual bool IsByValue => false;

    /// <summary>Runs it over a tile of <see cref="RowTiles"/>, to the bits of <see cref="Run"/>; only where it goes by values.</summary>
    /// <param name="input">[input][row].</param>
    /// <param name="output">Receives [output][row], outputs padded to a multiple of 4.</param>
    public virtual void RunTile(float* input, float* output) => throw new NotSupportedException("This stage looks at rows as a whole.");

    /// <summary>The activation over values, in place.</summary>
    protected void Activate(float* values, int count) => DenseKernels.Widest.Activate(activation, values, count);
}

/// <summary>A map of rows.</summary>
internal sealed unsafe class DenseStage(in DenseMap map, MapPlan plan) : KernelStage(plan.Activation)
{
    private readonly DenseMap _map = map;
    private readonly bool _isRelu = plan.Activation == DenseActivation.Relu;
    private readonly LayerScale? _scale = plan.Scale;
    private readonly LatentRule? _latents = plan.Latents;

    public override int Inputs => _map.Inputs;

    public override int Outputs => _map.Outputs;

    public override long Scratch => DenseMap.TileRows * (long)DenseMap.Stride(_map.Inputs);

    public override void Run(float* input, float* output, int count, float* scratch)
    {
        var rows = DenseMap.Padded(count, DenseMap.TileRows);
        DenseKernels.Widest.Map(_map, input, output, rows, scratch);
        for (var row = 0; row < rows && _scale is not null; row++)
        {
            _scale.Apply(output + ((long)row * Stride), places: 1, Stride);
        }

        Activate(output, rows * Stride);
        for (var row = 0; row < rows && _latents is not null; row++)
        {
            _latents.Apply(Row(output, row));
        }
    }

    public override bool IsByValue => _scale is null && _latents is null;

    public override void RunTile(float* input, float* output)
    {
        DenseKernels.Widest.MapTile(_map, input, output, _isRelu);
        if (!_isRelu)
        {
            Activate(output, Outputs * RowTiles.TileRows);
        }
    }

    private Span<float> Row(float* values, int row) => new(values + ((long)row * Stride), Outputs);
}

/// <summary>A convolution, transposed or not.</summary>
/// <param name="map">From patches to places, or, where it grows, from places to patches.</param>
/// <param name="plan">What it is.</param>
/// <param name="bias">Of the larger picture's channels, padded, where it grows.</param>
internal sealed unsafe class ConvolutionStage(in DenseMap map, MapPlan plan, float* bias) : KernelStage(plan.Activation)
{
    private readonly DenseMap _map = map;
    private readonly PatchShape _shape = plan.Patches!.Shape;
    private readonly bool _grows = plan.Patches.Grows;
    private readonly int _channels = plan.Patches.Grows ? plan.Inputs : plan.Outputs; // of the smaller picture
    private readonly LayerScale? _scale = plan.Scale;

    public override int Inputs => _grows ? SmallLength : _shape.PictureLength;

    public override int Outputs => _grows ? _shape.PictureLength : SmallLength;

    public override long Scratch => PatchProducts.Scratch(_shape, _channels);

    private int SmallLength => _shape.Places * DenseMap.Stride(_channels);

    public override void Run(float* input, float* output, int count, float* scratch)
    {
        if (_grows)
        {
            PatchProducts.Grow(_map, _shape, input, output, bias, 0, count, scratch);
        }
        else
        {
            PatchProducts.Shrink(_map, _shape, input, output, 0, count, scratch);
        }

        var places = _grows ? _shape.Height * _shape.Width : _shape.Places;
        for (var sample = 0; sample < count && _scale is not null; sample++)
        {
            _scale.Apply(output + ((long)sample * Stride), places, DenseMap.Stride(_scale.Gain.Length));
        }

        Activate(output, count * Stride);
    }
}
