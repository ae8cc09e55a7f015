using System.Runtime.InteropServices;
using Hourglass.Baselines;
using Hourglass.Data;
using Hourglass.Data.Stores;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Exact PCA of as many samples as MNIST has.</summary>
internal static class SpeedComponents
{
    private const int Samples = 60_000;
    private const int Features = 784;
    private const int Components = 32;
    private const int Threads = 1;

    public static IEnumerable<SpeedWork> Works() =>
        [new SpeedWork($"exact PCA {Samples} x {Features} to {Components}, {Threads} thread", Threads, Prepare) { Rounds = 1 }]; // the peer takes minutes, and the ratio needs no decimals

    private static SpeedContest Prepare()
    {
        var file = Path.GetTempFileName();
        var store = Draw(file);
        var all = Enumerable.Range(0, Samples).Select(number => (long)number).ToArray();
        var peers = PythonPeer.ScikitLearn(new { file, samples = Samples, features = Features, components = Components }, Threads, Samples, 1);
        File.Delete(file);
        return new SpeedContest("samples/s", SpeedContest.Rate(Samples, () => PrincipalComponents.Fit(store, all, Components)), peers.List, [store, .. peers.Resources]);
    }

    // Forty directions with falling variance beneath noise, so that the components are well separated; to a store for us, to a file for the peer.
    private static SampleStore Draw(string file)
    {
        manual_seed(1);
        using var scope = NewDisposeScope();
        var scales = arange(40, dtype: ScalarType.Float32).mul(-0.1).exp();
        var directions = randn(40, Features);
        using var writer = SampleStore.CreateTemporary(null, [Features], ElementType.Float32);
        using var plain = File.Create(file);
        for (var done = 0; done < Samples; done += 6000)
        {
            using var part = NewDisposeScope();
            var block = (randn(6000, 40) * scales).matmul(directions) + (randn(6000, Features) * 0.3);
            plain.Write(block.bytes);
            writer.Append(MemoryMarshal.Cast<byte, float>(block.bytes));
        }

        return writer.Finish();
    }
}
