using System.Text;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>How often each character stands in texts, and how long the longest is.</summary>
internal sealed class CharacterCounts
{
    private const int MostCharacters = 2000; // rarer ones count as unknown
    private const int MostSteps = 512;
    private readonly Dictionary<Rune, long> _counts = [];
    private readonly long[] _ascii = new long[128];
    private int _longest = 1;

    /// <summary>Takes a text.</summary>
    public void Add(string text)
    {
        var steps = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            steps++;
            if (rune.IsAscii)
            {
                _ascii[rune.Value]++;
            }
            else
            {
                _counts[rune] = _counts.GetValueOrDefault(rune) + 1;
            }
        }

        _longest = Math.Max(_longest, steps);
    }

    /// <summary>What <see cref="Join"/> takes.</summary>
    public byte[] ToBytes()
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory);
        writer.Write(_longest);
        foreach (var (rune, count) in All())
        {
            writer.Write(rune.Value);
            writer.Write(count);
        }

        return memory.ToArray();
    }

    /// <summary>Takes what another has counted.</summary>
    public void Join(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        _longest = Math.Max(_longest, reader.ReadInt32());
        while (reader.BaseStream.Position < bytes.Length)
        {
            var rune = new Rune(reader.ReadInt32());
            _counts[rune] = _counts.GetValueOrDefault(rune) + reader.ReadInt64();
        }
    }

    /// <summary>The alphabet and the length that were learnt; null where no text has a character.</summary>
    /// <param name="column">Name of the texts' column.</param>
    public TextPreprocessing? Preprocessing(string column)
    {
        List<string> alphabet = [.. All().GroupBy(entry => entry.Key, entry => entry.Value).Select(group => (Character: group.Key.ToString(), Count: group.Sum()))
            .OrderByDescending(entry => entry.Count).ThenBy(entry => entry.Character, StringComparer.Ordinal).Take(MostCharacters).Select(entry => entry.Character)];
        return alphabet.Count == 0 ? null : new TextPreprocessing { Column = column, Alphabet = alphabet, Length = Math.Min(_longest, MostSteps) };
    }

    private IEnumerable<KeyValuePair<Rune, long>> All() => _ascii.Select((count, value) => KeyValuePair.Create(new Rune(value), count)).Where(entry => entry.Value > 0).Concat(_counts);
}
