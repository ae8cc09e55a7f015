using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Evaluation by the engine without gradients and in inference mode, in turns.</summary>
internal static class EngineModes
{
    public static int Run(string[] args)
    {
        var only = Arguments.Text(args, "--only") ?? "";
        set_num_threads(Arguments.Number(args, "--threads", 1));
        EnginePairs.Begin("evaluation of a batch", "no_grad", "inference_mode");
        foreach (var model in EngineModel.All.Where(model => model.Name.Contains(only, StringComparison.Ordinal)))
        {
            using var scene = new EngineScene(model);
            EnginePairs.Compare(model.Name, () => Evaluate(scene, no_grad()), () => Evaluate(scene, inference_mode()));
        }

        return 0;
    }

    private static void Evaluate(EngineScene scene, IDisposable mode)
    {
        using (mode)
        {
            scene.Evaluate();
        }
    }
}
