using System.Diagnostics;
using System.Text.RegularExpressions;
using SkiaSharp;

namespace Hourglass.Glyphs;

/// <summary>One typeface: a family's regular style, the package it comes from and that package's licence.</summary>
internal sealed record Typeface(string Family, string Path, string Package, string Version, string Licence);

/// <summary>Finds one upright regular file for each family whose package has a licence that allows to ship renderings.</summary>
internal static partial class TypefaceCatalogue
{
    private static readonly (string Word, string Name)[] Licences =
    [
        ("SIL Open Font License", "SIL Open Font License 1.1"), ("OFL-1.1", "SIL Open Font License 1.1"), ("Open Font License", "SIL Open Font License 1.1"), ("Apache License", "Apache License 2.0"), ("Apache-2.0", "Apache License 2.0"),
        ("Bitstream Vera", "Bitstream Vera licence"), ("Ubuntu Font Licence", "Ubuntu Font Licence 1.0"), ("GUST Font License", "GUST Font License"), ("CC0", "CC0 1.0"), ("MIT", "MIT"), ("public domain", "public domain"),
    ];

    public static List<Typeface> Find(string root)
    {
        var files = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(file => file.EndsWith(".ttf", StringComparison.OrdinalIgnoreCase) || file.EndsWith(".otf", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal);
        var best = new SortedDictionary<string, (string Path, int Rank)>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            using var face = SKTypeface.FromFile(file);
            if (face is null || face.FontStyle.Slant != SKFontStyleSlant.Upright)
            {
                continue;
            }

            var rank = Math.Abs(face.FontWeight - 400) + Math.Abs((face.FontWidth - 5) * 100);
            if (!best.TryGetValue(face.FamilyName, out var held) || rank < held.Rank)
            {
                best[face.FamilyName] = (file, rank);
            }
        }

        return [.. best.Select(entry => Describe(entry.Key, entry.Value.Path)).OfType<Typeface>()];
    }

    private static Typeface? Describe(string family, string path)
    {
        var package = Run("dpkg", "-S", path).Split(':')[0].Trim();
        var copyright = $"/usr/share/doc/{package}/copyright";
        if (package.Length == 0 || !File.Exists(copyright))
        {
            return null;
        }

        var text = Spaces().Replace(File.ReadAllText(copyright), " ");
        var licence = Licences.FirstOrDefault(entry => text.Contains(entry.Word, StringComparison.OrdinalIgnoreCase)).Name;
        return licence is null ? null : new Typeface(family, path, package, Run("dpkg-query", "-W", "-f", "${Version}", package).Trim(), licence);
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? text : "";
    }

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Spaces();
}
