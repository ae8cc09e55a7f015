using Hourglass.Data;

namespace Hourglass.Tests.Data;

public sealed class HoldOutTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hourglass-hold-out").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private PreparedData Prepare(IEnumerable<string> rows, bool byPlace, int seed = 1)
    {
        var path = Path.Combine(_folder, "rows.csv");
        File.WriteAllLines(path, rows.Prepend("a,b"));
        return DataFile.Prepare(path, new ReadOptions { Header = true }, new PreparationOptions { Validation = 0.2, ByPlace = byPlace, Seed = seed });
    }

    private static string[] Rows(int count) => [.. Enumerable.Range(0, count).Select(row => row % 3 == 0 ? FormattableString.Invariant($"{row},{row * 0.5}") : "7,0.25")]; // two thirds are equal

    [Fact]
    public void Equal_samples_share_a_side_by_their_hash_and_are_drawn_apart_by_their_places()
    {
        using var hashed = Prepare(Rows(3000), byPlace: false);
        using var drawn = Prepare(Rows(3000), byPlace: true);
        var (whole, part) = (hashed.Split.Validation.Count(row => row % 3 != 0), drawn.Split.Validation.Count(row => row % 3 != 0));
        Assert.True(whole is 0 or 2000, $"{whole} of 2,000 equal rows were held out.");
        Assert.InRange(part, 330, 470); // 400 +- 4 standard deviations
        Assert.InRange(drawn.Split.Validation.Length - part, 150, 250);
    }

    [Fact]
    public void Shares_that_begin_where_others_end_hold_every_place_once()
    {
        var held = Enumerable.Range(0, 5).Select(fold => Enumerable.Range(0, 2000).Where(place => HoldOut.IsDrawn(place, 3, 0.2, fold * 0.2)).ToList()).ToList();
        Assert.Equal(Enumerable.Range(0, 2000), held.SelectMany(places => places).Order());
        Assert.All(held, places => Assert.InRange(places.Count, 330, 470));
        Assert.Equal(held[0], Enumerable.Range(0, 2000).Where(place => HoldOut.IsDrawn(place, 3, 0.2)));
    }

    [Fact]
    public void By_its_place_a_row_stays_on_its_side_when_rows_are_appended_and_another_seed_draws_others()
    {
        using var few = Prepare(Rows(500), byPlace: true);
        using var many = Prepare(Rows(900), byPlace: true);
        using var other = Prepare(Rows(500), byPlace: true, seed: 2);
        Assert.Equal(few.Split.Validation, many.Split.Validation.Where(row => row < 500));
        Assert.NotEqual(few.Split.Validation, other.Split.Validation);
    }
}
