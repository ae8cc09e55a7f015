using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Hourglass.Bundles;

namespace Hourglass.Cli.Options;

/// <summary>One slot of the equation on the command line: a word for the kind, and a flag for each of its members.</summary>
/// <remarks>Kinds and types of members are read from the options records, so that a flag that does not belong to the chosen kind is refused by itself.</remarks>
/// <typeparam name="T">The slot's base record.</typeparam>
internal sealed class SlotFlags<T>
    where T : class
{
    private readonly string _slot;
    private readonly Option<string?> _kind;
    private readonly List<(string Member, Option Option)> _members = [];
    private readonly IReadOnlyDictionary<string, Type> _kinds = typeof(T).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToDictionary(attribute => (string)attribute.TypeDiscriminator!, attribute => attribute.DerivedType, StringComparer.Ordinal);

    /// <summary>Describes a slot.</summary>
    /// <param name="slot">Its name, which is also the flag for the kind.</param>
    /// <param name="members">Flag, member and description of each member that can be given.</param>
    public SlotFlags(string slot, params (string Flag, string Member, string Description)[] members)
    {
        _slot = slot;
        _kind = new Option<string?>("--" + slot) { Description = string.Join(", ", _kinds.Keys) + "." };
        foreach (var (flag, member, description) in members)
        {
            _members.Add((member, IsSwitch(member)
                ? new Option<bool?>("--" + flag) { Description = description, Arity = ArgumentArity.ZeroOrOne }
                : new Option<string?>("--" + flag) { Description = description }));
        }
    }

    /// <summary>All flags of the slot.</summary>
    public IEnumerable<Option> Options => _members.Select(member => member.Option).Prepend(_kind);

    /// <summary>What the flags make of a start; null when nothing was given and there is no start.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="start">The recipe's or file's choice.</param>
    public T? Read(ParseResult parse, T? start)
    {
        var given = _members.Where(member => parse.GetResult(member.Option) is not null).ToList();
        var kind = parse.GetValue(_kind) is { } word ? Kind(word.Split(':')[0]) : null;
        if (kind is null && given.Count == 0)
        {
            return start;
        }

        var type = kind ?? (start?.GetType() is { } own && given.Exists(member => Member(own, member.Member) is not null) ? own : _kinds.Values.FirstOrDefault(type => given.TrueForAll(member => Member(type, member.Member) is not null)) ?? start?.GetType() ?? _kinds.Values.First());
        var node = JsonSerializer.SerializeToNode(start?.GetType() == type ? start : (T)Activator.CreateInstance(type)!, BundleJson.Options)!.AsObject();
        foreach (var (member, option) in given)
        {
            var property = Member(type, member) ?? throw Misplaced(option, member, type);
            node[JsonNamingPolicy.CamelCase.ConvertName(member)] = Value(parse, option, property);
        }

        if (parse.GetValue(_kind) is { } text && text.Contains(':', StringComparison.Ordinal))
        {
            Abbreviated(node, type, text);
        }

        return node.Deserialize<T>(BundleJson.Options);
    }

    private static PropertyInfo? Member(Type type, string member) => type.GetProperty(member);

    private string Name(Type type) => _kinds.First(kind => kind.Value == type).Key;

    private bool IsSwitch(string member) => _kinds.Values.Select(type => Member(type, member)).OfType<PropertyInfo>().First() is var property
        && (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) == typeof(bool);

    private Type Kind(string word) => _kinds.TryGetValue(word, out var type) ? type : throw new HourglassException($"--{_slot} takes one of {string.Join(", ", _kinds.Keys)}, got '{word}'.");

    private HourglassException Misplaced(Option option, string member, Type type) => new(
        $"{option.Name} does not belong to a {Name(type)} {_slot}. Leave it out, or choose {string.Join(" or ", _kinds.Where(kind => Member(kind.Value, member) is not null).Select(kind => kind.Key))} with --{_slot}.");

    // "huber:0.5", "gaussian:0.1", "gaussian:0..0.2": the kind's own first number, or its range.
    private void Abbreviated(JsonObject node, Type type, string text)
    {
        var amount = text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..];
        var numbers = type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(property => (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is var bare && (bare == typeof(double) || bare == typeof(int))).ToList();
        var ends = amount.Split("..");
        if (numbers.Count == 0 || ends.Length > 2 || (ends.Length == 2 && numbers.Count < 2))
        {
            throw new HourglassException($"--{_slot} {Name(type)} takes no '{amount}' after a colon.");
        }

        node[JsonNamingPolicy.CamelCase.ConvertName(numbers[0].Name)] = Number(ends[^1], numbers[0], $"--{_slot}");
        if (ends.Length == 2)
        {
            node[JsonNamingPolicy.CamelCase.ConvertName(numbers[1].Name)] = Number(ends[0], numbers[1], $"--{_slot}");
        }
    }

    private static JsonNode? Value(ParseResult parse, Option option, PropertyInfo property)
    {
        if (option is Option<bool?> flag)
        {
            return JsonValue.Create(parse.GetValue(flag) ?? true);
        }

        var text = parse.GetValue((Option<string?>)option)!;
        var bare = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return bare == typeof(double) || bare == typeof(int) ? Number(text, property, option.Name)
            : bare == typeof(IReadOnlyList<int>) ? new JsonArray([.. Widths(text, option.Name).Select(width => (JsonNode)JsonValue.Create(width))])
            : bare.IsEnum ? Word(text, bare, option.Name)
            : Nested(text, bare, option.Name);
    }

    private static JsonValue Number(string text, PropertyInfo property, string option)
    {
        var bare = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return bare == typeof(int)
            ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? JsonValue.Create(whole) : throw new HourglassException($"{option} takes a whole number, got '{text}'.")
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? JsonValue.Create(number) : throw new HourglassException($"{option} takes a number, got '{text}'.");
    }

    private static int[] Widths(string text, string option) => text is "none" or "" ? []
        : [.. text.Split(',', StringSplitOptions.TrimEntries).Select(width => int.TryParse(width, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new HourglassException($"{option} takes whole numbers separated by commas, for instance 128,64, got '{text}'."))];

    private static JsonValue Word(string text, Type type, string option)
    {
        var words = Enum.GetValues(type).Cast<object>().Select(value => JsonSerializer.Serialize(value, type, BundleJson.Options).Trim('"')).ToList();
        return words.Contains(text, StringComparer.Ordinal) ? JsonValue.Create(text) : throw new HourglassException($"{option} takes one of {string.Join(", ", words)}, got '{text}'.");
    }

    // A choice within the choice: "mixture:100" for --prior.
    private static JsonObject Nested(string text, Type type, string option)
    {
        var kinds = type.GetCustomAttributes<JsonDerivedTypeAttribute>().ToDictionary(attribute => (string)attribute.TypeDiscriminator!, attribute => attribute.DerivedType, StringComparer.Ordinal);
        var parts = text.Split(':', 2);
        if (!kinds.TryGetValue(parts[0], out var kind))
        {
            throw new HourglassException($"{option} takes one of {string.Join(", ", kinds.Keys)}, got '{parts[0]}'.");
        }

        var node = new JsonObject { ["kind"] = parts[0] };
        if (parts.Length == 2)
        {
            var first = kind.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).FirstOrDefault(property => property.PropertyType == typeof(int))
                ?? throw new HourglassException($"{option} {parts[0]} takes no '{parts[1]}' after a colon.");
            node[JsonNamingPolicy.CamelCase.ConvertName(first.Name)] = Number(parts[1], first, option);
        }

        return node;
    }
}
