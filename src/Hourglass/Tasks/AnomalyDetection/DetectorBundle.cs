using Hourglass.Bundles;
using Hourglass.Detection;
using Hourglass.Engine;
using Hourglass.Scoring;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>A detector's file, where nothing is trained: scoring alone, and changed thresholds.</summary>
public static class DetectorBundle
{
    /// <summary>Reads a detector for scoring; the training engine is loaded only for members that the kernels do not run.</summary>
    /// <param name="path">A .hourglass file with a detector.</param>
    /// <exception cref="BundleException">The file is broken or holds no detector.</exception>
    public static Detector Open(string path) => DetectorFile.FromContents(BundleFile.Read(path), path, contents => Member(contents, path));

    /// <summary>Writes a file anew with a detector's choices and held-out scores; weights and all else stay as they are.</summary>
    /// <param name="path">The file that the detector was read from.</param>
    /// <param name="detector">The detector, with another threshold, calibration or rule.</param>
    /// <param name="output">Where it goes; may be the same file, which is replaced as a whole.</param>
    public static void Rewrite(string path, Detector detector, string output)
    {
        var contents = BundleFile.Read(path);
        var record = BundleJson.Deserialize<DetectorRecord>(contents.Detector ?? "null", $"{path}, detector.json");
        var weights = new Dictionary<string, StoredTensor>(contents.Weights, StringComparer.Ordinal);
        foreach (var stored in detector.Rules.SelectMany(rule => rule.HeldOut.ToStored(DetectorFile.HeldOutName(rule.Name))))
        {
            weights[stored.Name] = stored;
        }

        BundleFile.Write(output, contents with { Weights = weights, Detector = BundleJson.Serialize(record with { Chosen = detector.Rule.Name, Threshold = detector.Calibration.Rule, Folds = detector.Calibration.Folds }) });
    }

    /// <summary>One member for scoring: dense ones on the kernels, others on the engine.</summary>
    internal static IReconstructor Member(BundleContents contents, string path)
    {
        if (KernelReconstructor.TryCreate(contents, path, out _) is { } dense)
        {
            return dense;
        }

        NativeEngine.Require();
        return ModelBundle.FromContents(contents, path);
    }
}
