using System.Collections.Concurrent;
using System.Numerics.Tensors;
using Hourglass.Bundles;
using Hourglass.Kernels;

namespace Hourglass.Scoring;

/// <summary>Dense and convolutional models, and the principal components beside them, on the project's own kernels: no training engine is loaded.</summary>
/// <remarks>Equal to the training engine to rounding. A sample's results do not depend on the samples beside it, nor on the number of threads. Safe for concurrent calls.</remarks>
public sealed unsafe class KernelReconstructor : IReconstructor
{
    private const int ChunkValues = 1 << 16; // of the widest layer, so that a chunk's activations stay in the second cache
    private const int MaximumRows = 128;
    private readonly KernelNetwork _network;
    private readonly int _rows;
    private readonly int _threads;
    private readonly ConcurrentBag<Room> _rooms = [];
    private readonly Lock _turn = new(); // of the crew, which serves one caller
    private readonly bool _ownsNetwork;
    private PieceCrew? _crew;

    private KernelReconstructor(KernelNetwork network, int threads, bool ownsNetwork = true)
    {
        (_network, _ownsNetwork) = (network, ownsNetwork);
        var widest = network.Stages.Max(stage => Math.Max(stage.Stride, DenseMap.Stride(stage.Inputs)));
        _rows = Math.Clamp(ChunkValues / widest / DenseMap.TileRows * DenseMap.TileRows, DenseMap.TileRows, MaximumRows);
        _threads = Math.Max(1, threads);
    }

    /// <inheritdoc/>
    public int SampleLength => _network.Stages[0].Inputs;

    /// <inheritdoc/>
    public int LatentSize => _network.Stages[_network.EncoderStages - 1].Outputs;

    /// <summary>The model of a bundle, where the kernels run it.</summary>
    /// <param name="contents">What the file holds.</param>
    /// <param name="path">The file, for errors.</param>
    /// <param name="obstacle">Why the kernels do not run it; null when they do.</param>
    /// <param name="threads">Threads that share a call; the machine's processors when null.</param>
    /// <returns>The model; null with an obstacle.</returns>
    /// <exception cref="BundleException">The weights are not those that model.json asks for.</exception>
    public static KernelReconstructor? TryCreate(BundleContents contents, string path, out string? obstacle, int? threads = null) =>
        KernelLayout.Read(contents.Model, out obstacle) is { } layout ? new KernelReconstructor(KernelNetwork.Of(layout, contents.Weights, path), threads ?? Environment.ProcessorCount) : null;

    /// <summary>The principal components of a bundle, whatever its model is.</summary>
    /// <param name="contents">What the file holds.</param>
    /// <param name="path">The file, for errors.</param>
    /// <param name="threads">Threads that share a call; the machine's processors when null.</param>
    /// <exception cref="HourglassException">The file holds none.</exception>
    public static KernelReconstructor OfPca(BundleContents contents, string path, int? threads = null)
    {
        if (!contents.Weights.TryGetValue("pca.mean", out var mean) || !contents.Weights.TryGetValue("pca.components", out var components))
        {
            throw new HourglassException($"{path}: this model was saved without PCA; train it again.");
        }

        return components.Shape is [>= 1 and var count, var width] && width >= 1 && width == mean.Floats.Length
            ? new KernelReconstructor(KernelNetwork.OfComponents(mean.Floats, components.Floats, (int)count, path), threads ?? Environment.ProcessorCount)
            : throw new BundleException($"{path}: pca.components of shape [{string.Join(", ", components.Shape)}] does not fit {mean.Floats.Length} features. The file is altered.");
    }

    /// <inheritdoc/>
    public void Reconstruct(ReadOnlySpan<float> samples, Span<float> latents, Span<float> reconstructions)
    {
        var rows = SampleRows.Count(this, samples, latents);
        SampleRows.Require(this, rows, reconstructions);
        fixed (float* x = samples, z = latents, y = reconstructions)
        {
            Run(rows, new Ends(x, z, y));
        }
    }

    /// <summary>Errors of samples, measured while reconstructions are in the processor's cache.</summary>
    /// <param name="samples">[sample, value].</param>
    /// <param name="errors">What is measured of a row.</param>
    /// <param name="figures">Receives [sample, figure].</param>
    internal void Measure(ReadOnlySpan<float> samples, RowErrors errors, Span<float> figures)
    {
        var rows = samples.Length / SampleLength;
        fixed (float* x = samples, target = figures[..(rows * errors.Width)])
        {
            Run(rows, new Ends(x, null, null) { Errors = errors, Figures = target });
        }
    }

    /// <summary>Whether rows may come in tiles: nothing looks at a row as a whole.</summary>
    internal bool TakesTiles => _network.Centre is null && _network.Stages.All(stage => stage.IsByValue) && _network.Output.All(run => run.Rule == OutputRule.None);

    /// <summary>Errors of samples in tiles, on this thread, to the bits of <see cref="Measure(ReadOnlySpan{float}, RowErrors, Span{float})"/>.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="errors">What is measured of a row, by values.</param>
    /// <param name="figures">Receives [sample, figure].</param>
    internal void Measure(RowTiles samples, RowErrors errors, Span<float> figures)
    {
        var room = _rooms.TryTake(out var used) ? used : new Room(_network, _rows);
        fixed (float* target = figures[..(samples.Rows * errors.Width)])
        {
            for (var row = 0; row < samples.Rows; row += RowTiles.TileRows)
            {
                var tile = samples.Tile(row / RowTiles.TileRows);
                var input = tile;
                for (var number = 0; number < _network.Stages.Count; number++)
                {
                    _network.Stages[number].RunTile(input, room.Side(number + 1));
                    input = room.Side(number + 1);
                }

                errors.MeasureTile(tile, input, Math.Min(RowTiles.TileRows, samples.Rows - row), target + ((long)row * errors.Width));
            }
        }

        _rooms.Add(room);
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<float> samples, Span<float> latents)
    {
        var rows = SampleRows.Count(this, samples, latents);
        fixed (float* x = samples, z = latents)
        {
            Run(rows, new Ends(x, z, null));
        }
    }

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<float> latents, Span<float> reconstructions)
    {
        var rows = SampleRows.CountLatents(this, latents);
        SampleRows.Require(this, rows, reconstructions);
        fixed (float* z = latents, y = reconstructions)
        {
            Run(rows, new Ends(null, z, y));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _crew?.Dispose();
        while (_rooms.TryTake(out var room))
        {
            room.Dispose();
        }

        if (_ownsNetwork)
        {
            _network.Dispose();
        }
    }

    /// <summary>The same weights for one thread, beside others; only while this one is not disposed of.</summary>
    internal KernelReconstructor ForOneThread() => new(_network, 1, ownsNetwork: false);

    private void Run(int rows, Ends ends)
    {
        var chunks = (rows + _rows - 1) / _rows;
        if (chunks <= 1 || _threads == 1)
        {
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                RunChunk(chunk, rows, ends);
            }

            return;
        }

        lock (_turn)
        {
            (_crew ??= new PieceCrew(_threads)).Run(chunks, chunk => RunChunk(chunk, rows, ends));
        }
    }

    private void RunChunk(int chunk, int rows, Ends ends)
    {
        var room = _rooms.TryTake(out var used) ? used : new Room(_network, _rows);
        RunChunk(room, chunk, rows, ends);
        _rooms.Add(room);
    }

    private void RunChunk(Room room, int chunk, int rows, Ends ends)
    {
        var (first, count) = (chunk * _rows, Math.Min(_rows, rows - (chunk * _rows)));
        var start = Load(room, first, count, ends);
        for (var number = start; number < _network.Stages.Count; number++)
        {
            if (number == _network.EncoderStages && ends.Reconstructions is null && ends.Errors is null)
            {
                return;
            }

            _network.Stages[number].Run(room.Side(number), room.Side(number + 1), count, room.Scratch);
            if (number == _network.EncoderStages - 1 && start == 0 && ends.Latents is not null)
            {
                Store(room.Side(number + 1), count, LatentSize, ends.Latents + ((long)first * LatentSize));
            }
        }

        var output = room.Side(_network.Stages.Count);
        foreach (var run in _network.Output)
        {
            for (var row = 0; row < count; row++)
            {
                OutputRules.Apply(run.Rule, new Span<float>(output + ((long)row * DenseMap.Stride(SampleLength)) + run.Start, run.Length));
            }
        }

        if (ends.Errors is { } errors)
        {
            for (var row = 0; row < count; row++)
            {
                errors.Measure(ends.Samples + ((long)(first + row) * SampleLength), output + ((long)row * DenseMap.Stride(SampleLength)), ends.Figures + ((long)(first + row) * errors.Width));
            }

            return;
        }

        Store(output, count, SampleLength, ends.Reconstructions + ((long)first * SampleLength));
    }

    // Samples before the first stage; where there are none, latents before the decoder's first.
    private int Load(Room room, int first, int count, Ends ends)
    {
        if (ends.Samples is not null)
        {
            Load(ends.Samples + ((long)first * SampleLength), SampleLength, count, room.Side(0), _network.Centre);
            return 0;
        }

        Load(ends.Latents + ((long)first * LatentSize), LatentSize, count, room.Side(_network.EncoderStages), null);
        return _network.EncoderStages;
    }

    private static void Load(float* samples, int length, int count, float* target, float[]? subtracted)
    {
        var stride = DenseMap.Stride(length);
        for (var row = 0; row < DenseMap.Padded(count, DenseMap.TileRows); row++)
        {
            var room = new Span<float>(target + ((long)row * stride), length);
            if (row >= count)
            {
                room.Clear();
                continue;
            }

            var sample = new ReadOnlySpan<float>(samples + ((long)row * length), length);
            if (subtracted is { } centre)
            {
                TensorPrimitives.Subtract(sample, centre, room);
            }
            else
            {
                sample.CopyTo(room);
            }
        }
    }

    private static void Store(float* source, int count, int length, float* target)
    {
        for (var row = 0; row < count; row++)
        {
            new ReadOnlySpan<float>(source + ((long)row * DenseMap.Stride(length)), length).CopyTo(new Span<float>(target + ((long)row * length), length));
        }
    }

    // Where rows come from and go to; neither reconstructions nor errors, no decoding; no samples, no encoding.
    private readonly struct Ends(float* samples, float* latents, float* reconstructions)
    {
        public float* Samples { get; } = samples;

        public float* Latents { get; } = latents;

        public float* Reconstructions { get; } = reconstructions;

        public RowErrors? Errors { get; init; }

        public float* Figures { get; init; }
    }

    // A thread's own memory: two sides between which layers go back and forth.
    private sealed class Room : IDisposable
    {
        private readonly AlignedFloats _memory;

        private readonly long _side;

        public Room(KernelNetwork network, int rows)
        {
            var held = network.Stages.All(stage => stage.IsByValue) ? Math.Max(rows, RowTiles.TileRows) : rows; // only such networks run over tiles
            _side = (long)held * network.Stages.Max(stage => Math.Max(stage.Stride, DenseMap.Stride(stage.Inputs)));
            _memory = new AlignedFloats((2 * _side) + network.Stages.Max(stage => stage.Scratch));
        }

        public float* Scratch => _memory.Pointer + (2 * _side);

        /// <summary>What the stage of this number is given.</summary>
        public float* Side(int number) => _memory.Pointer + (number % 2 * _side);

        public void Dispose() => _memory.Dispose();
    }
}
