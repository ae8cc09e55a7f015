using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Hourglass.Bundles;

/// <summary>The one dialect of JSON in model files, options files and --json output: camelCase members, kebab-case words.</summary>
/// <remarks>Reading is strict: misspelt members, wrong kinds and deep nesting are refused.</remarks>
public static class BundleJson
{
    /// <summary>Deepest nesting that is read.</summary>
    public const int MaximumDepth = 32;

    /// <summary>Shared settings.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowOutOfOrderMetadataProperties = true,
        AllowDuplicateProperties = false,
        MaxDepth = MaximumDepth,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    /// <summary>Writes a value.</summary>
    /// <param name="value">A record.</param>
    public static string Serialize<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Reads a value.</summary>
    /// <param name="json">The text.</param>
    /// <param name="place">File and entry, for the error.</param>
    /// <exception cref="BundleException">The text is not such a value; the message says where.</exception>
    public static T Deserialize<T>(string json, string place)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) ?? throw new BundleException($"{place}: expected an object, got null.");
        }
        catch (Exception fault) when (fault is JsonException or NotSupportedException or ArgumentException or FormatException or OverflowException or InvalidOperationException)
        {
            throw new BundleException($"{place}: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }
}
