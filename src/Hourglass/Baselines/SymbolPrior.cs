using Hourglass.Bottlenecks;
using Hourglass.Bundles;
using Hourglass.Engine;
using Hourglass.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Baselines;

/// <summary>An autoregressive density over the symbols of a discrete bottleneck: a recurrent network that guesses each symbol from those before it.</summary>
/// <remarks>The second stage of van den Oord et al. 2017, https://arxiv.org/abs/1711.00937, section 3.3, with a GRU (Cho et al. 2014) in the place of PixelCNN.</remarks>
public sealed class SymbolPrior : LatentDensity
{
    internal const string SymbolName = "autoregressive";
    private const int Steps = 1500;
    private const int BatchSize = 128;
    private readonly Network _network;

    private SymbolPrior(Network network) => _network = network;

    /// <inheritdoc/>
    public override string Name => SymbolName;

    /// <summary>Fits the network.</summary>
    /// <param name="symbols">Int64, [sample, place].</param>
    /// <param name="alphabet">Number of symbols.</param>
    /// <param name="seed">Seed of weights and order.</param>
    public static SymbolPrior Fit(Tensor symbols, int alphabet, int seed)
    {
        var network = new Network(alphabet, (int)symbols.shape[1]);
        WeightInitialization.Apply(network, Activation.Tanh, seed);
        using var training = enable_grad();
        using var noise = new Generator((ulong)(uint)seed);
        using var optimizer = optim.Adam(network.parameters(), 2e-3);
        for (var step = 0; step < Steps; step++)
        {
            using var scope = NewDisposeScope();
            var rows = (rand(Math.Min(BatchSize, symbols.shape[0]), generator: noise) * HeldScalar.Of(symbols.shape[0])).clamp(HeldScalar.Of(0), HeldScalar.Of(symbols.shape[0] - 1)).to(ScalarType.Int64);
            var batch = symbols.index_select(0, rows);
            optimizer.zero_grad();
            nn.functional.cross_entropy(network.Forward(batch).flatten(0, 1), batch.flatten()).backward();
            optimizer.step();
        }

        return new SymbolPrior(network);
    }

    /// <inheritdoc/>
    /// <returns>Int64, [count, place]: symbols, which the bottleneck turns into latents.</returns>
    public override Tensor Sample(int count, int seed)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var noise = new Generator((ulong)(uint)seed);
        return _network.Sample(count, noise).MoveToOuterDisposeScope();
    }

    internal override IEnumerable<StoredTensor> Tensors() => _network.named_parameters().Select(entry => TensorStorage.ToStored(entry.name, entry.parameter));

    /// <summary>From the bundle.</summary>
    internal static SymbolPrior FromTensors(IReadOnlyDictionary<string, StoredTensor> tensors, AutoencoderOptions options)
    {
        var alphabet = (options.Bottleneck as IDiscreteOptions)?.Symbols ?? throw new BundleException("The file holds a prior over symbols for a bottleneck that has none. The file is altered.");
        var places = options.LatentSize!.Value / (options.Bottleneck is VectorQuantisedOptions quantised ? quantised.CodeSize : 1);
        var network = new Network(alphabet, places);
        foreach (var (name, parameter) in network.named_parameters())
        {
            if (!tensors.TryGetValue(name, out var stored) || !stored.Shape.SequenceEqual(parameter.shape))
            {
                throw new BundleException($"The prior over symbols lacks '{name}' of shape [{string.Join(", ", parameter.shape)}]. The file is altered.");
            }

            TensorStorage.CopyTo(stored, parameter);
        }

        return new SymbolPrior(network);
    }

    private sealed class Network : nn.Module
    {
        private const int Width = 128;
        private readonly int _alphabet;
        private readonly Embedding _symbols;
        private readonly Parameter _places;
        private readonly GRU _memory;
        private readonly Linear _output;

        public Network(int alphabet, int places)
            : base(nameof(SymbolPrior))
        {
            using var scope = NewDisposeScope();
            _alphabet = alphabet;
            _symbols = nn.Embedding(alphabet + 1, Width); // the last one starts a sequence
            _places = nn.Parameter(zeros(places, Width));
            _memory = nn.GRU(Width, Width, batchFirst: true);
            _output = nn.Linear(Width, alphabet);
            RegisterComponents();
            foreach (var parameter in parameters())
            {
                parameter.DetachFromDisposeScope();
            }
        }

        /// <summary>[batch, place] to logits, [batch, place, symbol].</summary>
        public Tensor Forward(Tensor symbols)
        {
            var before = cat([full([symbols.shape[0], 1], (long)_alphabet), symbols.narrow(1, 0, symbols.shape[1] - 1)], 1);
            var (states, last) = _memory.call(_symbols.call(before) + _places);
            return _output.call(states);
        }

        public Tensor Sample(int count, Generator noise)
        {
            var symbol = full([count, 1], (long)_alphabet);
            var drawn = new List<Tensor>();
            Tensor? state = null;
            for (var place = 0L; place < _places.shape[0]; place++)
            {
                var (states, last) = _memory.call(_symbols.call(symbol) + _places.narrow(0, place, 1), state);
                state = last;
                var cumulative = _output.call(states.select(1, 0)).softmax(1).cumsum(1);
                symbol = (rand([count, 1], generator: noise) * cumulative.narrow(1, _alphabet - 1, 1)).gt(cumulative).sum([1L], keepdim: true).clamp(HeldScalar.Of(0), HeldScalar.Of(_alphabet - 1)).to(ScalarType.Int64);
                drawn.Add(symbol);
            }

            return cat(drawn, 1);
        }
    }
}
