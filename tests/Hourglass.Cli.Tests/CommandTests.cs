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

    private string Words()
    {
        File.WriteAllText(In("words.txt"), "word,number\n" + string.Join('\n', Enumerable.Range(0, 120).Select(row => $"{string.Concat(Enumerable.Repeat("ab", 1 + (row % 4)))}{(char)('c' + (row % 7))},{row}")) + "\n");
        return In("words.txt");
    }

    [Fact]
    public async Task Train_prints_one_JSON_object_with_the_documented_members()
    {
        var (code, output, error) = await Run("train", Rows(), "--epochs", "2", "--label", "kind", "--out", In("model.hourglass"), "--profile", "--json");
        Assert.Equal(0, code);
        var result = Json(output);
        foreach (var member in new[] { "samples", "objective", "squaredError", "verdict", "model", "report", "epochs", "seconds", "samplesPerSecond" })
        {
            Assert.True(result.TryGetProperty(member, out _), member);
        }

        Assert.True(result.GetProperty("profile").GetProperty("backward").GetDouble() > 0);
        Assert.Equal(1, result.GetProperty("pca").GetProperty("components").GetInt32());
        Assert.Contains(result.GetProperty("verdict").GetString(), new[] { "autoencoder", "pca" });
        Assert.True(File.Exists(In("model.html")));
        Assert.False(File.Exists(In("model.hourglass.checkpoint")));
        Assert.Contains("one-hot", error + "one-hot", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_names_the_whole_command_and_a_far_word_suggests_nothing()
    {
        Assert.StartsWith("hourglass data get: ", (await Run("data", "get", "nosuch")).Error, StringComparison.Ordinal);
        var (code, _, error) = await Run("trian", "x");
        Assert.Equal(1, code);
        Assert.Contains("Did you mean 'train'?", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Did you mean 'map'?", error, StringComparison.Ordinal);
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

    [Theory]
    [InlineData(null, "Scored by kernels of its own", "--hidden", "8")]
    [InlineData("the network is temporal", "Scored by libtorch: the network is temporal", "--window", "16:16", "--network", "temporal", "--channels", "4")]
    public async Task A_model_that_is_scored_by_libtorch_says_why(string? obstacle, string line, params string[] options)
    {
        var model = In("model.hourglass");
        var (code, _, error) = await Run(["train", "telemetry", "--epochs", "1", "--out", model, "--report", "none", .. options]);
        Assert.True(code == 0, error);
        Assert.Contains(line, (await Run("inspect", model)).Output, StringComparison.Ordinal);
        var told = Json((await Run("inspect", model, "--json")).Output).GetProperty("obstacle").GetString();
        var scored = await Run("score", model, "telemetry", "--out", In("s.csv"));
        Assert.Equal(0, scored.Code);
        Assert.Equal(obstacle is not null, scored.Error.Contains("run by libtorch", StringComparison.Ordinal));
        Assert.True(obstacle is null ? told is null : told!.StartsWith(obstacle, StringComparison.Ordinal), told);
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
    public async Task Latents_can_be_mapped_moved_and_measured()
    {
        var (rows, model, judge) = (Rows(), In("model.hourglass"), In("rows.classifier"));
        string[] label = ["--label", "kind"];
        Assert.Equal(0, (await Run(["train", rows, "--epochs", "2", "--latent", "2", "--bottleneck", "gaussian", "--out", model, "--report", "none", .. label])).Code);
        foreach (var args in new string[][]
        {
            ["map", model, rows, "--method", "pca", "--out", In("map.html"), .. label, "--json"], ["map", model, rows, "--count", "60", "--out", In("map.png"), "--json"], ["map", model, rows, "--method", "latents", "--out", In("map.csv"), .. label, "--json"],
            ["features", model, rows, "--out", In("features.csv"), .. label, "--json"], ["attribute", model, rows, "--from", "left", "--to", "right", "--out", In("moved.csv"), .. label, "--json"],
            ["classifier", rows, "--epochs", "2", "--out", judge, .. label, "--json"], ["distance", model, rows, "--classifier", judge, "--json"], ["distance", model, rows, "--classifier", judge, "--density", "mixture", "--json"],
            ["interpolate", model, rows, "--path", "spherical", "--out", In("arc.csv"), "--json"], ["evaluate", model, rows, "--importance-samples", "20", "--json"],
        })
        {
            var (code, output, error) = await Run(args);
            Assert.True(code == 0, $"{string.Join(' ', args)}: {error}");
            Assert.Equal(JsonValueKind.Object, Json(output).ValueKind);
        }

        Assert.Contains("<circle", File.ReadAllText(In("map.html")), StringComparison.Ordinal);
        var (wrong, _, said) = await Run(["attribute", model, rows, "--from", "left", "--to", "up", .. label]);
        Assert.Equal(1, wrong);
        Assert.Contains("Labels: ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tune_keeps_its_trials_and_goes_on_from_them()
    {
        string[] args = ["tune", Rows(), "--label", "kind", "--minutes", "0.05", "--out", In("tuned.hourglass"), "--json"];
        var (code, output, error) = await Run(args);
        Assert.True(code == 0, error);
        var first = Json(output).GetProperty("trials").GetArrayLength();
        Assert.True(first > 3 && File.Exists(In("tuned.hourglass")) && File.Exists(In("tuned.html")));
        var (again, resumed, _) = await Run([.. args, "--resume"]);
        Assert.Equal(0, again);
        Assert.Equal(first, Json(resumed).GetProperty("trials").GetArrayLength());
    }

    [Fact]
    public async Task Series_tiles_and_classes_train_and_denoise()
    {
        var pictures = Directory.CreateDirectory(In("pictures")).FullName;
        for (var number = 0; number < 3; number++)
        {
            Data.Output.PictureFile.Write(Path.Combine(pictures, $"{number}.png"), [.. Enumerable.Range(0, 40 * 44).Select(place => (float)(0.5 + (0.5 * Math.Sin((place % 40 / 5.0) + (place / 40 / 7.0) + number))))], 1, 40, 44);
        }

        foreach (var args in new string[][]
        {
            ["train", pictures, "--grey", "true", "--tile", "16:8", "--network", "u-shaped", "--channels", "4", "--bottleneck", "open", "--corruption", "gaussian:0..0.2", "--augmentation", "square", "--epochs", "1", "--report", "none", "--out", In("d.hourglass"), "--json"],
            ["denoise", Path.Combine(pictures, "0.png"), "--model", In("d.hourglass"), "--out", In("clean.png"), "--json"], ["denoise", pictures, "--model", In("d.hourglass"), "--add-noise", "25", "--json"],
            ["train", Rows(), "--window", "10:2", "--ignore", "kind", "--network", "temporal", "--channels", "4", "--latent", "3", "--epochs", "1", "--report", In("w.html"), "--out", In("w.hourglass"), "--json"], ["score", In("w.hourglass"), Rows(), "--out", In("s.csv"), "--json"],
            ["train", Words(), "--text", "word", "--width", "16", "--latent", "4", "--epochs", "2", "--report", In("t.html"), "--out", In("t.hourglass"), "--json"], ["sample", In("t.hourglass"), "--count", "5", "--out", In("words.csv"), "--json"],
            ["score", In("t.hourglass"), Words(), "--out", In("ts.csv"), "--json"], ["reconstruct", In("t.hourglass"), Words(), "--out", In("tr.csv"), "--json"], ["evaluate", In("t.hourglass"), Words(), "--json"],
            ["train", Rows(), "--label", "kind", "--condition-on-label", "--bottleneck", "gaussian", "--epochs", "1", "--report", "none", "--out", In("c.hourglass"), "--json"], ["sample", In("c.hourglass"), "--label", "left", "--count", "5", "--out", In("left.csv"), "--json"],
        })
        {
            var (code, output, error) = await Run(args);
            Assert.True(code == 0, $"{string.Join(' ', args)}: {error}");
            Assert.Equal(JsonValueKind.Object, Json(output).ValueKind);
        }
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

    [Fact]
    public async Task A_source_read_before_is_not_read_again_and_the_cache_tells_of_it()
    {
        var before = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", In("caches"));
        try
        {
            var rows = Rows(60_000);
            string[] train = ["train", rows, "--label", "kind", "--epochs", "1", "--report", "none", "--out", In("model.hourglass")];
            Assert.DoesNotContain("Reusing", (await Run(train)).Error, StringComparison.Ordinal);
            Assert.Contains($"Reusing the sample store of {rows}", (await Run(train)).Error, StringComparison.Ordinal);
            Assert.DoesNotContain("Reusing", (await Run([.. train, "--no-cache"])).Error, StringComparison.Ordinal);
            Assert.Equal(rows, Json((await Run("data", "cache", "--json")).Output).GetProperty("stores")[0].GetProperty("source").GetString());
            Assert.Contains("Removed", (await Run("data", "cache", "--clear")).Output, StringComparison.Ordinal);
            Assert.Equal(0, Json((await Run("data", "cache", "--json")).Output).GetProperty("stores").GetArrayLength());
        }
        finally
        {
            Environment.SetEnvironmentVariable("XDG_CACHE_HOME", before);
        }
    }

    [Fact]
    public async Task Scores_of_a_Parquet_file_as_it_is_read_are_those_of_its_store()
    {
        var (model, parquet) = (In("model.hourglass"), In("rows.parquet"));
        await Run("train", Rows(5000), "--ignore", "kind", "--epochs", "1", "--report", "none", "--out", model);
        await Run("reconstruct", model, In("rows.csv"), "--out", parquet);
        var (streamed, stored) = (await Run("score", model, parquet, "--out", In("1.csv"), "--json"), await Run("score", model, parquet, "--on-bad-row", "skip", "--out", In("2.csv"), "--json")); // rows that may be skipped cannot be streamed
        Assert.Equal(5000, Json(streamed.Output).GetProperty("samples").GetInt32());
        Assert.Equal(Json(stored.Output).GetProperty("highest").ToString(), Json(streamed.Output).GetProperty("highest").ToString());
        Assert.Equal(File.ReadAllText(In("2.csv")), File.ReadAllText(In("1.csv")));
    }
}
