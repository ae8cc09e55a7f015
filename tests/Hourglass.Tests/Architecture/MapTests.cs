using System.Text.RegularExpressions;
using Hourglass.Bundles;
using PublicApiGenerator;

namespace Hourglass.Tests.Architecture;

/// <summary>docs/architecture.md, as tests: arrows point down only, files stay small, the public interface changes on purpose.</summary>
public sealed partial class MapTests
{
    private const int MaximumLines = 400;

    // From folder to the folders of the library that it may use.
    private static readonly Dictionary<string, string[]> Arrows = new(StringComparer.Ordinal)
    {
        ["Corruption"] = ["Engine", "Preprocessing"],
        ["Objectives"] = ["Engine", "Networks", "Preprocessing"],
        ["Bottlenecks"] = ["Corruption", "Engine", "Networks"],
        ["Networks"] = ["Engine", "Bottlenecks", "Kernels"],
        ["Regularization"] = ["Engine"],
        ["Engine"] = ["Kernels"],
        ["Evaluation"] = ["Engine"],
        ["Baselines"] = ["Bottlenecks", "Bundles", "Data", "Engine", "Kernels", "Networks"],
        ["Training"] = ["Bottlenecks", "Bundles", "Collectives", "Corruption", "Data", "Engine", "Kernels", "Networks", "Objectives", "Preprocessing"],
        ["Recipes"] = ["Bottlenecks", "Corruption", "Networks", "Objectives", "Preprocessing", "Regularization", "Training"],
        ["Bundles"] = ["Baselines", "Data", "Detection", "Networks", "Preprocessing"],
        ["Reporting"] = ["Baselines", "Bottlenecks", "Bundles", "Data", "Detection", "Evaluation", "Preprocessing", "Training"],
        ["Tasks"] = ["Baselines", "Bottlenecks", "Bundles", "Collectives", "Corruption", "Data", "Detection", "Engine", "Evaluation", "Kernels", "Networks", "Objectives", "Preprocessing", "Recipes", "Scoring", "Training"],
    };

    private static string Root => Path.GetFullPath(Path.Combine(Snapshot.Here(), "..", "..", ".."));

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    [Fact]
    public void Arrows_between_folders_point_down()
    {
        var wrong = new List<string>();
        foreach (var file in Sources("src/Hourglass"))
        {
            var folder = Path.GetRelativePath(Path.Combine(Root, "src/Hourglass"), file).Split(Path.DirectorySeparatorChar)[0];
            foreach (Match used in Using().Matches(File.ReadAllText(file)))
            {
                var target = used.Groups["folder"].Value;
                if (target != folder && Arrows.TryGetValue(folder, out var allowed) && !allowed.Contains(target))
                {
                    wrong.Add($"{Path.GetFileName(file)}: {folder} uses {target}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_folder_of_the_library_stands_in_the_map()
    {
        var folders = Directory.GetDirectories(Path.Combine(Root, "src/Hourglass")).Select(path => Path.GetFileName(path)!).Where(name => name is not ("obj" or "bin" or "buildTransitive") && Directory.EnumerateFiles(Path.Combine(Root, "src/Hourglass", name), "*.cs", SearchOption.AllDirectories).Any());
        Assert.Empty(folders.Except(Arrows.Keys));
    }

    [Fact]
    public void The_inference_assembly_knows_no_engine() =>
        Assert.DoesNotContain(typeof(BundleFile).Assembly.GetReferencedAssemblies(), name => name.Name == "TorchSharp");

    [Fact]
    public void No_file_is_longer_than_four_hundred_lines() =>
        Assert.Empty(Sources("src").Where(file => File.ReadAllLines(file).Length > MaximumLines).Select(Path.GetFileName));

    [Fact]
    public void No_square_is_taken_whose_exponent_the_collector_may_free() =>
        Assert.DoesNotContain(Sources("src"), file => File.ReadAllText(file).Contains(".square()", StringComparison.Ordinal));

    [Fact]
    public void The_public_interface_changes_only_on_purpose() =>
        Snapshot.Match("PublicApi.txt", typeof(Autoencoder).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }) + "\n\n" + typeof(BundleFile).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }));

    [GeneratedRegex(@"^using Hourglass\.(?<folder>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Using();
}
