using Hourglass.Engine;
using Hourglass.Kernels;
using Hourglass.Networks.Dense;
using Hourglass.Networks.Recurrent;
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

    // Products have a number of threads of their own once the engine has been given one, and OpenMP's says nothing to them.
    [Fact]
    public void Products_keep_to_the_calling_thread_as_well()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems' engines have another OpenMP.");
        var engine = System.Runtime.InteropServices.NativeLibrary.Load(NativeEngine.Find("libtorch_cpu.so")!);
        Assert.SkipUnless(System.Runtime.InteropServices.NativeLibrary.TryGetExport(engine, "MKL_Set_Num_Threads_Local", out var found), "This engine has other products.");
        var set = System.Runtime.InteropServices.Marshal.GetDelegateForFunctionPointer<SetThreads>(found); // returns what holds
        OnThread(() =>
        {
            var threads = get_num_threads();
            set_num_threads(2);
            using (EngineThreads.One())
            {
                EngineThreads.One().Dispose();
                Assert.Equal(1, set(1));
            }

            Assert.Equal(2, set(0));
            set_num_threads(threads);
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Work_of_our_own_is_shared_by_as_many_threads_and_takes_denormal_numbers_for_zero(bool isKept) => OnThread(() =>
    {
        var threads = get_num_threads();
        set_num_threads(3);
        using (isKept ? EngineThreads.One() : null)
        {
            Assert.Equal(3, EngineThreads.Ours);
            var (results, smallest) = (new float[7], new float[] { 1e-39f }); // an array's: the compiler must not know it
            EngineThreads.Share(results.Length, piece => results[piece] = piece + 1 + (smallest[0] * 1e38f * 10));
            Assert.Equal(FlushedDenormals.IsSupported ? [1, 2, 3, 4, 5, 6, 7] : [2, 3, 4, 5, 6, 7, 8], results);
            Assert.Equal(1, smallest[0] * 1e38f * 10, 1e-4f);
        }

        set_num_threads(threads);
    });

    [Fact]
    public void Threads_of_our_own_work_at_the_same_time() => OnThread(() =>
    {
        var threads = get_num_threads();
        set_num_threads(2);
        using (EngineThreads.One())
        {
            using var both = new Barrier(2);
            EngineThreads.Share(2, _ => Assert.True(both.SignalAndWait(TimeSpan.FromMinutes(1)), "The other thread never came."));
        }

        set_num_threads(threads);
    });

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

        using var series = new Autoencoder(options with { Input = options.Input! with { Shape = [5, 1] }, Network = new RecurrentNetworkOptions { Width = 3 } });
        using var gated = new AutogradStep(series, reader);
        OnThread(() =>
        {
            var count = get_num_threads();
            set_num_threads(2);
            Assert.True(gated.HasOwnThreads);
            set_num_threads(count);
        });
    }

    private delegate int SetThreads(int threads);

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
