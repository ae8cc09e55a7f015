using Hourglass.Data;
using Hourglass.Detection;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>Samples with a detector that learnt nothing from them.</summary>
/// <param name="Detector">The detector; of folds, what was learnt without this one.</param>
/// <param name="Data">The samples; its split's validation part is what the detector did not see.</param>
public sealed record HeldOutPart(Detector Detector, PreparedData Data);
