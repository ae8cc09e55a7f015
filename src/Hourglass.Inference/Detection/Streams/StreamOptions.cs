using Hourglass.Detection.Calibration;

namespace Hourglass.Detection.Streams;

/// <summary>How lines of a stream are read, and where the state is kept.</summary>
public sealed record StreamOptions
{
    /// <summary>CSV or JSON lines.</summary>
    public LineFormat Format { get; init; }

    /// <summary>CSV: the header line; the first line of the stream, and of each file, when null.</summary>
    public string? Header { get; init; }

    /// <summary>CSV: the character between fields; found in the header when null.</summary>
    public char? Delimiter { get; init; }

    /// <summary>CSV: '.' or ','.</summary>
    public char Decimal { get; init; } = '.';

    /// <summary>Column or member that names a row.</summary>
    public string? Id { get; init; }

    /// <summary>File from which a later run goes on where this one stopped; nothing is kept when null.</summary>
    public string? State { get; init; }

    /// <summary>Time between writes of the state.</summary>
    public TimeSpan StateInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What the model is known by, so that a state of another model is refused; its file's hash.</summary>
    public string Model { get; init; } = "";
}

/// <summary>What the lines of a stream are.</summary>
public enum LineFormat
{
    /// <summary>JSON when the first line begins with a brace, else CSV.</summary>
    Auto,

    /// <summary>Fields between delimiters.</summary>
    Csv,

    /// <summary>An object on each line.</summary>
    Json,
}

/// <summary>Told what happens in a stream, on the thread that watches.</summary>
/// <param name="Alarm">A score above the threshold.</param>
/// <param name="BadLine">A line that could not be read, and was passed over.</param>
/// <param name="Drifted">Once, when the scores no longer look like those of the calibration.</param>
/// <param name="Scored">After each group of lines that came together.</param>
/// <param name="Note">What is worth knowing about the start.</param>
public sealed record StreamObserver(Action<StreamAlarm>? Alarm = null, Action<BadLine>? BadLine = null, Action<DriftTest>? Drifted = null, Action<StreamCounts>? Scored = null, Action<string>? Note = null);

/// <summary>A sample that is not normal.</summary>
/// <param name="Line">Its line in the current file or stream, counted from 1; the last line of a window.</param>
/// <param name="Row">Its number among all rows, counted from 1, runs before this one included.</param>
/// <param name="Id">Its name, where one was asked for.</param>
/// <param name="PValue">Conformal p-value.</param>
/// <param name="Why">The score and what it is made of.</param>
public sealed record StreamAlarm(long Line, long Row, string? Id, double PValue, Explanation Why);

/// <summary>A line that could not be read.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="Reason">What was expected and what came.</param>
public sealed record BadLine(long Line, string Reason);

/// <summary>What was done so far, runs before this one included.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Scores">Samples scored: rows, or windows of rows.</param>
/// <param name="Alarms">Scores above the threshold.</param>
/// <param name="BadLines">Lines passed over.</param>
public readonly record struct StreamCounts(long Rows, long Scores, long Alarms, long BadLines);
