using System.Text.Json.Serialization;

namespace Hourglass.Data;

/// <summary>What the user said about the source; null means: infer it.</summary>
public sealed record ReadOptions
{
    /// <summary>Column that is a label: kept for plots and metrics, never model input.</summary>
    public string? Label { get; init; }

    /// <summary>Column that names the row.</summary>
    public string? Id { get; init; }

    /// <summary>Columns to leave out.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>CSV: the character between fields; inferred from , ; tab | when null.</summary>
    public char? Delimiter { get; init; }

    /// <summary>CSV: whether the first row names the columns; inferred when null.</summary>
    public bool? Header { get; init; }

    /// <summary>CSV: name of the encoding (utf-8, latin1, utf-16 ...); from the byte order mark, else utf-8 with latin1 as fallback, when null.</summary>
    public string? Encoding { get; init; }

    /// <summary>CSV: '.' or ','; inferred when null.</summary>
    public char? Decimal { get; init; }

    /// <summary>What to do with a malformed row.</summary>
    public BadRowPolicy OnBadRow { get; init; } = BadRowPolicy.Fail;

    /// <summary>.npz: which array holds the samples; asked for by an error when null and several could.</summary>
    public string? Key { get; init; }

    /// <summary>Images: width and height in pixels; those of the first picture when null.</summary>
    public ImageSize? Size { get; init; }

    /// <summary>Images: true for one channel, false for three; inferred from the pictures when null.</summary>
    public bool? Grey { get; init; }

    /// <summary>Images: how a picture of another size becomes this size.</summary>
    public ResizePolicy Resize { get; init; } = ResizePolicy.Fit;

    /// <summary>Images: squares cut from the pictures at their own size, instead of whole pictures resized.</summary>
    public TileOptions? Tile { get; init; }

    /// <summary>Tables: the column whose characters are the samples, instead of the rows.</summary>
    public string? Text { get; init; }

    /// <summary>Tables: runs of consecutive rows as samples [step, column]; rows by themselves when null.</summary>
    public WindowOptions? Window { get; init; }

    /// <summary>Arrays: each sample is a series, [step] or [step, channel], instead of a row or a picture.</summary>
    public bool Series { get; init; }

    /// <summary>Where sample stores go; a folder under the system's temporary one when null.</summary>
    public string? StoreFolder { get; init; }

    /// <summary>Where sample stores are kept for later runs; none are when null.</summary>
    [JsonIgnore]
    public Stores.StoreCache? Cache { get; init; }
}

/// <summary>Width and height in pixels.</summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
public readonly record struct ImageSize(int Width, int Height);

/// <summary>Runs of rows.</summary>
/// <param name="Steps">Rows in a window.</param>
/// <param name="Stride">Rows from one window to the next.</param>
public readonly record struct WindowOptions(int Steps, int Stride);

/// <summary>Squares cut from pictures.</summary>
/// <param name="Side">Pixels each way.</param>
/// <param name="Step">Pixels from one to the next; smaller than the side, they overlap.</param>
public readonly record struct TileOptions(int Side, int Step);

/// <summary>What to do with a malformed row.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BadRowPolicy>))]
public enum BadRowPolicy
{
    /// <summary>Stop with an error that names file, line and column.</summary>
    Fail,

    /// <summary>Leave the row out, count it and list its line.</summary>
    Skip,
}

/// <summary>How a picture of another size becomes the model's size.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ResizePolicy>))]
public enum ResizePolicy
{
    /// <summary>Stretch to the size, whatever the proportions.</summary>
    Fit,

    /// <summary>Scale to cover, then cut the middle out.</summary>
    Crop,

    /// <summary>Refuse pictures of another size.</summary>
    Refuse,
}

/// <summary>How the training side prepares data.</summary>
public sealed record PreparationOptions
{
    /// <summary>Share of samples held out for validation, by a seeded hash of each sample; 0 to below 1.</summary>
    public double Validation { get; init; } = 0.1;

    /// <summary>Whether the last rows validate, instead of rows by their hash; so it is for windows of rows.</summary>
    public bool ByTime { get; init; }

    /// <summary>Whether samples are drawn for validation by their places in the source, whatever they hold: a random draw also where many samples are equal,
    /// as a promise about fresh samples needs it.</summary>
    public bool ByPlace { get; init; }

    /// <summary>Where the drawn share begins, 0 to below 1: several shares of one seed that begin where others end have no sample in common. With <see cref="ByPlace"/> alone.</summary>
    public double ValidationFrom { get; init; }

    /// <summary>Whether columns with one value reach the model, and columns are flagged for missing values that any row has, held-out ones included: so it is for detectors, to which a change there is news.</summary>
    public bool KeepsConstants { get; init; }

    /// <summary>Seed of the split.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Scaling of numeric columns and of float arrays; chosen for each column from its values when null.</summary>
    public Scaling? Scaling { get; init; }

    /// <summary>Scaling of the numeric columns of tables alone, where <see cref="Scaling"/> is null; rows of a series keep to the choice for each column.</summary>
    public Scaling? TableScaling { get; init; }

    /// <summary>Whether a sample validates.</summary>
    /// <param name="place">Its place in the source, from 0.</param>
    /// <param name="sample">The raw sample's bytes.</param>
    internal bool IsHeld(long place, ReadOnlySpan<byte> sample) => ByPlace ? HoldOut.IsDrawn(place, Seed, Validation, ValidationFrom) : HoldOut.IsValidation(sample, Seed, Validation);

    /// <summary>Whether a sample's place says if it validates, and not what it holds.</summary>
    internal bool NeedsPlaces => ByPlace || ByTime;

    /// <summary>Which of neighbouring samples validate, where their places say it.</summary>
    /// <param name="first">The first one's place.</param>
    /// <param name="count">How many.</param>
    /// <param name="all">Samples of the source; looked at where the last ones validate.</param>
    internal bool[] Held(long first, int count, long all)
    {
        var border = HoldOut.Border(all, Validation);
        return [.. Enumerable.Range(0, count).Select(sample => ByTime ? first + sample >= border : HoldOut.IsDrawn(first + sample, Seed, Validation, ValidationFrom))];
    }
}

/// <summary>How a numeric column is scaled.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Scaling>))]
public enum Scaling
{
    /// <summary>As it is.</summary>
    None,

    /// <summary>(x - mean) / standard deviation.</summary>
    Standard,

    /// <summary>(x - median) / interquartile range.</summary>
    Robust,

    /// <summary>Through the empirical distribution to a standard normal.</summary>
    Quantile,

    /// <summary>(x - minimum) / (maximum - minimum), within [0, 1] on training data.</summary>
    MinMax,
}
