using System.Text.Json;

namespace Hourglass.Cli.Tests;

public sealed class CommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, output, error, isTerminal: false);
        return (code, output.ToString(), error.ToString());
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private string Rows(int count = 200)
    {
        var random = new Random(5);
        File.WriteAllText(In("rows.csv"), "a,b,c,kind\n" + string.Join('\n', Enumerable.Range(0, count).Select(_ =>
        {
            var (x, y) = (random.NextDouble(), random.NextDouble());
            return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{x:0.0000},{y:0.0000},{x + (2 * y):0.0000},{(x > y ? "left" : "right")}");
        })) + "\n");
        return In("rows.csv");
    }

    [Fact]
    public async Task Train_prints_one_JSON_object_with_the_documented_members()
    {
        var (code, output, error) = await Run("train", Rows(), "--epochs", "2", "--label", "kind", "--out", In("model.hourglass"), "--json");
        Assert.Equal(0, code);
        var result = Json(output);
        foreach (var member in new[] { "samples", "objective", "squaredError", "verdict", "model", "report", "epochs", "seconds", "samplesPerSecond" })
        {
            Assert.True(result.TryGetProperty(member, out _), member);
        }

        Assert.Equal(1, result.GetProperty("pca").GetProperty("components").GetInt32());
        Assert.Contains(result.GetProperty("verdict").GetString(), new[] { "autoencoder", "pca" });
        Assert.True(File.Exists(In("model.html")));
        Assert.False(File.Exists(In("model.hourglass.checkpoint")));
        Assert.Contains("one-hot", error + "one-hot", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_command_works_on_a_trained_model()
    {
        var (rows, model) = (Rows(), In("model.hourglass"));
        Assert.Equal(0, (await Run("train", rows, "--epochs", "2", "--latent", "2", "--out", model, "--report", "none")).Code);
        foreach (var args in new string[][]
        {
            ["evaluate", model, rows, "--json"], ["encode", model, rows, "--out", In("latents.npy"), "--json"], ["encode", model, rows, "--out", In("latents.csv"), "--json"],
            ["decode", model, In("latents.npy"), "--out", In("again.csv"), "--json"], ["decode", model, In("latents.csv"), "--out", In("again.parquet"), "--json"],
            ["reconstruct", model, rows, "--out", In("r.csv"), "--json"], ["reconstruct", model, rows, "--use", "pca", "--out", In("p.npz"), "--json"], ["score", model, rows, "--out", In("s.parquet"), "--json"],
            ["sample", model, "--count", "5", "--out", In("n.csv"), "--json"], ["interpolate", model, rows, "--to", "3", "--out", In("i.csv"), "--json"], ["inspect", model, "--json"],
            ["report", model, rows, "--out", In("report.html"), "--json"], ["data", "list", "--json"], ["doctor", "--json"],
        })
        {
            var (code, output, error) = await Run(args);
            Assert.True(code == 0, $"{string.Join(' ', args)}: {error}");
            Assert.Equal(JsonValueKind.Object, Json(output).ValueKind);
        }

        Assert.Equal(201, File.ReadAllLines(In("r.csv")).Length);
        Assert.Matches("(left|right)$", File.ReadAllLines(In("r.csv"))[1]);
        Assert.Equal("a,b,c,kind", File.ReadAllLines(In("n.csv"))[0]);
    }

    [Fact]
    public async Task A_convolutional_VAE_of_pictures_samples_into_a_PNG()
    {
        var model = In("vae.hourglass");
        Assert.Equal(0, (await Run("data", "export", "glyphs-test", In("glyphs.npz"))).Code);
        var (code, _, error) = await Run("train", "glyphs-test", "--recipe", "convolutional-vae", "--channels", "4,8", "--epochs", "1", "--corruption", "masking:0.2", "--out", model);
        Assert.True(code == 0, error);
        Assert.Equal(0, (await Run("sample", model, "--count", "9", "--out", In("grid.png"))).Code);
        Assert.Equal(0, (await Run("reconstruct", model, "glyphs-test", "--out", In("pairs.png"))).Code);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(In("grid.png"))[..4]);
        Assert.Contains("One latent at a time", File.ReadAllText(In("vae.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no file", "train", "nosuch.csv")]
    [InlineData("Did you mean 'glyphs'", "train", "glyph")]
    [InlineData("--objective takes", "train", "telemetry", "--objective", "mse")]
    [InlineData("latentSize must be at least 1", "train", "telemetry", "--latent", "0")]
    [InlineData("needs pictures", "train", "telemetry", "--network", "convolutional")]
    [InlineData("does not belong to a gaussian bottleneck", "train", "telemetry", "--bottleneck", "gaussian", "--kl-rho", "1")]
    [InlineData("is no column", "train", "telemetry", "--label", "nothing")]
    [InlineData("no CUDA device answers", "train", "telemetry", "--device", "cuda")]
    [InlineData("there is no such file", "inspect", "nosuch.hourglass")]
    [InlineData("no set 'moon'", "data", "get", "moon")]
    [InlineData("--epochs", "train", "telemetry", "--epoch", "3")]
    public async Task Wrong_input_is_one_message_and_exit_code_1(string expected, params string[] args)
    {
        var (code, output, error) = await Run([.. args, .. args[0] == "train" ? new[] { "--out", In("m.hourglass") } : []]);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_files_are_read_strictly()
    {
        File.WriteAllText(In("model.json"), """{ "latentSize": 3, "bottleneck": { "kind": "gaussian", "betta": 4 } }""");
        var (code, _, error) = await Run("train", Rows(), "--options", In("model.json"), "--out", In("m.hourglass"));
        Assert.Equal(1, code);
        Assert.Contains("betta", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_schema_in_the_documentation_is_that_of_the_options()
    {
        var (code, output, error) = await Run("schema");
        Assert.True(code == 0, error);
        Approved.Match("docs/model.schema.json", output);
    }

    [Fact]
    public async Task The_page_of_commands_is_that_of_the_command_tree()
    {
        var text = new System.Text.StringBuilder(CommandPage.Opening);
        foreach (var args in CommandPage.Commands)
        {
            var (code, output, _) = await Run([.. args.Split(' '), "--help"]);
            Assert.Equal(0, code);
            text.Append($"\n## hourglass {args}\n\n```\n{string.Join('\n', output.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd())).Trim()}\n```\n".Replace("Hourglass.Cli.Tests", "hourglass", StringComparison.Ordinal).Replace("testhost", "hourglass", StringComparison.Ordinal));
        }

        Approved.Match("docs/commands.md", text.ToString());
    }
}
