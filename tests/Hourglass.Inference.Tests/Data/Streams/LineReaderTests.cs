using System.Text;
using Hourglass.Data.Streams;

namespace Hourglass.Inference.Tests.Data.Streams;

public sealed class LineReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly CancellationTokenSource _stop = new();

    public void Dispose()
    {
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Log => Path.Combine(_folder, "log.csv");

    private static List<string> Lines(IByteFeed feed)
    {
        var (lines, reader) = (new List<string>(), new LineReader(feed));
        while (reader.Fill())
        {
            while (reader.TryNext(out var line, out var isTooLong))
            {
                lines.Add(isTooLong ? "(too long)" : Encoding.UTF8.GetString(line));
            }
        }

        return lines;
    }

    // A pipe gives what it has, cut anywhere.
    private sealed class Dripping(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, most)]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Lines_are_whole_however_the_bytes_come(int most)
    {
        using var feed = new StreamFeed(new Dripping("a\r\n\nzoë\nlast"u8.ToArray(), most), "input");
        Assert.Equal(["a", "", "zoë", "last"], Lines(feed));
    }

    [Fact]
    public void A_line_without_end_is_dropped_in_bounded_memory_and_the_next_one_read()
    {
        var text = new string('x', 3 * LineReader.MaximumLine) + "\nnext\n";
        using var feed = new StreamFeed(new MemoryStream(Encoding.UTF8.GetBytes(text)), "input");
        Assert.Equal(["(too long)", "next"], Lines(feed));
    }

    [Fact]
    public async Task A_file_is_followed_through_growth_rotation_and_truncation()
    {
        await File.WriteAllTextAsync(Log, "one\ntw");
        using var feed = new FollowedFile(Log, _stop.Token);
        var reading = Task.Run(() => Follow(feed));
        await Seen(1);
        await File.AppendAllTextAsync(Log, "o\nthree"); // no end of line when it is put aside
        await Seen(2);
        File.Move(Log, Log + ".1");
        await Task.Delay(20);
        await File.WriteAllTextAsync(Log, "four, a longer line than before\n");
        await Seen(4);
        await File.WriteAllTextAsync(Log, "five\n"); // cut and written anew
        await Seen(6);
        await _stop.CancelAsync();
        await reading;
        Assert.Equal(["1 one", "2 two", "3 three", "1 four, a longer line than before", "1 five"], _lines);
    }

    private readonly List<string> _lines = [];
    private volatile int _fills;

    private void Follow(FollowedFile feed)
    {
        var reader = new LineReader(feed);
        while (reader.Fill())
        {
            _fills++;
            while (reader.TryNext(out var line, out _))
            {
                _lines.Add($"{reader.Line} {Encoding.UTF8.GetString(line)}");
            }
        }
    }

    // The first fill, one for each addition, and one for the end of each file.
    private async Task Seen(int fills)
    {
        for (var wait = 0; wait < 500 && _fills < fills; wait++)
        {
            await Task.Delay(10);
        }

        await Task.Delay(30);
    }

    [Fact]
    public void Reading_goes_on_where_it_stopped_unless_the_file_is_another()
    {
        File.WriteAllText(Log, "one\ntwo\n");
        string mark;
        using (var first = new FollowedFile(Log, default, untilEnd: true))
        {
            Assert.Equal(["one", "two"], Lines(first));
            mark = first.Fingerprint(4);
        }

        File.AppendAllText(Log, "three\n");
        using (var second = new FollowedFile(Log, default, untilEnd: true))
        {
            Assert.True(second.Resume(4, mark));
            Assert.Equal(["two", "three"], Lines(second));
        }

        File.WriteAllText(Log, "another\n");
        using var third = new FollowedFile(Log, default, untilEnd: true);
        Assert.False(third.Resume(4, mark));
        Assert.Equal(["another"], Lines(third));
    }
}
