using Hourglass.Data;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Detection;

public sealed class ValueNamesTests
{
    private static TablePreprocessing Table(params string[] colours) => new()
    {
        Columns =
        [
            new NumericTransform { Name = "a", Scaling = Scaling.None },
            new CategoryTransform { Name = "colour", Categories = colours },
            new NumericTransform { Name = "b", Scaling = Scaling.None },
        ],
    };

    [Fact]
    public void Values_are_found_by_column_and_word_whatever_their_places()
    {
        var (part, all) = (Table("red", "blue", "rare"), Table("blue", "green", "red"));
        Assert.Equal([0, 3, 1, -1, 4, 5], ValueNames.Places(part, all, 6)); // a; red, blue, rare, others; b
        Assert.Equal([0, 1, 2, 3, 4, 5], ValueNames.Places(all, all, 6));
    }
}
