using System.Globalization;

namespace Hourglass.Data.Arrays;

/// <summary>From label texts to codes.</summary>
internal static class LabelCodes
{
    /// <summary>Distinct labels, in numeric order when all are numbers, else in order of first appearance.</summary>
    public static SampleLabels From(IEnumerable<string?> texts)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var codes = new List<int>();
        foreach (var text in texts)
        {
            if (string.IsNullOrEmpty(text))
            {
                codes.Add(-1);
                continue;
            }

            if (!places.TryGetValue(text, out var code))
            {
                places.Add(text, code = places.Count);
            }

            codes.Add(code);
        }

        string[] names = [.. places.Keys];
        if (!names.All(name => double.TryParse(name, NumberStyles.Float, CultureInfo.InvariantCulture, out _)))
        {
            return new SampleLabels(names, [.. codes]);
        }

        var order = Enumerable.Range(0, names.Length).OrderBy(code => double.Parse(names[code], CultureInfo.InvariantCulture)).ToArray();
        var rank = new int[order.Length];
        for (var place = 0; place < order.Length; place++)
        {
            rank[order[place]] = place;
        }

        return new SampleLabels([.. order.Select(code => names[code])], [.. codes.Select(code => code < 0 ? -1 : rank[code])]);
    }
}
