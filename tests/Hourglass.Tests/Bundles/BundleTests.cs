using System.IO.Compression;
using Hourglass.Bundles;

namespace Hourglass.Tests.Bundles;

public sealed class BundleTests(TrainedFixture fixture) : IClassFixture<TrainedFixture>
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private float[] SomeSamples()
    {
        var data = fixture.Outcome.Data.Samples;
        var values = new float[20 * data.SampleLength];
        data.Read(0, 20, values);
        return values;
    }

    [Fact]
    public void A_bundle_reads_back_equal_and_is_written_to_the_same_bytes()
    {
        using var read = TrainedAutoencoder.Load(fixture.Path);
        Assert.Equal(fixture.Outcome.Trained.Reconstruct(SomeSamples()), read.Reconstruct(SomeSamples()));
        Assert.Equal(fixture.Outcome.Trained.Sample(5, 1), read.Sample(5, 1));
        Assert.Equal(fixture.Outcome.Trained.WithPca().Score(SomeSamples()), read.WithPca().Score(SomeSamples()));
        var again = Path.Combine(_folder, "again.hourglass");
        read.Save(again);
        Assert.Equal(File.ReadAllBytes(fixture.Path), File.ReadAllBytes(again));
    }

    [Fact]
    public void Encoder_and_decoder_work_alone_and_together()
    {
        var trained = fixture.Outcome.Trained;
        Assert.Equal(trained.Reconstruct(SomeSamples()), trained.Decode(trained.Encode(SomeSamples())));
        Assert.Throws<ShapeException>(() => trained.Encode(new float[7]));
    }

    [Theory]
    [InlineData("model.json", "\"latentSize\": 2", "\"latentSize\": 200000000")]
    [InlineData("model.json", "\"latentSize\": 2", "\"latentsize\": 2")]
    [InlineData("model.json", "\"formatVersion\": 1", "\"formatVersion\": 99")]
    [InlineData("model.json", "\"dense\"", "\"pickle\"")]
    [InlineData("preprocessing.json", "\"scale\": ", "\"scale\": 1e999")]
    public void An_altered_text_is_named(string entry, string old, string replacement)
    {
        var path = Path.Combine(_folder, "altered.hourglass");
        File.Copy(fixture.Path, path, overwrite: true);
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            string text;
            using (var reader = new StreamReader(zip.GetEntry(entry)!.Open()))
            {
                text = reader.ReadToEnd();
            }

            Assert.Contains(old, text, StringComparison.Ordinal);
            zip.GetEntry(entry)!.Delete();
            using var writer = new StreamWriter(zip.CreateEntry(entry).Open());
            writer.Write(text.Replace(old, replacement, StringComparison.Ordinal));
        }

        Assert.Contains("altered.hourglass", Assert.Throws<BundleException>(() => TrainedAutoencoder.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_that_does_not_belong_is_refused()
    {
        var path = Path.Combine(_folder, "extra.hourglass");
        File.Copy(fixture.Path, path, overwrite: true);
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            using var writer = new StreamWriter(zip.CreateEntry("../evil.dll").Open());
            writer.Write("MZ");
        }

        Assert.Contains("evil.dll", Assert.Throws<BundleException>(() => TrainedAutoencoder.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Five_hundred_mutated_bundles_give_a_named_error_or_a_correct_read()
    {
        var (original, random) = (File.ReadAllBytes(fixture.Path), new Random(11));
        for (var round = 0; round < 500; round++)
        {
            Mutation.Check(_folder, "mutant.hourglass", original, random, path => TrainedAutoencoder.Load(path).Dispose());
        }
    }

    [Fact]
    public void Safetensors_are_written_as_the_published_format_says()
    {
        using var stream = new MemoryStream();
        SafeTensors.Write(stream, [new StoredTensor("w", [2], new[] { 1f, 2f })]);
        var header = """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""".PadRight(56);
        byte[] expected = [56, 0, 0, 0, 0, 0, 0, 0, .. System.Text.Encoding.ASCII.GetBytes(header), 0, 0, 128, 63, 0, 0, 0, 64];
        Assert.Equal(expected, stream.ToArray());
        Assert.Equal([1f, 2f], SafeTensors.Read(expected, "test").Tensors["w"].Floats);
    }
}
