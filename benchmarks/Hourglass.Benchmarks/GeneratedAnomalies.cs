namespace Hourglass.Benchmarks;

/// <summary>Generated tables with known anomalies: six kinds of normal rows, each with five kinds of anomalies. Defaults are chosen on them, since what they are tried on later has no part in them.</summary>
/// <remarks>Local, global, dependency and clustered anomalies after Han et al. 2022, https://arxiv.org/abs/2206.09426, section 3.3; "few" are normal rows with a tenth of their columns far off.</remarks>
internal sealed class GeneratedAnomalies
{
    private static readonly string[] Bases = ["mixture", "manifold", "tails", "counts", "flags", "factors"];
    private static readonly string[] Kinds = ["local", "global", "clustered", "dependency", "few"];
    private static readonly double[] Shares = [0.01, 0.03, 0.05, 0.1, 0.2];

    private readonly Random _random;
    private readonly string _kind;
    private readonly string _normal;

    private GeneratedAnomalies(string normal, string kind, int seed)
    {
        (_normal, _kind, Name) = (normal, kind, $"{normal} {kind} {seed}");
        _random = new Random((((seed * Bases.Length) + Array.IndexOf(Bases, normal)) * Kinds.Length) + Array.IndexOf(Kinds, kind));
        var rows = _random.Next(500, 3000);
        var anomalies = Math.Max(5, (int)(rows * Shares[_random.Next(Shares.Length)]));
        var normals = Normals(rows);
        double[][] all = [.. normals, .. Anomalies(normals, anomalies).Select(Rounded)];
        var order = Enumerable.Range(0, all.Length).ToArray();
        _random.Shuffle(order);
        Rows = [.. order.Select(row => Array.ConvertAll(all[row], value => (float)value))];
        Anomalous = [.. order.Select(row => row >= rows)];
    }

    /// <summary>Both kinds and the seed.</summary>
    public string Name { get; }

    /// <summary>[row, column].</summary>
    public float[][] Rows { get; }

    /// <summary>Which rows are anomalies.</summary>
    public bool[] Anomalous { get; }

    /// <summary>Thirty tables.</summary>
    /// <param name="seed">Draws all of them.</param>
    public static IEnumerable<GeneratedAnomalies> All(int seed) => Bases.SelectMany(normal => Kinds.Select(kind => new GeneratedAnomalies(normal, kind, seed)));

    private double[][] Normals(int rows)
    {
        Func<double[]> draw = _normal switch
        {
            "mixture" => Mixture(columns: 8, parts: 3),
            "manifold" => Manifold(columns: 20, latents: 3, hidden: 32),
            "tails" => Tails(columns: 10, factors: 4),
            "counts" => Counts(columns: 30, parts: 4),
            "flags" => Flags(columns: 40, parts: 5),
            _ => Factors(columns: 60, factors: 6, noise: 0.7),
        };
        return [.. Enumerable.Range(0, rows).Select(_ => draw())];
    }

    private Func<double[]> Mixture(int columns, int parts)
    {
        var (centres, maps) = (Matrix(parts, columns, 4), Enumerable.Range(0, parts).Select(_ => Matrix(columns, columns, 1 / Math.Sqrt(columns))).ToArray());
        return () =>
        {
            var part = _random.Next(parts);
            return Sum(centres[part], Product(Normal(columns, 1), maps[part]));
        };
    }

    private Func<double[]> Manifold(int columns, int latents, int hidden)
    {
        var (first, bias, second) = (Matrix(latents, hidden, 1), Normal(hidden, 1), Matrix(hidden, columns, 1 / Math.Sqrt(hidden)));
        return () => Sum(Product(Array.ConvertAll(Sum(bias, Product(Normal(latents, 1), first)), Math.Tanh), second), Normal(columns, 0.05));
    }

    private Func<double[]> Tails(int columns, int factors)
    {
        var map = Matrix(factors, columns, 0.6);
        return () => Array.ConvertAll(Sum(Product(Normal(factors, 1), map), Normal(columns, 0.2)), Math.Exp);
    }

    // Each row has a loudness of its own, so that rows of one part differ in length.
    private Func<double[]> Counts(int columns, int parts)
    {
        var rates = Matrix(parts, columns, 1.3);
        return () =>
        {
            var (part, loudness) = (_random.Next(parts), Math.Exp(0.5 * Normal()));
            return Array.ConvertAll(rates[part], rate => (double)Poisson(loudness * Math.Exp(rate - 0.5)));
        };
    }

    private Func<double[]> Flags(int columns, int parts)
    {
        var chances = Enumerable.Range(0, parts).Select(_ => Enumerable.Range(0, columns).Select(_ => Math.Pow(_random.NextDouble(), 2.5)).ToArray()).ToArray();
        return () =>
        {
            var part = _random.Next(parts);
            return Array.ConvertAll(chances[part], chance => _random.NextDouble() < chance ? 1.0 : 0);
        };
    }

    private Func<double[]> Factors(int columns, int factors, double noise)
    {
        var map = Matrix(factors, columns, 1);
        return () => Sum(Product(Normal(factors, 1), map), Normal(columns, noise));
    }

    private List<double[]> Anomalies(double[][] normals, int count)
    {
        var (columns, deviations) = (normals[0].Length, Deviations(normals));
        var centre = Sum(Any(normals), Array.ConvertAll(deviations, deviation => 1.5 * deviation * Sign()));
        var (least, most) = (Quantile(normals, 0.01), Quantile(normals, 0.99));
        return [.. Enumerable.Range(0, count).Select(_ => _kind switch
        {
            "local" => Sum(Any(normals), Array.ConvertAll(deviations, deviation => 0.8 * deviation * Normal())),
            "global" => [.. least.Zip(most, (low, high) => low + ((high - low) * ((1.2 * _random.NextDouble()) - 0.1)))],
            "clustered" => Sum(centre, Array.ConvertAll(deviations, deviation => 0.25 * deviation * Normal())),
            "dependency" => [.. Enumerable.Range(0, columns).Select(column => Any(normals)[column])],
            _ => FewFarOff((double[])Any(normals).Clone(), normals, deviations),
        })];
    }

    private double[] FewFarOff(double[] row, double[][] normals, double[] deviations)
    {
        foreach (var column in Enumerable.Range(0, row.Length).OrderBy(_ => _random.Next()).Take(Math.Max(1, row.Length / 10)).ToList())
        {
            row[column] = normals.Average(other => other[column]) + (deviations[column] * Sign() * (3 + (3 * _random.NextDouble())));
        }

        return row;
    }

    // Anomalies are written as normal rows are: counts as whole numbers, flags as 0 and 1, amounts above 0.
    private double[] Rounded(double[] row) => _normal switch
    {
        "counts" => Array.ConvertAll(row, value => Math.Max(0, Math.Round(value))),
        "flags" => Array.ConvertAll(row, value => value > 0.5 ? 1.0 : 0),
        "tails" => Array.ConvertAll(row, Math.Abs),
        _ => row,
    };

    private double[] Any(double[][] rows) => rows[_random.Next(rows.Length)];

    private int Sign() => _random.Next(2) == 0 ? -1 : 1;

    // Box and Muller 1958, https://doi.org/10.1214/aoms/1177706645
    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    // Knuth's products of uniform numbers: rates here are small.
    private int Poisson(double rate)
    {
        var (count, product, least) = (0, _random.NextDouble(), Math.Exp(-rate));
        for (; product > least && count < 10_000; count++)
        {
            product *= _random.NextDouble();
        }

        return count;
    }

    private double[] Normal(int count, double deviation) => [.. Enumerable.Range(0, count).Select(_ => deviation * Normal())];

    private double[][] Matrix(int rows, int columns, double deviation) => [.. Enumerable.Range(0, rows).Select(_ => Normal(columns, deviation))];

    private static double[] Sum(double[] left, double[] right) => [.. left.Zip(right, (one, other) => one + other)];

    private static double[] Product(double[] row, double[][] map) => [.. Enumerable.Range(0, map[0].Length).Select(column => row.Select((value, place) => value * map[place][column]).Sum())];

    private static double[] Deviations(double[][] rows) => [.. Enumerable.Range(0, rows[0].Length).Select(column =>
    {
        var mean = rows.Average(row => row[column]);
        return Math.Sqrt(rows.Average(row => Math.Pow(row[column] - mean, 2)));
    })];

    private static double[] Quantile(double[][] rows, double share) => [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Select(row => row[column]).Order().ElementAt((int)(share * (rows.Length - 1))))];
}
