using System.Globalization;
using System.Text.Json;

namespace Hourglass.Benchmarks;

/// <summary>A benchmark's arguments and how it prints.</summary>
internal static class Arguments
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);

    public static string? Text(string[] args, string name) => Array.IndexOf(args, name) is var place and >= 0 && place + 1 < args.Length ? args[place + 1] : null;

    public static int Number(string[] args, string name, int otherwise) => Text(args, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
