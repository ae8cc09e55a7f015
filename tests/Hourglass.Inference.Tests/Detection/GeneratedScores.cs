namespace Hourglass.Inference.Tests.Detection;

/// <summary>Scores of many shapes: light, heavy and bounded tails, two humps, ties.</summary>
internal static class GeneratedScores
{
    public const int Shapes = 10;

    public static double[] Draw(int shape, int count, Random random) => [.. Enumerable.Range(0, count).Select(_ => Draw(shape, random))];

    private static double Draw(int shape, Random random) => shape switch
    {
        0 => Normal(random),
        1 => Math.Exp(Normal(random)),
        2 => Math.Pow(1 - random.NextDouble(), -1 / 1.2), // Pareto, without a variance
        3 => -Math.Log(1 - random.NextDouble()),
        4 => Math.Abs(Math.Tan(Math.PI * (random.NextDouble() - 0.5))), // Cauchy
        5 => random.NextDouble(),
        6 => Normal(random) + (random.NextDouble() < 0.05 ? 6 : 0),
        7 => Math.Sqrt(random.NextDouble()),
        8 => Math.Floor(-5 * Math.Log(1 - random.NextDouble())), // ties
        _ => Math.Round(Math.Exp(2 * Normal(random)), 1), // ties below, none above
    };

    public static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
