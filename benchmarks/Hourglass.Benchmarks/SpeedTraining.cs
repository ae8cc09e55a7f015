using System.Runtime.InteropServices;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;
using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Epochs of training on samples in [0, 1], random ones unless others are given: our trainer from a sample store, peers from a tensor in memory.</summary>
internal static class SpeedTraining
{
    /// <summary>Makes the data, our model and its rate.</summary>
    /// <param name="model">The slots that matter; input and training are filled in.</param>
    /// <param name="shape">Shape of a sample.</param>
    /// <param name="samples">Samples in an epoch.</param>
    /// <param name="batch">Samples in a step.</param>
    /// <param name="epochs">Our epochs in a piece of work, so that what a run does once weighs as little as in a real one; peers, who set up before, do one.</param>
    /// <param name="peers">From the data, [sample, ...shape], to those who do the same.</param>
    /// <param name="pictures">Samples to train on; random ones when null.</param>
    public static SpeedContest Contest(AutoencoderOptions model, int[] shape, int samples, int batch, int epochs, Func<Tensor, Peers> peers, Tensor? pictures = null)
    {
        manual_seed(1);
        var data = pictures ?? rand([samples, .. shape.Select(size => (long)size)]);
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

    /// <summary>The first of the built-in pictures of letters, [sample, 784]: a fifth of their values is not zero, as in the pictures of digits that textbooks train on.</summary>
    /// <param name="samples">How many.</param>
    public static Tensor Glyphs(int samples)
    {
        using var glyphs = DataFile.Prepare("glyphs", new ReadOptions(), new PreparationOptions());
        var values = new float[(long)samples * glyphs.Samples.SampleLength];
        glyphs.Samples.Read(0, samples, values);
        return tensor(values, [samples, glyphs.Samples.SampleLength]);
    }

    /// <summary>TorchSharp's usual loop as a peer.</summary>
    public static Peers TorchSharp(UsualLoop loop, Tensor data, int batch, double floor, string name = "TorchSharp") =>
        new([new SpeedPeer(name, floor, SpeedContest.Rate(data.shape[0], () => loop.Epoch(data, batch)))], [loop]);

    /// <summary>A store of a tensor's samples.</summary>
    /// <param name="data">[sample, ...].</param>
    /// <param name="shape">Of a sample.</param>
    public static SampleStore Store(Tensor data, int[] shape)
    {
        using var writer = SampleStore.CreateTemporary(null, shape, ElementType.Float32);
        writer.Append(MemoryMarshal.Cast<byte, float>(data.bytes));
        return writer.Finish();
    }
}
