using System.CommandLine;
using System.Globalization;
using Hourglass.Data;
using Hourglass.Data.Stores;

namespace Hourglass.Cli.Options;

/// <summary>What the user says about the source.</summary>
internal sealed class ReadFlags
{
    private readonly Option<string?> _label = new("--label") { Description = "Column (or .npz array) that is a label: kept for plots, never model input." };
    private readonly Option<string?> _id = new("--id") { Description = "Column that names the row." };
    private readonly Option<string[]> _ignore = new("--ignore") { Description = "Columns to leave out, separated by commas.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> _delimiter = new("--delimiter") { Description = "CSV: the character between fields; 'tab' for tabulators." };
    private readonly Option<bool?> _header = new("--header") { Description = "CSV: whether the first row names the columns (true or false)." };
    private readonly Option<string?> _encoding = new("--encoding") { Description = "CSV: utf-8, latin1, utf-16, ..." };
    private readonly Option<string?> _decimal = new("--decimal") { Description = "CSV: the character before decimals, . or ," };
    private readonly Option<string> _onBadRow = Words("--on-bad-row", "Malformed rows: fail (default) or skip, counted and listed.", "fail", "fail", "skip");
    private readonly Option<string?> _key = new("--key") { Description = ".npz: which array holds the samples." };
    private readonly Option<string?> _size = new("--size") { Description = "Pictures: WIDTHxHEIGHT; that of the first picture when left out." };
    private readonly Option<string?> _text = new("--text") { Description = "Tables: the column whose characters are the samples." };
    private readonly Option<string?> _window = new("--window") { Description = "Tables: runs of rows as samples, STEPS[:STRIDE]; the last part of the time validates." };
    private readonly Option<bool> _series = new("--series") { Description = "Arrays: each sample is a series, [step] or [step, channel]." };
    private readonly Option<string?> _tile = new("--tile") { Description = "Pictures: squares of this side cut from them, SIDE[:STEP], instead of whole pictures." };
    private readonly Option<bool?> _grey = new("--grey") { Description = "Pictures: true for one channel, false for three." };
    private readonly Option<string> _resize = Words("--resize", "Pictures of another size: fit (stretch), crop or refuse.", "fit", "fit", "crop", "refuse");
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Read the source anew and keep nothing of it; see 'hourglass data cache'." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _label, _id, _ignore, _delimiter, _header, _encoding, _decimal, _onBadRow, _key, _text, _window, _series, _size, _tile, _grey, _resize, _noCache })
        {
            command.Options.Add(option);
        }
    }

    public ReadOptions Read(ParseResult parse) => new()
    {
        Label = parse.GetValue(_label),
        Id = parse.GetValue(_id),
        Ignore = [.. (parse.GetValue(_ignore) ?? []).SelectMany(names => names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
        Delimiter = Character(parse.GetValue(_delimiter), "--delimiter"),
        Header = parse.GetValue(_header),
        Encoding = parse.GetValue(_encoding),
        Decimal = Character(parse.GetValue(_decimal), "--decimal"),
        OnBadRow = parse.GetValue(_onBadRow) == "skip" ? BadRowPolicy.Skip : BadRowPolicy.Fail,
        Key = parse.GetValue(_key),
        Size = Size(parse.GetValue(_size)),
        Window = parse.GetValue(_window) is { } window && Pair(window, "--window", "STEPS or STEPS:STRIDE", "100:10", 1 << 20) is var (steps, stride) ? new WindowOptions(steps, stride ?? 1) : null,
        Text = parse.GetValue(_text),
        Series = parse.GetValue(_series),
        Tile = Tile(parse.GetValue(_tile)),
        Grey = parse.GetValue(_grey),
        Resize = Enum.Parse<ResizePolicy>(parse.GetValue(_resize)!, ignoreCase: true),
        Cache = parse.GetValue(_noCache) ? null : StoreCache.OfUser(),
    };

    /// <summary>An option that takes one of some words.</summary>
    public static Option<string> Words(string name, string description, string fallback, params string[] words)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => fallback };
        option.AcceptOnlyFromAmong(words);
        return option;
    }

    /// <summary>One character; "tab" for a tabulator.</summary>
    public static char? Character(string? text, string option) => text switch
    {
        null => null,
        "tab" or "\\t" => '\t',
        [var only] => only,
        _ => throw new HourglassException($"{option} takes one character, got '{text}'."),
    };

    private static TileOptions? Tile(string? text) => text is not null && Pair(text, "--tile", "SIDE or SIDE:STEP", "64:32", 4096) is var (side, step) ? new TileOptions(side, step ?? side) : null;

    private static (int First, int? Second) Pair(string text, string option, string form, string example, int most)
    {
        var numbers = text.Split(':').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToList();
        return numbers.Count <= 2 && numbers.TrueForAll(number => number >= 1 && number <= most)
            ? (numbers[0], numbers.Count == 2 ? numbers[1] : null)
            : throw new HourglassException($"{option} takes {form} with numbers from 1 to {most}, for instance {example}, got '{text}'.");
    }

    private static ImageSize? Size(string? text) => text is null ? null
        : text.Split('x') is [var width, var height] && int.TryParse(width, CultureInfo.InvariantCulture, out var across) && int.TryParse(height, CultureInfo.InvariantCulture, out var down) && across is > 0 and <= 4096 && down is > 0 and <= 4096
            ? new ImageSize(across, down)
            : throw new HourglassException($"--size takes WIDTHxHEIGHT with sides from 1 to 4096, for instance 64x64, got '{text}'.");
}
