using System.CommandLine;
using Hourglass.Detection.Streams;

namespace Hourglass.Cli.Options;

/// <summary>How lines of a stream are read.</summary>
internal sealed class LineFlags
{
    private readonly Option<string> _format = ReadFlags.Words("--format", "auto (JSON when the first line begins with a brace), csv or json.", "auto", "auto", "csv", "json");
    private readonly Option<string?> _header = new("--header") { Description = "CSV: the header line, for a stream that has none: \"time,pressure,valve\"." };
    private readonly Option<string?> _delimiter = new("--delimiter") { Description = "CSV: the character between fields; 'tab' for tabulators; found in the header when left out." };
    private readonly Option<string?> _decimal = new("--decimal") { Description = "CSV: the character before decimals, . or ," };
    private readonly Option<string?> _id = new("--id") { Description = "Column or member that names the row." };
    private readonly Option<string?> _state = new("--state") { Description = "File from which a later run goes on where this one stopped; written every second, and at the end." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _format, _header, _delimiter, _decimal, _id, _state })
        {
            command.Options.Add(option);
        }
    }

    public StreamOptions Read(ParseResult parse) => new()
    {
        Format = Enum.Parse<LineFormat>(parse.GetValue(_format)!, ignoreCase: true),
        Header = parse.GetValue(_header),
        Delimiter = ReadFlags.Character(parse.GetValue(_delimiter), "--delimiter"),
        Decimal = ReadFlags.Character(parse.GetValue(_decimal), "--decimal") ?? '.',
        Id = parse.GetValue(_id),
        State = parse.GetValue(_state),
    };
}
