using Hourglass.Bundles;

namespace Hourglass.Tests.Data;

/// <summary>A file is there whole, or as it was before; what is written meanwhile does not stay.</summary>
public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    [Fact]
    public void A_file_is_made_with_its_folder_and_replaced_by_the_next()
    {
        AtomicFile.WriteText(In("new/file"), "a longer text");
        AtomicFile.WriteText(In("new/file"), "a text");
        Assert.Equal("a text", File.ReadAllText(In("new/file")));
        Assert.Equal([In("new/file")], Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void What_fails_half_way_leaves_the_file_of_before()
    {
        AtomicFile.WriteText(In("file"), "before");
        var full = Assert.Throws<HourglassException>(() => AtomicFile.Write(In("file"), stream => Fail(stream, new IOException("the disk is full"))));
        Assert.Contains("the disk is full", full.Message, StringComparison.Ordinal);
        Assert.Contains(In("file"), full.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(In("file"), stream => Fail(stream, new InvalidOperationException())));
        Assert.Equal("before", File.ReadAllText(In("file")));
        Assert.Equal([In("file")], Directory.GetFiles(_folder));
    }

    [Fact]
    public void What_is_in_the_way_is_told_and_stays()
    {
        Directory.CreateDirectory(In("folder"));
        File.WriteAllText(In("file"), "before");
        Assert.Contains("Cannot write", Assert.Throws<HourglassException>(() => AtomicFile.WriteText(In("folder"), "text")).Message, StringComparison.Ordinal);
        Assert.Contains("Cannot write", Assert.Throws<HourglassException>(() => AtomicFile.WriteText(In("file/below"), "text")).Message, StringComparison.Ordinal);
        Assert.Equal("before", File.ReadAllText(In("file")));
        Assert.Equal([In("file")], Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));
    }

    private static void Fail(Stream stream, Exception fault)
    {
        stream.Write("half"u8);
        throw fault;
    }
}
