using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Networks.Convolutional;
using Hourglass.Preprocessing;
using Hourglass.Scoring;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Tests.Tasks.AnomalyDetection;

/// <summary>Convolutional members: their errors in pixels and in features, each a rule of its own, in a file that scores alike when it is read.</summary>
public sealed class PictureMemberTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Bars that stand upright; where they lie down, they are strange.
    private string Pictures(string name, int count, int seed, bool lie)
    {
        var random = new Random(seed);
        var folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        for (var number = 0; number < count; number++)
        {
            var (phase, brightness) = (random.NextDouble() * 6, 0.3 + (0.2 * random.NextDouble()));
            Data.Output.PictureFile.Write(Path.Combine(folder, $"{number:000}.png"), [.. Enumerable.Range(0, 16 * 16).Select(place => (float)(0.5 + (brightness * Math.Sin(phase + ((lie ? place / 16 : place % 16) * 0.9)))))], 1, 16, 16);
        }

        return folder;
    }

    [Fact]
    public void Errors_in_pixels_and_in_features_are_rules_that_add_up_and_are_read_from_the_file()
    {
        var options = DetectorOptions.ForPictures();
        options = options with { Members = 1, Steps = 120, Member = options.Member with { Training = options.Member.Training with { BatchSize = 16, LearningRate = 0.005 }, LatentSize = 4, Network = new ConvolutionalNetworkOptions { Channels = [4, 8] } } };
        using var detector = AnomalyDetector.Fit(new DetectRequest { Data = Pictures("normal", 60, 1, lie: false), Read = new ReadOptions { Grey = true }, Detector = options });
        Assert.Contains(detector.Detector.Rule.Terms, term => term.Record is FeatureErrorRecord);
        var lying = Pictures("lying", 20, 3, lie: true);
        foreach (var rule in new[] { DetectorRules.Reconstruction, DetectorRules.Features })
        {
            Assert.All(detector.Use(rule).Explain(lying), explanation => Assert.Equal(explanation.Score, explanation.Columns.Sum(column => column.Contribution), 1e-6 * explanation.Score));
        }

        var pixels = detector.Use(DetectorRules.Reconstruction);
        var (strange, normal) = (pixels.Score(lying).Order().ToArray(), pixels.Score(Pictures("upright", 20, 2, lie: false)).Order().ToArray());
        Assert.True(strange[4] > normal[15], $"{string.Join(' ', strange)} against {string.Join(' ', normal)}");
        var path = Path.Combine(_folder, "d.hourglass");
        detector.Save(path);
        using var read = AnomalyDetector.Load(path);
        Assert.Equal(detector.Use(DetectorRules.Features).Score(lying), read.Use(DetectorRules.Features).Score(lying));
    }

    [Fact]
    public void An_encoder_that_sees_no_difference_finds_nothing()
    {
        var basis = new DetectorBasis(new ArrayPreprocessing { Shape = [3], Offsets = [0], Scales = [1] }, [new FirstValueAlone()], [0, 0, 0]);
        using var detector = DetectorFit.Fit(basis, [1, 2, 3, 2, 1, 0], [new("features", [new FeatureErrorRecord()])]);
        Assert.Equal([0.0], detector.Score([5, 60, 70]));
        Assert.True(detector.Score([-5, 0, 0])[0] > 0);
    }

    // Encodes the first value, and gives it back where it is above 0.
    private sealed class FirstValueAlone : IReconstructor
    {
        public int SampleLength => 3;

        public int LatentSize => 1;

        public void Encode(ReadOnlySpan<float> samples, Span<float> latents)
        {
            for (var sample = 0; sample < latents.Length; sample++)
            {
                latents[sample] = samples[sample * 3];
            }
        }

        public void Reconstruct(ReadOnlySpan<float> samples, Span<float> latents, Span<float> reconstructions)
        {
            Encode(samples, latents);
            reconstructions.Clear();
            for (var sample = 0; sample < latents.Length; sample++)
            {
                reconstructions[sample * 3] = Math.Max(0, latents[sample]);
            }
        }

        public void Decode(ReadOnlySpan<float> latents, Span<float> reconstructions) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
