using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Detection;
using Hourglass.Scoring;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>What a detector learns from training samples: its members, principal components, and the samples that others are compared with.</summary>
/// <param name="Basis">The same as terms take it.</param>
/// <param name="Members">Each member as the contents of a file; the first brings the principal components.</param>
internal sealed record LearntPart(DetectorBasis Basis, List<BundleContents> Members)
{
    private const int MaximumReferenceValues = 1 << 25; // 128 MB

    /// <summary>Learns from all training samples; where some may be anomalies, members learn from those that a first look finds typical.</summary>
    public static LearntPart Of(PreparedData data, DetectorOptions options, TrainObserver? observer, CancellationToken cancellationToken)
    {
        if (options.FirstLook is not { } look)
        {
            return Of(data, data.Split.Training, options, MemberTraining.Run(data, options, observer, cancellationToken));
        }

        var seeded = look with { Member = look.Member with { Training = look.Member.Training with { Seed = options.Member.Training.Seed } } };
        observer?.Prepared?.Invoke(data, MemberTraining.Completed(data, options, Typical(options, data.Split.Training.Length)));
        var told = observer is null ? null : observer with { Prepared = null };
        var first = Of(data, seeded, told, cancellationToken);
        using (first.Basis)
        {
            var ordered = Ordered(data, first.Basis, seeded);
            long[] typical = [.. ordered[..Typical(options, ordered.Length)].Order()];
            var members = MemberTraining.Run(data.With(data.Split with { Training = typical }), options, told, cancellationToken);
            members[0] = members[0] with { Weights = Components(members[0], first.Members[0]) };
            return Of(data, ordered, options, members);
        }
    }

    private static int Typical(DetectorOptions options, int samples) => Math.Max(1, (int)(options.Typical * samples));

    // Training samples from the most typical to the strangest.
    private static long[] Ordered(PreparedData data, DetectorBasis basis, DetectorOptions look)
    {
        var (training, held) = (data.Split.Training, data.Split.Validation.Length > 0 ? data.Split.Validation : data.Split.Training);
        var first = DetectorFit.Fit(basis, Rows(data.Samples, held), look.Rules);
        double[] scores = [.. training.Chunk(Math.Max(1, (1 << 20) / data.Samples.SampleLength)).SelectMany(rows => first.Score(Rows(data.Samples, rows)))];
        return [.. Enumerable.Range(0, training.Length).OrderBy(place => scores[place]).ThenBy(place => place).Select(place => training[place])];
    }

    // Principal components of all training samples, at the size of the first look's latents: what the rival of that name has always been.
    private static Dictionary<string, StoredTensor> Components(BundleContents member, BundleContents first) =>
        member.Weights.Values.Where(tensor => !IsComponents(tensor)).Concat(first.Weights.Values.Where(IsComponents)).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);

    private static bool IsComponents(StoredTensor tensor) => tensor.Name.StartsWith("pca.", StringComparison.Ordinal);

    private static LearntPart Of(PreparedData data, long[] training, DetectorOptions options, List<BundleContents> members)
    {
        var compared = Spread(training, Math.Min(options.MaximumReferences, MaximumReferenceValues / data.Samples.SampleLength));
        var pca = members[0].Weights.Values.Any(IsComponents) ? KernelReconstructor.OfPca(members[0], "") : null;
        return new LearntPart(new DetectorBasis(data.Preprocessing, [.. members.Select(member => DetectorBundle.Member(member, ""))], Rows(data.Samples, compared), pca), members);
    }

    /// <summary>Samples by their numbers, [sample, value].</summary>
    public static float[] Rows(SampleStore samples, long[] indices)
    {
        var rows = new float[checked(indices.Length * samples.SampleLength)];
        samples.Gather(indices, rows);
        return rows;
    }

    // At even steps, so that nothing is drawn.
    private static long[] Spread(long[] indices, int most) => indices.Length <= most ? indices
        : [.. Enumerable.Range(0, most).Select(place => indices[(long)place * indices.Length / most])];
}
