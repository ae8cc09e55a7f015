using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Preprocessing;

public sealed class ConstantTransformTests
{
    private static (float Value, string? Found) Of(string? constant, string text, char mark = '.')
    {
        var transform = new ConstantTransform { Name = "c", Value = constant, TakesOthers = true };
        var values = new float[1];
        Assert.True(transform.Apply(text, mark, values));
        return (values[0], transform.Invert(values).Text);
    }

    [Theory]
    [InlineData("3", "3", 0, "3")]
    [InlineData("3", "3.0", 0, "3")]
    [InlineData("3", "5", 2, "5")]
    [InlineData("3", "-1e3", -1003, "-1000")]
    [InlineData("3", "abc", 1, "4")] // a word among numbers: another value
    [InlineData("auto", "manual", 1, "(other)")]
    [InlineData(null, "", 0, null)]
    [InlineData(null, "7", 1, "(other)")]
    [InlineData("3", "", float.NaN, null)]
    [InlineData("1e300", "-1e300", float.MinValue, null)]
    public void Another_value_is_never_zero(string? constant, string text, float value, string? found)
    {
        var actual = Of(constant, text);
        Assert.Equal(value, actual.Value);
        if (value > float.MinValue || float.IsNaN(value))
        {
            Assert.Equal(found, actual.Found);
        }
    }

    [Fact]
    public void A_difference_too_small_for_single_precision_is_one() => Assert.NotEqual(0, Of("1e-60", "2e-60").Value);

    [Fact]
    public void Decimals_are_read_with_the_mark_of_the_new_file() => Assert.Equal(0, Of("1.5", "1,5", ',').Value);
}
