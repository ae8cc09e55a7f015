using Hourglass.Bundles;
using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>Everything at an epoch's end that a resumed run needs to end in the same bits; noise and order follow from seed and step.</summary>
internal sealed class TrainingState : IDisposable
{
    public required FlatParameters Parameters { get; init; }

    public required FlatOptimizer Optimizer { get; init; }

    public List<EpochRecord> Epochs { get; } = [];

    public List<string> Notes { get; } = [];

    public double RateScale { get; set; } = 1;

    public int BestEpoch { get; set; }

    public double BestLoss { get; set; } = double.PositiveInfinity;

    public int EpochsSinceRateCut { get; set; }

    public int Rollbacks { get; set; }

    public double Seconds { get; set; }

    public long Samples { get; set; }

    public WeightSnapshot? Best { get; set; }

    /// <summary>Writes the state; a kill at any moment leaves the old file or the new one.</summary>
    public void Save(string path, string identity)
    {
        using var scope = NewDisposeScope();
        var tensors = new List<StoredTensor> { Stored("values", Parameters.Values) };
        tensors.AddRange(Parameters.Buffers.Select((buffer, index) => Stored($"buffer.{index}", buffer.Tensor)));
        tensors.AddRange(Optimizer.State.Select((tensor, index) => Stored($"optimizer.{index}", tensor)));
        if (Best is { } best)
        {
            tensors.Add(Stored("best.values", best.Values));
            tensors.AddRange(best.Buffers.Select((buffer, index) => Stored($"best.buffer.{index}", buffer)));
        }

        var numbers = new CheckpointNumbers(Epochs, Notes, RateScale, BestEpoch, double.IsFinite(BestLoss) ? BestLoss : null, EpochsSinceRateCut, Rollbacks, Seconds, Samples, Optimizer.Steps);
        CheckpointFile.Write(path, new Dictionary<string, string>(StringComparer.Ordinal) { ["identity"] = identity, ["state"] = BundleJson.Serialize(numbers) }, tensors);
    }

    /// <summary>Reads a state written by <see cref="Save"/>.</summary>
    /// <exception cref="BundleException">The checkpoint is broken or belongs to other options or data.</exception>
    public void Load(string path, string identity)
    {
        var (metadata, tensors) = CheckpointFile.Read(path);
        if (metadata.GetValueOrDefault("identity") != identity)
        {
            throw new BundleException($"{path}: this checkpoint belongs to a run with other options or other data. Repeat the first run's options, or delete the checkpoint to start anew.");
        }

        var numbers = BundleJson.Deserialize<CheckpointNumbers>(metadata.GetValueOrDefault("state") ?? "", $"{path}: state");
        Epochs.AddRange(numbers.Epochs);
        Notes.AddRange(numbers.Notes);
        (RateScale, BestEpoch, BestLoss) = (numbers.RateScale, numbers.BestEpoch, numbers.BestLoss ?? double.PositiveInfinity);
        (EpochsSinceRateCut, Rollbacks, Seconds, Samples, Optimizer.Steps) = (numbers.EpochsSinceRateCut, numbers.Rollbacks, numbers.Seconds, numbers.Samples, numbers.Steps);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Fill(path, tensors, "values", Parameters.Values);
        Each(Parameters.Buffers.Select(buffer => buffer.Tensor), "buffer");
        Each(Optimizer.State, "optimizer");
        if (tensors.ContainsKey("best.values"))
        {
            Best = Parameters.Snapshot();
            Fill(path, tensors, "best.values", Best.Values);
            Each(Best.Buffers, "best.buffer");
        }

        void Each(IEnumerable<Tensor> targets, string name)
        {
            foreach (var (target, index) in targets.Select((target, index) => (target, index)))
            {
                Fill(path, tensors, $"{name}.{index}", target);
            }
        }
    }

    public void Dispose()
    {
        Best?.Dispose();
        Optimizer.Dispose();
        Parameters.Dispose();
    }

    private static StoredTensor Stored(string name, Tensor tensor) => TensorStorage.ToLent(name, tensor);

    private static void Fill(string path, IReadOnlyDictionary<string, StoredTensor> tensors, string name, Tensor target)
    {
        if (!tensors.TryGetValue(name, out var stored) || !stored.Shape.SequenceEqual(target.shape))
        {
            throw new BundleException($"{path}: '{name}' is missing or has another shape than the model's. Delete the checkpoint to start anew.");
        }

        TensorStorage.CopyTo(stored, target);
    }

    private sealed record CheckpointNumbers(
        List<EpochRecord> Epochs, List<string> Notes, double RateScale, int BestEpoch, double? BestLoss, int EpochsSinceRateCut, int Rollbacks, double Seconds, long Samples, long Steps);
}
