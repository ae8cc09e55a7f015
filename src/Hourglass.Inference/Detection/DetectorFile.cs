using Hourglass.Bundles;
using Hourglass.Detection.Calibration;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

namespace Hourglass.Detection;

/// <summary>Between a detector and the contents of its file.</summary>
internal static class DetectorFile
{
    /// <summary>What stands before the names of a detector's tensors.</summary>
    public const string Prefix = "detector.";

    private const int MaximumRules = 16;
    private const int MaximumTerms = 64;
    private const int MaximumMembers = 64;

    /// <summary>Adds a detector to the contents of its first member's file.</summary>
    /// <param name="detector">The detector.</param>
    /// <param name="members">Each member as contents of its own; the first one's texts are the file's.</param>
    /// <param name="isContaminated">Whether the training data may hold anomalies.</param>
    public static BundleContents ToContents(Detector detector, IReadOnlyList<BundleContents> members, bool isContaminated)
    {
        var weights = new Dictionary<string, StoredTensor>(members[0].Weights, StringComparer.Ordinal);
        foreach (var stored in Tensors(detector).Concat(members.Skip(1).SelectMany((member, place) => member.Weights.Values.Select(tensor => tensor.Named($"{MemberPrefix(place)}{tensor.Name}")))))
        {
            weights.Add(stored.Name, stored);
        }

        var record = new DetectorRecord
        {
            Chosen = detector.Rule.Name,
            Threshold = detector.Calibration.Rule,
            Folds = detector.Calibration.Folds,
            IsContaminated = isContaminated,
            Rules = [.. detector.Rules.Select(rule => new RuleRecord(rule.Name, [.. rule.Terms.Select(term => term.Record)]))],
            FurtherMembers = [.. members.Skip(1).Select(member => BundleJson.Deserialize<System.Text.Json.JsonElement>(member.Model, "model.json"))],
        };
        return members[0] with { Weights = weights, Detector = BundleJson.Serialize(record) };
    }

    /// <summary>Reads a detector; sizes and numbers are checked before they are used.</summary>
    /// <param name="contents">What the file holds.</param>
    /// <param name="path">The file, for errors.</param>
    /// <param name="load">Makes a member from contents of its own.</param>
    /// <exception cref="BundleException">The file holds no detector, or is altered.</exception>
    public static Detector FromContents(BundleContents contents, string path, Func<BundleContents, IReconstructor> load)
    {
        var place = $"{path}, detector.json";
        var record = BundleJson.Deserialize<DetectorRecord>(contents.Detector ?? throw new BundleException($"{path}: holds a model but no detector. Make one with 'hourglass detect train'."), place);
        if (record.FurtherMembers.Count >= MaximumMembers || record.Folds < 0 || record.Rules.Count is 0 or > MaximumRules || record.Rules.Any(rule => rule.Terms.Count is 0 or > MaximumTerms)
            || record.Rules.Select(rule => rule.Name).Distinct(StringComparer.Ordinal).Count() != record.Rules.Count)
        {
            throw new BundleException($"{place}: expected at most {MaximumMembers} members and {MaximumRules} rules of other names with 1 to {MaximumTerms} terms each, and 0 or more folds. The file is altered.");
        }

        var preprocessing = BundleJson.Deserialize<SamplePreprocessing>(contents.Preprocessing, $"{path}, preprocessing.json");
        var members = new List<IReconstructor>();
        KernelReconstructor? pca = null;
        try
        {
            members.AddRange(Members(contents, record).Select(load));
            record.Threshold.Validate();
            pca = contents.Weights.ContainsKey("pca.components") ? KernelReconstructor.OfPca(contents, path) : null;
            var basis = new DetectorBasis(preprocessing, members, References(contents, path, members[0].SampleLength), pca);
            return new Detector(basis, [.. record.Rules.Select(rule => Rule(rule, basis, contents, path))], record.Chosen, record.Threshold, record.Folds);
        }
        catch (Exception fault)
        {
            members.ForEach(member => member.Dispose());
            pca?.Dispose();
            if (fault is ArgumentException or (HourglassException and not BundleException))
            {
                throw new BundleException($"{place}: {fault.Message}", fault);
            }

            throw;
        }
    }

    private static string MemberPrefix(int place) => $"{Prefix}member.{place + 1}.";

    private static IEnumerable<StoredTensor> Tensors(Detector detector)
    {
        yield return new StoredTensor($"{Prefix}references", [detector.Basis.References.Length / detector.Basis.SampleLength, detector.Basis.SampleLength], detector.Basis.References);
        foreach (var rule in detector.Rules)
        {
            foreach (var stored in rule.HeldOut.ToStored(HeldOutName(rule.Name)))
            {
                yield return stored;
            }

            for (var term = 0; term < rule.Terms.Count; term++)
            {
                foreach (var stored in rule.Terms[term].ToStored())
                {
                    yield return stored.Named($"{TermPrefix(rule.Name, term)}{stored.Name}");
                }
            }
        }
    }

    internal static string HeldOutName(string rule) => $"{Prefix}{rule}.heldOut";

    private static string TermPrefix(string rule, int term) => $"{Prefix}{rule}.{term}.";

    /// <summary>Each member of a detector's file as contents of its own.</summary>
    public static IEnumerable<BundleContents> Members(BundleContents contents, DetectorRecord record)
    {
        yield return contents with { Weights = Own(contents.Weights), Detector = null };
        for (var place = 0; place < record.FurtherMembers.Count; place++)
        {
            var prefix = MemberPrefix(place);
            yield return contents with
            {
                Model = record.FurtherMembers[place].GetRawText(),
                Weights = contents.Weights.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value.Named(pair.Key[prefix.Length..]), StringComparer.Ordinal),
                Detector = null,
            };
        }
    }

    /// <summary>The weights without a detector's.</summary>
    /// <param name="weights">All tensors of a file.</param>
    public static Dictionary<string, StoredTensor> Own(IReadOnlyDictionary<string, StoredTensor> weights) =>
        weights.Where(pair => !pair.Key.StartsWith(Prefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    private static float[] References(BundleContents contents, string path, int length) =>
        contents.Weights.TryGetValue($"{Prefix}references", out var stored) && !stored.IsInteger && stored.Shape is [_, var width] && width == length && Array.TrueForAll(stored.Floats, float.IsFinite)
            ? stored.Floats
            : throw new BundleException($"{path}: the weights lack '{Prefix}references' of shape [sample, {length}] with finite values. The file is altered.");

    private static ScoreRule Rule(RuleRecord rule, DetectorBasis basis, BundleContents contents, string path)
    {
        var terms = rule.Terms.Select((term, place) => term.Fault(basis) is { } fault
            ? throw new BundleException($"{path}, detector.json: rule '{rule.Name}', term {place + 1}: {fault}. The file is altered.")
            : term.Read(basis, new TermTensors(contents.Weights, TermPrefix(rule.Name, place), path)));
        return new ScoreRule(rule.Name, [.. terms], ScoreDistribution.FromStored(contents.Weights, HeldOutName(rule.Name), path));
    }
}
