using System.IO.Compression;
using System.Text;

namespace Hourglass.Data.Tabular;

/// <summary>CSV and TSV files, plain or gzip; delimiter, header, encoding and decimal character inferred from the start of the file.</summary>
internal sealed class CsvSource : TableSource
{
    private const int Sampled = 200; // records looked at to infer the dialect
    private static readonly char[] Delimiters = [',', ';', '\t', '|'];
    private readonly Encoding _encoding;
    private readonly char _delimiter;
    private readonly bool _hasHeader;

    private CsvSource(Encoding encoding, char delimiter, bool hasHeader) => (_encoding, _delimiter, _hasHeader) = (encoding, delimiter, hasHeader);

    /// <summary>Opens a file and infers what the user has not said.</summary>
    public static CsvSource Open(string path, ReadOptions read)
    {
        var encoding = ChooseEncoding(path, read.Encoding);
        var delimiter = read.Delimiter ?? Delimiters.MaxBy(candidate => Consistency(path, encoding, candidate));
        var sample = Sample(path, encoding, delimiter);
        if (sample.Count == 0)
        {
            throw new DataException($"{path}: the file is empty; expected rows of a table.");
        }

        var decimalMark = read.Decimal ?? InferDecimal(sample, delimiter);
        var hasHeader = read.Header ?? HeaderInference.HasHeader(sample, decimalMark);
        return new CsvSource(encoding, delimiter, hasHeader)
        {
            Name = path,
            Format = "csv",
            Columns = Distinct(hasHeader ? sample[0] : [.. Enumerable.Range(1, sample[0].Count).Select(number => $"column {number}")]),
            Decimal = decimalMark,
        };
    }

    public override IEnumerable<TableRow> Rows(Action<DataException>? badRows)
    {
        using var file = File.OpenRead(Name);
        var length = (double)file.Length;
        using var reader = OpenText(file, Name, _encoding);
        var parser = new CsvParser(reader, _delimiter, Name);
        var fields = new List<string>();
        var row = new string?[Columns.Count];
        var isFirst = true;
        while (parser.Read(fields))
        {
            var isHeader = isFirst && _hasHeader;
            isFirst = false;
            if (isHeader)
            {
                continue;
            }

            if (fields.Count != Columns.Count)
            {
                var fault = new DataException($"{Name}: line {parser.Line} has {fields.Count} fields, expected {Columns.Count}{(fields.Count > Columns.Count ? $" (first extra: '{Short(fields[Columns.Count])}' in column {Columns.Count + 1})" : $" (column {fields.Count + 1}, '{Columns[fields.Count]}', is missing)")}. Mend the line, or go on without it with --on-bad-row skip.");
                if (badRows is null)
                {
                    throw fault;
                }

                badRows(fault);
                continue;
            }

            for (var column = 0; column < row.Length; column++)
            {
                row[column] = fields[column].Length == 0 ? null : fields[column];
            }

            Share = file.Position / length;
            yield return new TableRow(parser.Line, row);
        }
    }

    /// <inheritdoc/>
    public override TableBlocks? OpenBlocks(IReadOnlySet<int> wanted) => _encoding is UTF8Encoding && char.IsAscii(_delimiter) && !Name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
        ? CsvBlocks.Open(Name, new CsvDialect((byte)_delimiter, Decimal, Columns.Count, _hasHeader))
        : null;

    private static string Short(string text) => text.Length > 40 ? text[..40] + "..." : text;

    private static StreamReader OpenText(string path, Encoding encoding) => OpenText(File.OpenRead(path), path, encoding);

    private static StreamReader OpenText(Stream stream, string path, Encoding encoding)
    {
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        {
            stream = new GZipStream(stream, CompressionMode.Decompress);
        }

        return new StreamReader(stream, encoding, detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16);
    }

    // UTF-8 unless the first megabyte is not, then Latin-1, which reads any byte. A byte order mark decides before either.
    private static Encoding ChooseEncoding(string path, string? wanted)
    {
        try
        {
            if (wanted is not null)
            {
                return Encoding.GetEncoding(wanted);
            }

            using var reader = OpenText(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            reader.ReadBlock(new char[1 << 20]);
            return new UTF8Encoding(false);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1;
        }
        catch (ArgumentException fault)
        {
            throw new DataException($"--encoding '{wanted}' is not known. Use for instance utf-8, latin1 or utf-16.", fault);
        }
    }

    private static List<List<string>> Sample(string path, Encoding encoding, char delimiter)
    {
        using var reader = OpenText(path, encoding);
        var parser = new CsvParser(reader, delimiter, path);
        var sample = new List<List<string>>();
        var fields = new List<string>();
        while (sample.Count < Sampled && parser.Read(fields))
        {
            sample.Add([.. fields]);
        }

        return sample;
    }

    // How many columns most records agree on, if they agree; 0 for a delimiter that does not split or splits unevenly.
    private static double Consistency(string path, Encoding encoding, char delimiter)
    {
        try
        {
            var counts = Sample(path, encoding, delimiter).Select(fields => fields.Count).ToList();
            var usual = counts.Count == 0 ? 1 : counts.GroupBy(count => count).MaxBy(group => group.Count())!.Key;
            return usual <= 1 ? 0 : counts.Count(count => count == usual) / (double)counts.Count * Math.Log(usual);
        }
        catch (DataException)
        {
            return -1;
        }
    }

    private static char InferDecimal(List<List<string>> sample, char delimiter)
    {
        if (delimiter == ',')
        {
            return '.';
        }

        var fields = sample.SelectMany(record => record).ToList();
        var commas = fields.Count(field => !field.Contains('.', StringComparison.Ordinal) && field.Contains(',', StringComparison.Ordinal) && Numbers.TryParse(field, ',', out _));
        var points = fields.Count(field => field.Contains('.', StringComparison.Ordinal) && Numbers.TryParse(field, '.', out _));
        return commas > points ? ',' : '.';
    }

    private static List<string> Distinct(List<string> names)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var distinct = new List<string>();
        for (var column = 0; column < names.Count; column++)
        {
            var name = string.IsNullOrWhiteSpace(names[column]) ? $"column {column + 1}" : names[column].Trim();
            var candidate = name;
            for (var copy = 2; !seen.Add(candidate); copy++)
            {
                candidate = $"{name} ({copy})";
            }

            distinct.Add(candidate);
        }

        return distinct;
    }
}
