using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Forwards and backwards through what convolutional models leave to the engine, with pictures channel by channel and with channels last, in turns.</summary>
internal static class EngineLayouts
{
    public static int Run(string[] args)
    {
        set_num_threads(Arguments.Number(args, "--threads", 1));
        EnginePairs.Begin("forwards and backwards, pictures converted", "channel by channel", "channels last");
        Measure("2 residual blocks of 32 channels, 32 x 14 x 14", 32, 32, 14, Blocks(32));
        Measure("2 residual blocks of 64 channels, 32 x 7 x 7", 32, 64, 7, Blocks(64));
        Measure("resizing 14 to 28, 32 channels to 1, batch 128", 128, 32, 14, Resizing(32, 1, 28));
        Measure("resizing 7 to 14, 64 channels to 32, batch 128", 128, 64, 7, Resizing(64, 32, 14));
        return 0;
    }

    private static Func<Tensor, Tensor> Blocks(int channels)
    {
        ResidualBlock[] blocks = [new(new ConvolutionalNetworkOptions(), channels), new(new ConvolutionalNetworkOptions(), channels)];
        return values => blocks.Aggregate(values, (given, block) => block.Forward(given, StepContext.Evaluation));
    }

    private static Func<Tensor, Tensor> Resizing(int channels, int made, int side)
    {
        var convolution = nn.Conv2d(channels, made, 3L, 1L, 1L);
        return values => convolution.call(nn.functional.interpolate(values, [side, side])).relu();
    }

    private static void Measure(string name, int batch, int channels, int side, Func<Tensor, Tensor> work)
    {
        using var pictures = rand([batch, channels, side, side]).requires_grad_(true);
        EnginePairs.Compare(name, () => Pass(isLast: false), () => Pass(isLast: true));

        void Pass(bool isLast)
        {
            using var scope = NewDisposeScope();
            work(isLast ? pictures.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : pictures).sum().backward();
        }
    }
}
