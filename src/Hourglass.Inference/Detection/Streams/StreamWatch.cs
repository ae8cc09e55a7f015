using System.Diagnostics;
using System.Text;
using Hourglass.Data.Streams;
using Hourglass.Detection.Calibration;
using Hourglass.Preprocessing;

namespace Hourglass.Detection.Streams;

/// <summary>Scores rows as they come, in bounded memory, and tells of those that are not normal.</summary>
/// <remarks>Whatever lines have come are scored together, at once: a single row does not wait for others. Where rows keep coming within a millisecond of each other, lines are read again after one.</remarks>
public sealed class StreamWatch
{
    private const int MostRows = 128; // in a group; more would not be scored faster
    private const int FewRows = 64; // that came at once; scored in groups as small as these, a row takes half as long again
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly Detector _detector;
    private readonly ScoreThreshold _threshold;
    private readonly StreamOptions _options;
    private readonly StreamObserver _observer;
    private readonly TablePreprocessing _rows;
    private readonly RowWindow _window;
    private readonly DriftTest _drift;
    private readonly float[] _row;
    private readonly float[] _samples;
    private readonly (long Line, long Row, string? Id)[] _places = new (long, long, string?)[MostRows];
    private RowFields? _fields;
    private StreamCounts _counts;
    private int _waiting;
    private bool _hasToldDrift;

    /// <summary>Prepares to watch.</summary>
    /// <param name="detector">Scores rows, or windows of rows; its threshold makes alarms of them.</param>
    /// <param name="options">How lines are read.</param>
    /// <param name="observer">Told what happens.</param>
    /// <exception cref="HourglassException">The detector is of pictures or arrays, or its calibration does not support its threshold.</exception>
    public StreamWatch(Detector detector, StreamOptions options, StreamObserver observer)
    {
        (_detector, _threshold, _options, _observer) = (detector, detector.Calibration.Threshold().Require(), options, observer);
        (_rows, var steps, var stride) = detector.Basis.Preprocessing switch
        {
            TablePreprocessing table => (table, 1, 1),
            SeriesPreprocessing series => (series.Rows, series.Steps, series.Stride),
            var other => throw new HourglassException($"A stream holds rows of a table, and this detector takes samples of shape [{string.Join(", ", other.SampleShape)}]. Use 'hourglass detect score'."),
        };
        _window = new RowWindow(steps, stride, _rows.SampleShape[0]);
        _drift = detector.Drift();
        (_row, _samples) = (new float[_rows.SampleShape[0]], new float[MostRows * _window.SampleLength]);
    }

    /// <summary>Tells whether the scores still look like those of the calibration.</summary>
    public DriftTest Drift => _drift;

    /// <summary>Watches a file that grows, through rotation and truncation, until it is stopped.</summary>
    /// <param name="path">The file; it may come into being later.</param>
    /// <param name="untilEnd">Whether to stop at the file's present end.</param>
    /// <param name="stop">Stops it, with the state written.</param>
    public StreamCounts Follow(string path, bool untilEnd, CancellationToken stop)
    {
        using var feed = new FollowedFile(path, stop, untilEnd);
        return Run(feed);
    }

    /// <summary>Watches a stream until its end.</summary>
    /// <param name="stream">Lines.</param>
    /// <param name="name">What faults call it.</param>
    /// <param name="stop">Stops it, with the state written.</param>
    public StreamCounts Read(Stream stream, string name, CancellationToken stop)
    {
        using var feed = new StreamFeed(stream, name, stop);
        return Run(feed);
    }

    internal StreamCounts Run(IByteFeed feed)
    {
        var (lines, writer, clock, watch) = (new LineReader(feed), _options.State is { } path ? new StateWriter(path) : null, Stopwatch.StartNew(), Stopwatch.StartNew());
        Resume(feed, lines);
        for (var last = -Pause; lines.Fill();)
        {
            var before = _counts.Rows;
            while (lines.TryNext(out var line, out var isTooLong))
            {
                Take(line, isTooLong, lines);
            }

            Score();
            if (_counts.Rows - before is > 0 and < FewRows && watch.Elapsed - last < Pause)
            {
                Thread.Sleep(Pause); // rows come thick: the next ones are scored together
            }

            last = watch.Elapsed;
            if (clock.Elapsed > _options.StateInterval)
            {
                writer?.Offer(() => State(feed, lines));
                clock.Restart();
            }
        }

        writer?.Finish(State(feed, lines));
        return _counts;
    }

    private void Take(ReadOnlySpan<byte> line, bool isTooLong, LineReader lines)
    {
        if (isTooLong)
        {
            Refuse(lines.Line, $"longer than {LineReader.MaximumLine} bytes.");
            return;
        }

        if (line.Trim(" \t"u8).IsEmpty)
        {
            return;
        }

        var fields = _fields ??= Fields(line);
        if ((lines.IsFirst || (fields.Header is null && fields is CsvFields)) && fields.TakeHeader(line))
        {
            return;
        }

        if (fields.Read(line, _row) is { } fault)
        {
            Refuse(lines.Line, fault);
            return;
        }

        _counts = _counts with { Rows = _counts.Rows + 1 };
        if (_window.Add(_row, _samples.AsSpan(_waiting * _window.SampleLength, _window.SampleLength)))
        {
            _places[_waiting++] = (lines.Line, _counts.Rows, fields.Identifier.IsEmpty ? null : fields.Identifier.ToString());
            if (_waiting == MostRows)
            {
                Score();
            }
        }
    }

    private void Score()
    {
        if (_waiting == 0)
        {
            return;
        }

        var scores = _detector.Score(_samples.AsSpan(0, _waiting * _window.SampleLength));
        foreach (var score in scores)
        {
            _drift.Add(score);
        }

        var alarms = Enumerable.Range(0, _waiting).Where(place => _threshold.IsAlarm(scores[place])).ToArray();
        _counts = _counts with { Scores = _counts.Scores + _waiting, Alarms = _counts.Alarms + alarms.Length };
        _waiting = 0;
        Tell(alarms);
        if (_drift.HasDrifted && !_hasToldDrift)
        {
            _hasToldDrift = true;
            _observer.Drifted?.Invoke(_drift);
        }

        _observer.Scored?.Invoke(_counts);
    }

    private void Tell(int[] alarms)
    {
        if (alarms.Length == 0 || _observer.Alarm is null)
        {
            return;
        }

        var samples = new float[alarms.Length * _window.SampleLength];
        for (var alarm = 0; alarm < alarms.Length; alarm++)
        {
            _samples.AsSpan(alarms[alarm] * _window.SampleLength, _window.SampleLength).CopyTo(samples.AsSpan(alarm * _window.SampleLength));
        }

        var explanations = _detector.Explain(samples);
        for (var alarm = 0; alarm < alarms.Length; alarm++)
        {
            var (line, row, id) = _places[alarms[alarm]];
            _observer.Alarm(new StreamAlarm(line, row, id, _detector.Calibration.PValue(explanations[alarm].Score), explanations[alarm]));
        }
    }

    private void Refuse(long line, string reason)
    {
        _counts = _counts with { BadLines = _counts.BadLines + 1 };
        _observer.BadLine?.Invoke(new BadLine(line, reason));
    }

    private RowFields Fields(ReadOnlySpan<byte> line)
    {
        var isJson = _options.Format == LineFormat.Json || (_options.Format == LineFormat.Auto && _options.Header is null && line.TrimStart("\uFEFF \t"u8) is [(byte)'{', ..]);
        return isJson ? new JsonFields(_rows, _options.Id) : new CsvFields(_rows, _options.Decimal, _options.Delimiter, _options.Header, _options.Id);
    }

    private void Resume(IByteFeed feed, LineReader lines)
    {
        if (_options.State is null || StreamState.Read(_options.State, _options.Model, feed.Name) is not { } state)
        {
            return;
        }

        _counts = state.Counts;
        _window.Resume(state.Window);
        _drift.Resume(state.Drift);
        _hasToldDrift = _drift.HasDrifted;
        if (state.Header is { } header)
        {
            (_fields = Fields(Encoding.UTF8.GetBytes(header))).TakeHeader(Encoding.UTF8.GetBytes(header));
        }

        if (feed is FollowedFile file)
        {
            var goesOn = file.Resume(state.Position, state.Fingerprint);
            lines.Resume(goesOn ? state.Line : 0);
            _observer.Note?.Invoke(goesOn ? $"Goes on after line {state.Line}." : $"{feed.Name} is not the file that the last run read; reading it from its start.");
        }
    }

    private StreamState State(IByteFeed feed, LineReader lines)
    {
        var position = feed is FollowedFile file ? file.Position - lines.Pending : 0;
        return new StreamState
        {
            Model = _options.Model,
            Source = feed.Name,
            Position = position,
            Fingerprint = (feed as FollowedFile)?.Fingerprint(position) ?? "",
            Line = lines.Line,
            Header = _fields?.Header,
            Counts = _counts,
            Window = _window.State(),
            Drift = _drift.State(),
        };
    }
}
