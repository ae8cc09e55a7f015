using System.Globalization;
using System.Text;
using Hourglass.Baselines;
using Hourglass.Detection;
using Hourglass.Networks;
using Hourglass.Preprocessing;
using static TorchSharp.torch;

namespace Hourglass.Bundles;

/// <summary>Between a trained model and the contents of its file.</summary>
internal static class ModelBundle
{
    /// <summary>The contents for a model.</summary>
    public static BundleContents ToContents(TrainedAutoencoder trained)
    {
        var weights = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in State(trained.Model))
        {
            weights.Add(name, TensorStorage.ToStored(name, tensor));
        }

        foreach (var stored in (trained.Pca?.ToStored() ?? []).Concat(LatentDensity.ToStored(trained.Densities)))
        {
            weights.Add(stored.Name, stored);
        }

        return new BundleContents(
            BundleJson.Serialize(new ModelJson(BundleFile.FormatVersion, trained.Model.Options)),
            BundleJson.Serialize(trained.Preprocessing), weights, BundleJson.Serialize(trained.Record), Card(trained));
    }

    /// <summary>The model for some contents; every size is checked before the model is built.</summary>
    public static TrainedAutoencoder FromContents(BundleContents contents, string path)
    {
        var options = BundleJson.Deserialize<ModelJson>(contents.Model, $"{path}, model.json").Options;
        var preprocessing = BundleJson.Deserialize<SamplePreprocessing>(contents.Preprocessing, $"{path}, preprocessing.json");
        var record = BundleJson.Deserialize<TrainingRecord>(contents.Training, $"{path}, training.json");
        try
        {
            options.RequireComplete();
            preprocessing.Validate();
        }
        catch (Exception fault) when (fault is HourglassException or OverflowException or NullReferenceException)
        {
            throw new BundleException($"{path}: {fault.Message}", fault);
        }

        if (!preprocessing.SampleShape.SequenceEqual(options.Input!.Shape))
        {
            throw new BundleException($"{path}: preprocessing.json makes samples of [{string.Join(", ", preprocessing.SampleShape)}], model.json takes [{string.Join(", ", options.Input.Shape)}]. The file is altered.");
        }

        RequirePlausible(options, contents, path);
        var model = new Autoencoder(options);
        try
        {
            Fill(model, contents.Detector is null ? contents.Weights : DetectorFile.Own(contents.Weights), path);
            return new TrainedAutoencoder(
                model, preprocessing, PrincipalComponents.FromStored(contents.Weights, model.SampleLength), LatentDensity.FromStored(contents.Weights, options), record);
        }
        catch (Exception)
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Copies the weights that two models share in name and shape.</summary>
    /// <param name="path">A bundle.</param>
    /// <param name="model">Receives its weights.</param>
    /// <exception cref="BundleException">No weight of the file fits.</exception>
    public static void CopyWeights(string path, Autoencoder model)
    {
        var weights = BundleFile.Read(path).Weights;
        var copied = 0;
        foreach (var (name, tensor) in State(model))
        {
            if (weights.TryGetValue(name, out var stored) && stored.Shape.SequenceEqual(tensor.shape) && stored.IsInteger == (tensor.dtype == ScalarType.Int64))
            {
                TensorStorage.CopyTo(stored, tensor);
                copied++;
            }
        }

        if (copied == 0)
        {
            throw new BundleException($"{path}: none of its weights has the name and shape of one of the new model's. Start from a model with the same network.");
        }
    }

    // The options of a hostile file may ask for a model far larger than the weights it brings: compare before building.
    private static void RequirePlausible(AutoencoderOptions options, BundleContents contents, string path)
    {
        var held = contents.Weights.Values.Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));
        var needed = ParameterCount.AtLeast(options);
        if (needed > (UInt128)held)
        {
            throw new BundleException($"{path}: the options in model.json need at least {needed} weights, and the file holds {held}. The file is altered.");
        }
    }

    private static void Fill(Autoencoder model, IReadOnlyDictionary<string, StoredTensor> weights, string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, tensor) in State(model))
        {
            names.Add(name);
            if (!weights.TryGetValue(name, out var stored) || !stored.Shape.SequenceEqual(tensor.shape) || stored.IsInteger != (tensor.dtype == ScalarType.Int64))
            {
                throw new BundleException($"{path}: the weights lack '{name}' of shape [{string.Join(", ", tensor.shape)}] that model.json asks for. The file is altered.");
            }

            TensorStorage.CopyTo(stored, tensor);
        }

        if (weights.Keys.FirstOrDefault(name => !names.Contains(name) && !name.StartsWith("pca.", StringComparison.Ordinal) && !LatentDensity.Owns(name)) is { } extra)
        {
            throw new BundleException($"{path}: the weights hold '{extra}', which model.json has no place for. The file is altered.");
        }
    }

    private static IEnumerable<(string Name, Tensor Tensor)> State(Autoencoder model) =>
        model.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)).Concat(model.named_buffers().Select(entry => (entry.Item1, entry.Item2)));

    private static string Card(TrainedAutoencoder trained)
    {
        var (options, record) = (trained.Model.Options, trained.Record);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# An autoencoder of {record.Data.Source}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"- Samples: {record.Data.Samples}, of shape [{string.Join(", ", options.Input!.Shape)}]; {options.LatentSize} latents.\n");
        text.Append(CultureInfo.InvariantCulture, $"- Data, SHA-256: {record.Data.Hash}\n- Seed: {options.Training.Seed}\n- Kept epoch {record.History.BestEpoch} of {record.History.Epochs.Count} ({record.History.StopReason}).\n");
        if (record.Comparison is { } comparison)
        {
            text.Append(CultureInfo.InvariantCulture, $"- Squared error per value on held-out samples: {comparison.SquaredError:g4}; PCA with {comparison.Components} components: {comparison.PcaSquaredError:g4}.\n- {comparison.Advice}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"- Made by Hourglass {record.Versions.Hourglass}, TorchSharp {record.Versions.TorchSharp}, .NET {record.Versions.DotNet}.\n");
        return text.ToString();
    }

    private sealed record ModelJson(int FormatVersion, AutoencoderOptions Options);
}
