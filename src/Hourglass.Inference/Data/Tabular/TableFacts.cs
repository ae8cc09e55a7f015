using Hourglass.Data.Arrays;

namespace Hourglass.Data.Tabular;

/// <summary>What is known about rows of a table beside their values.</summary>
/// <param name="roles">Which columns it is read from.</param>
internal sealed class TableFacts(TableRoles roles)
{
    private readonly List<bool> _isHeld = [];
    private readonly List<string?> _labels = [];
    private readonly List<string> _identifiers = [];
    private readonly List<double> _times = [];

    /// <summary>Takes the rows of a block.</summary>
    /// <param name="samples">What became of the block.</param>
    /// <param name="isHeld">Which rows validate.</param>
    public void Add(BlockSamples samples, bool[] isHeld)
    {
        _isHeld.AddRange(isHeld);
        _labels.AddRange(samples.Labels);
        _identifiers.AddRange(samples.Identifiers);
        _times.AddRange(samples.Times);
    }

    /// <summary>Takes a row.</summary>
    public void Add(string?[] fields, bool isHeld)
    {
        _isHeld.Add(isHeld);
        if (roles.Label is { } label)
        {
            _labels.Add(fields[label]);
        }

        if (roles.Id is { } id)
        {
            _identifiers.Add(fields[id] ?? "");
        }

        if (roles.Clock is { } clock)
        {
            _times.Add(TableRoles.Seconds(fields[clock]));
        }
    }

    /// <summary>Forgets all rows.</summary>
    public void Clear()
    {
        _isHeld.Clear();
        _labels.Clear();
        _identifiers.Clear();
        _times.Clear();
    }

    /// <summary>Writes what <see cref="Read"/> takes.</summary>
    public void Write(BinaryWriter writer)
    {
        WriteAll(_isHeld, writer.Write);
        WriteAll(_labels, label =>
        {
            writer.Write(label is not null);
            if (label is not null)
            {
                writer.Write(label);
            }
        });
        WriteAll(_identifiers, writer.Write);
        WriteAll(_times, writer.Write);

        void WriteAll<T>(List<T> items, Action<T> write)
        {
            writer.Write(items.Count);
            items.ForEach(write);
        }
    }

    /// <summary>Takes the rows that another has written.</summary>
    public void Read(BinaryReader reader)
    {
        ReadAll(_isHeld, reader.ReadBoolean);
        ReadAll(_labels, () => reader.ReadBoolean() ? reader.ReadString() : null);
        ReadAll(_identifiers, reader.ReadString);
        ReadAll(_times, reader.ReadDouble);

        void ReadAll<T>(List<T> items, Func<T> read)
        {
            for (var left = reader.ReadInt32(); left > 0; left--)
            {
                items.Add(read());
            }
        }
    }

    /// <summary>Prepared data of the rows.</summary>
    /// <param name="samples">Their values.</param>
    /// <param name="preprocessing">What made them.</param>
    /// <param name="options">Of the split: which rows are the last ones is known only now.</param>
    /// <param name="description">Of the source.</param>
    public PreparedData Of(Stores.SampleStore samples, Preprocessing.SamplePreprocessing preprocessing, PreparationOptions options, DataDescription description) => new()
    {
        Samples = samples,
        Preprocessing = preprocessing,
        Split = HoldOut.Split(options.ByTime ? [.. options.Held(0, _isHeld.Count, _isHeld.Count)] : _isHeld),
        Labels = roles.Label is null ? null : LabelCodes.From(_labels),
        Identifiers = roles.Id is null ? null : _identifiers,
        Times = roles.Clock is null ? null : _times,
        Description = description,
    };
}
