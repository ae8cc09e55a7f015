using System.Globalization;
using Hourglass.Data;
using Hourglass.Data.Stores;

namespace Hourglass.Tests.Data;

public sealed class StoreCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string CacheFolder => Path.Combine(_folder, "cache");

    private StoreCache Cache(long limit = 1L << 30) => new(CacheFolder, limit);

    private string Rows(string name = "rows.csv", int seed = 1)
    {
        var (path, random) = (Path.Combine(_folder, name), new Random(seed));
        File.WriteAllText(path, "a,b,id,label\n" + string.Concat(Enumerable.Range(0, 60_000).Select(row => string.Create(CultureInfo.InvariantCulture, $"{random.NextDouble():0.000000},{random.NextDouble():0.000000},n{row},{row % 3}\n"))));
        return path;
    }

    private static readonly ReadOptions Read = new() { Label = "label", Id = "id" };

    private PreparedData Prepare(string path, ReadOptions? read = null, PreparationOptions? preparation = null, StoreCache? cache = null) =>
        DataFile.Prepare(path, (read ?? Read) with { Cache = cache ?? Cache() }, preparation ?? new PreparationOptions());

    private static string Told(PreparedData data) => string.Join('\n', data.Samples.ContentHash, string.Join(' ', data.Split.Training), string.Join(' ', data.Split.Validation), data.Description.Hash, string.Join(' ', data.Description.Columns), string.Join(' ', data.Labels?.Codes ?? []), string.Join(' ', data.Labels?.Names ?? []), string.Join(' ', data.Identifiers ?? []), Bundles.BundleJson.Serialize(data.Preprocessing), data.Times?.Count, data.Rows?.Count);

    [Fact]
    public void An_unchanged_source_is_not_read_again_and_gives_the_same()
    {
        var path = Rows();
        using var first = Prepare(path);
        Assert.False(first.IsReused);
        var (length, time) = (new FileInfo(path).Length, File.GetLastWriteTimeUtc(path));
        File.WriteAllBytes(path, new byte[length]); // whoever reads it now fails
        File.SetLastWriteTimeUtc(path, time);
        using var second = Prepare(path);
        Assert.True(second.IsReused);
        Assert.Equal(Told(first), Told(second));
        var (mine, theirs) = (new float[2], new float[2]);
        first.Samples.Read(777, 1, mine);
        second.Samples.Read(777, 1, theirs);
        Assert.Equal(mine, theirs);
    }

    [Fact]
    public void Windows_of_rows_and_known_preprocessing_are_reused_too()
    {
        var path = Rows();
        var read = Read with { Window = new WindowOptions(5, 2) };
        using var first = Prepare(path, read);
        using var second = Prepare(path, read);
        Assert.True(second.IsReused);
        Assert.Equal(Told(first), Told(second));
        using var known = DataFile.Apply(path, Read with { Cache = Cache() }, first.Preprocessing);
        using var again = DataFile.Apply(path, Read with { Cache = Cache() }, first.Preprocessing);
        Assert.Equal([false, true], [known.IsReused, again.IsReused]);
        Assert.Equal(Told(known), Told(again));
    }

    [Fact]
    public void A_changed_size_time_or_option_makes_a_store_of_its_own()
    {
        var path = Rows();
        Prepare(path).Dispose();
        foreach (var changed in new[] { Prepare(path, Read with { Ignore = ["b"] }), Prepare(path, preparation: new PreparationOptions { Seed = 2 }), Prepare(path, preparation: new PreparationOptions { Validation = 0.2 }), Prepare(Rows("other.csv")) })
        {
            Assert.False(changed.IsReused);
            changed.Dispose();
        }

        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-7));
        using var touched = Prepare(path);
        Assert.False(touched.IsReused);
        File.AppendAllText(path, "0.5,0.5,last,1\n");
        using var longer = Prepare(path);
        Assert.False(longer.IsReused);
        Assert.Equal(touched.Samples.Count + 1, longer.Samples.Count);
    }

    [Theory]
    [InlineData("samples", false)]
    [InlineData("samples", true)]
    [InlineData("data", false)]
    [InlineData("data", true)]
    public void A_damaged_store_is_made_anew(string file, bool isCut)
    {
        var path = Rows();
        using (var first = Prepare(path))
        {
            Damage(Directory.GetFiles(CacheFolder, file, SearchOption.AllDirectories).Single(), isCut);
            using var again = Prepare(path);
            Assert.False(again.IsReused);
            Assert.Equal(Told(first), Told(again));
        }

        using var third = Prepare(path);
        Assert.True(third.IsReused);
    }

    [Fact]
    public async Task Several_that_write_at_once_all_get_whole_stores()
    {
        var path = Rows();
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Prepare(path))));
        Assert.All(all, data => Assert.Equal(Told(all[0]), Told(data)));
        Assert.Equal(["data", "samples"], Directory.GetFiles(CacheFolder, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Order());
        Array.ForEach(all, data => data.Dispose());
        Assert.Single(Cache().Stores());
    }

    [Fact]
    public void Beyond_the_limit_the_store_not_used_for_longest_goes()
    {
        var paths = new[] { Rows("1.csv", 1), Rows("2.csv", 2), Rows("3.csv", 3) };
        Prepare(paths[0]).Dispose();
        var cache = Cache(limit: Cache().Stores()[0].Bytes * 5 / 2);
        Prepare(paths[1], cache: cache).Dispose();
        foreach (var (store, age) in cache.Stores().Select(store => (store.Name, store.Source == paths[0] ? 1 : 2)))
        {
            Directory.SetLastWriteTimeUtc(Path.Combine(CacheFolder, store), DateTime.UtcNow.AddHours(-age));
        }

        Prepare(paths[2], cache: cache).Dispose();
        Assert.Equal([paths[2], paths[0]], cache.Stores().Select(store => store.Source));
        Assert.True(cache.Clear() > 0);
        Assert.Empty(cache.Stores());
    }

    [Fact]
    public void Small_sources_and_places_that_cannot_be_written_go_without()
    {
        var small = Path.Combine(_folder, "small.csv");
        File.WriteAllText(small, "a,b\n1.5,2\n2.5,1\n3.25,7\n");
        Prepare(small, new ReadOptions()).Dispose();
        Assert.Empty(Cache().Stores());
        using var data = Prepare(Rows(), cache: new StoreCache(Path.Combine(small, "below a file"), 1 << 30));
        Assert.Equal(60_000, data.Samples.Count);
    }

    private static void Damage(string path, bool isCut)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (isCut)
        {
            file.SetLength(file.Length - 1);
        }
        else
        {
            file.Position = 17;
            file.WriteByte((byte)(file.ReadByte() ^ 0xFF));
        }
    }
}
