using System.Runtime.InteropServices;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;
using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Epochs of training on random samples in [0, 1]: our trainer from a sample store, peers from a tensor in memory.</summary>
internal static class SpeedTraining
{
    /// <summary>Makes the data, our model and its rate.</summary>
    /// <param name="model">The slots that matter; input and training are filled in.</param>
    /// <param name="shape">Shape of a sample.</param>
    /// <param name="samples">Samples in an epoch.</param>
    /// <param name="batch">Samples in a step.</param>
    /// <param name="epochs">Our epochs in a piece of work, so that what a run does once weighs as little as in a real one; peers, who set up before, do one.</param>
    /// <param name="peers">From the data, [sample, ...shape], to those who do the same.</param>
    public static SpeedContest Contest(AutoencoderOptions model, int[] shape, int samples, int batch, int epochs, Func<Tensor, Peers> peers)
    {
        manual_seed(1);
        var data = rand([samples, .. shape.Select(size => (long)size)]);
        var store = Store(data, shape);
        var length = store.SampleLength;
        var ours = new Autoencoder(model with
        {
            Input = new InputOptions { Shape = shape, IsUnitInterval = true, Blocks = [new FeatureBlock("values", 0, length, FeatureBlockKind.Numeric)] },
            Training = new TrainingOptions { Epochs = epochs, BatchSize = batch, Patience = null },
        });
        var all = Enumerable.Range(0, samples).Select(number => (long)number).ToArray();
        var others = peers(data);
        return new SpeedContest("samples/s", SpeedContest.Rate((double)samples * epochs, () =>
        {
            using var trainer = new Trainer(ours, store, new SampleSplit(all, []));
            trainer.Run();
        }), others.List, [store, ours, data, .. others.Resources]);
    }

    /// <summary>TorchSharp's usual loop as a peer.</summary>
    public static Peers TorchSharp(UsualLoop loop, Tensor data, int batch, double floor, string name = "TorchSharp") =>
        new([new SpeedPeer(name, floor, SpeedContest.Rate(data.shape[0], () => loop.Epoch(data, batch)))], [loop]);

    private static SampleStore Store(Tensor data, int[] shape)
    {
        using var writer = SampleStore.CreateTemporary(null, shape, ElementType.Float32);
        writer.Append(MemoryMarshal.Cast<byte, float>(data.bytes));
        return writer.Finish();
    }
}
