using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>Random changes of whole batches, input and target alike.</summary>
internal static class Augmentations
{
    public static Batch Apply(Batch batch, Augmentation augmentation, Generator noise)
    {
        if (augmentation == Augmentation.None || batch.Input.dim() != 4)
        {
            return batch;
        }

        var draw = (int)(rand(1, generator: noise).item<float>() * 8);
        var samples = (draw & 1) == 1 ? batch.Input.flip(3) : batch.Input;
        if (augmentation == Augmentation.Square)
        {
            samples = (draw & 2) == 2 ? samples.flip(2) : samples;
            samples = (draw & 4) == 4 && samples.shape[2] == samples.shape[3] ? samples.transpose(2, 3) : samples;
        }

        samples = samples.contiguous();
        return batch with { Input = samples, Target = samples };
    }
}
