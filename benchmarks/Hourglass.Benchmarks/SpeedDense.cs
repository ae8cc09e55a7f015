using Hourglass.Bottlenecks;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;

namespace Hourglass.Benchmarks;

/// <summary>Dense models: the textbook's, a table's, a VAE.</summary>
internal static class SpeedDense
{
    public static IEnumerable<SpeedWork> Works()
    {
        foreach (var isGlyphs in new[] { false, true })
        {
            var (data, textbook, variational) = isGlyphs ? (", glyphs", 12_288, 8192) : ("", 16_384, 8192);
            foreach (var threads in new[] { 2, 1 })
            {
                yield return Dense($"textbook 784-128-32{data}", [784, 128, 32], 32, threads, textbook, threads == 2 ? 4 : 3.5, pyTorchFloor: 5, isGlyphs: isGlyphs);
                yield return Dense($"textbook 784-128-32{data}", [784, 128, 32], 256, threads, textbook, threads == 2 ? 3 : 2.5, peakFloor: threads == 1 && !isGlyphs ? 0.6 : null, isGlyphs: isGlyphs);
                yield return Dense($"VAE 784-400-20{data}", [784, 400, 20], 128, threads, variational, 3, isVariational: true, isGlyphs: isGlyphs);
            }
        }

        foreach (var threads in new[] { 2, 1 })
        {
            yield return Dense("table 30-64-16", [30, 64, 16], 256, threads, 65_536, 6, isTable: true);
        }
    }

    private static SpeedWork Dense(
        string name, int[] widths, int batch, int threads, int samples, double floor, double? pyTorchFloor = null, double? peakFloor = null, bool isTable = false, bool isVariational = false, bool isGlyphs = false) =>
        new($"{name}, batch {batch}, {threads} thread{(threads == 1 ? "" : "s")}", threads, () =>
        {
            var model = new AutoencoderOptions
            {
                LatentSize = widths[^1],
                Network = new DenseNetworkOptions { Hidden = widths[1..^1] },
                Bottleneck = isVariational ? new GaussianOptions() : new DeterministicOptions(),
                Objective = isTable ? new SquaredErrorOptions() : new BinaryCrossEntropyOptions(),
            };
            UsualLoop Loop(UsualDistance distance) => isVariational ? UsualLoop.DenseVariational(widths, distance) : UsualLoop.Dense(widths, distance);
            return SpeedTraining.Contest(model, [widths[0]], samples, batch, isTable ? 16 : 3, data =>
            {
                var peers = SpeedTraining.TorchSharp(Loop(isTable ? UsualLoop.SquaredError : UsualLoop.Probabilities), data, batch, floor);
                peers += isTable ? Peers.None : SpeedTraining.TorchSharp(Loop(UsualLoop.Logits), data, batch, 1, "TorchSharp, logits");
                peers += pyTorchFloor is { } least ? PythonPeer.PyTorch(new { model = "dense", widths, batch, samples, threads }, threads, samples, least) : Peers.None;
                return peers + (peakFloor is { } share ? new Peers([new SpeedPeer("multiply-add peak", share, () => MultiplyAddPeak.Measure() / Operations(widths))], []) : Peers.None);
            }, isGlyphs ? SpeedTraining.Glyphs(samples) : null);
        });

    // Forwards, the weights' gradient and the way back (which the first layer does not need) each multiply and add every weight once for a sample.
    private static double Operations(int[] widths)
    {
        var products = widths.Zip(widths.Skip(1), (inputs, outputs) => (double)inputs * outputs).ToArray();
        return 2 * ((6 * products.Sum()) - products[0]);
    }
}
