using Hourglass.Bundles;

namespace Hourglass.Detection.Terms;

/// <summary>Trees of random cuts, all in flat arrays: a node's children stand together, after it.</summary>
internal sealed class IsolationForest
{
    private const double Euler = 0.57721566490153286;
    private readonly long[] _roots;
    private readonly long[] _features; // of each node; -1 for a leaf
    private readonly float[] _cuts;
    private readonly long[] _children; // the lower side's node; the upper one's is the next
    private readonly long[] _counts; // samples that reached the node when it was grown
    private readonly double _unit;

    private IsolationForest(long[] roots, long[] features, float[] cuts, long[] children, long[] counts)
    {
        (_roots, _features, _cuts, _children, _counts) = (roots, features, cuts, children, counts);
        _unit = roots.Length == 0 ? 1 : roots.Average(root => MeanPath(counts[root]));
    }

    /// <summary>Grows a forest.</summary>
    public static IsolationForest Fit(float[] rows, int length, IsolationRecord record)
    {
        var count = rows.Length / length;
        var grower = new Grower(rows, length, new Random(record.Seed), Math.Min(record.Samples, count));
        var roots = Enumerable.Range(0, count == 0 ? 0 : record.Trees).Select(_ => (long)grower.Grow(count)).ToArray();
        return new IsolationForest(roots, [.. grower.Features], [.. grower.Cuts], [.. grower.Children], [.. grower.Counts]);
    }

    /// <summary>Reads a forest; a walk can neither leave the arrays nor turn back.</summary>
    public static IsolationForest Read(IsolationRecord record, int length, TermTensors tensors)
    {
        var features = tensors.Longs("features");
        var (roots, children, counts, cuts) = (tensors.Longs("roots"), tensors.Longs("children", features.Length), tensors.Longs("counts", features.Length), tensors.Floats("cuts", features.Length));
        for (var node = 0; node < features.Length; node++)
        {
            if (features[node] < -1 || features[node] >= length || counts[node] < 0 || (features[node] >= 0 && (children[node] <= node || children[node] >= features.Length - 1)))
            {
                throw new BundleException($"{tensors.Place}: node {node} of the isolation forest points where no node is. The file is altered.");
            }
        }

        return Array.TrueForAll(roots, root => root >= 0 && root < features.Length) && roots.Length <= record.Trees
            ? new IsolationForest(roots, features, cuts, children, counts)
            : throw new BundleException($"{tensors.Place}: the isolation forest's roots are no nodes. The file is altered.");
    }

    /// <summary>For the file.</summary>
    public IEnumerable<StoredTensor> ToStored() =>
    [
        new("roots", [_roots.Length], _roots), new("features", [_features.Length], _features), new("cuts", [_cuts.Length], _cuts),
        new("children", [_children.Length], _children), new("counts", [_counts.Length], _counts),
    ];

    /// <summary>2 to the minus mean path over the mean path of a tree as large: near 1 for strange samples, 0.5 for all alike.</summary>
    /// <param name="row">The sample.</param>
    /// <param name="parts">Each value is added the bits by which its cuts narrow the samples down; empty when not wanted.</param>
    public double Score(ReadOnlySpan<float> row, Span<double> parts)
    {
        var sum = 0.0;
        foreach (var root in _roots)
        {
            var (node, depth) = (root, 0);
            while (_features[node] is >= 0 and var feature)
            {
                var next = _children[node] + (row[(int)feature] <= _cuts[node] ? 0 : 1);
                if (!parts.IsEmpty)
                {
                    parts[(int)feature] += Math.Log2((_counts[node] + 1.0) / (_counts[next] + 1.0));
                }

                (node, depth) = (next, depth + 1);
            }

            sum += depth + MeanPath(_counts[node]);
        }

        return _roots.Length == 0 ? 0.5 : Math.Pow(2, -sum / _roots.Length / Math.Max(_unit, 1e-9));
    }

    // Mean path of an unsuccessful search in a binary tree of so many keys: the paper's equation 1.
    private static double MeanPath(long count) => count switch
    {
        <= 1 => 0,
        2 => 1,
        _ => (2 * (Math.Log(count - 1) + Euler)) - (2 * (count - 1.0) / count),
    };

    private sealed class Grower(float[] rows, int length, Random random, int size)
    {
        private readonly int _deepest = (int)Math.Ceiling(Math.Log2(Math.Max(size, 2)));

        public List<long> Features { get; } = [];

        public List<float> Cuts { get; } = [];

        public List<long> Children { get; } = [];

        public List<long> Counts { get; } = [];

        public int Grow(int count)
        {
            var chosen = new int[size];
            for (var place = 0; place < size; place++)
            {
                chosen[place] = place;
            }

            for (var row = size; row < count; row++)
            {
                if (random.Next(row + 1) is var place && place < size)
                {
                    chosen[place] = row;
                }
            }

            var root = Add();
            Split(root, chosen, 0);
            return root;
        }

        private int Add()
        {
            Features.Add(-1);
            Cuts.Add(0);
            Children.Add(0);
            Counts.Add(0);
            return Features.Count - 1;
        }

        private void Split(int node, int[] chosen, int depth)
        {
            Counts[node] = chosen.Length;
            if (depth >= _deepest || chosen.Length < 2 || Cut(chosen) is not { } cut)
            {
                return;
            }

            (Features[node], Cuts[node], Children[node]) = (cut.Feature, cut.Value, Add());
            Add();
            var lower = (int)Children[node];
            Split(lower, Array.FindAll(chosen, row => rows[(row * length) + cut.Feature] <= cut.Value), depth + 1);
            Split(lower + 1, Array.FindAll(chosen, row => rows[(row * length) + cut.Feature] > cut.Value), depth + 1);
        }

        // Values that do not differ cannot be cut: others are tried, in a random order.
        private (int Feature, float Value)? Cut(int[] chosen)
        {
            for (var left = Math.Min(length, 64); left > 0; left--)
            {
                var feature = random.Next(length);
                var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
                foreach (var row in chosen)
                {
                    var value = rows[(row * length) + feature];
                    (low, high) = (Math.Min(low, value), Math.Max(high, value));
                }

                var cut = (float)(low + (random.NextDouble() * ((double)high - low)));
                if (cut >= low && cut < high)
                {
                    return (feature, cut);
                }
            }

            return null;
        }
    }
}
