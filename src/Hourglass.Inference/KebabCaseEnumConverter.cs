using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hourglass;

/// <summary>Writes enum members as the words of the command line: LeakyRelu as "leaky-relu"; refuses numbers.</summary>
/// <typeparam name="T">The enum.</typeparam>
public sealed class KebabCaseEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
