using Hourglass.Engine;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Tests.Training;
using Hourglass.Training;
using Hourglass.Training.Steps;
using static TorchSharp.torch;

namespace Hourglass.Tests.Engine;

public sealed class EngineThreadsTests
{
    [Fact]
    public void The_engine_keeps_to_the_calling_thread_and_gets_its_others_back()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems' engines have another OpenMP.");
        OnThread(() =>
        {
            var threads = get_num_threads();
            set_num_threads(3);
            using (EngineThreads.One())
            {
                Assert.Equal(1, get_num_threads());
                OnThread(() => Assert.Equal(3, get_num_threads()));
            }

            Assert.Equal(3, get_num_threads());
            set_num_threads(threads);
        });
    }

    [Fact]
    public void A_step_with_threads_of_its_own_says_so()
    {
        var options = new AutoencoderOptions
        {
            Input = new InputOptions { Shape = [5], Blocks = [new("a", 0, 5, FeatureBlockKind.Numeric)] },
            LatentSize = 2,
            Network = new DenseNetworkOptions { Hidden = [3] },
            Objective = new SquaredErrorOptions(),
        };
        using var model = new Autoencoder(options);
        using var store = SampleStores.Of(new float[8 * 5], 5);
        using var reader = new BatchReader(store, CPU);
        using var alone = new FusedStep(model, store, reader, batch: 8, threads: 1);
        using var shared = new FusedStep(model, store, reader, batch: 8, threads: 2);
        using var automatic = new AutogradStep(model, reader);

        Assert.False(alone.HasOwnThreads);
        Assert.True(shared.HasOwnThreads);
        Assert.False(automatic.HasOwnThreads);
    }

    private static void OnThread(Action work)
    {
        Exception? fault = null;
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
#pragma warning disable CA1031 // What a thread meets fails the test on the caller's.
            catch (Exception caught)
#pragma warning restore CA1031
            {
                fault = caught;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(fault);
    }
}
