namespace Hourglass.Detection;

/// <summary>Where normal samples lie, value by value: what is expected of a sample lies there too.</summary>
/// <remarks>A member is asked about what it never saw, and gives back something beyond it: of a count a thousand times too high, a few hundred times too high. A value that no normal sample
/// reaches says nothing about the others either, so members are asked with the middle of normal ones in its place.</remarks>
internal sealed record NormalRange(float[] Least, float[] Most, float[] Middle)
{
    private const int MostSorted = 1000; // rows that the middle comes from

    public static NormalRange Of(float[] references, int length, double share)
    {
        var rows = Math.Max(1, (int)(share * references.Length / length));
        var (least, most, middle) = (references[..length], references[..length], new float[length]);
        for (var row = 1; row < rows; row++)
        {
            var own = references.AsSpan(row * length, length);
            System.Numerics.Tensors.TensorPrimitives.Min(own, least, least);
            System.Numerics.Tensors.TensorPrimitives.Max(own, most, most);
        }

        var sorted = new float[Math.Min(rows, MostSorted)];
        for (var value = 0; value < length; value++)
        {
            for (var place = 0; place < sorted.Length; place++)
            {
                sorted[place] = references[((long)place * rows / sorted.Length * length) + value];
            }

            Array.Sort(sorted);
            middle[value] = sorted[(sorted.Length - 1) / 2];
        }

        return new NormalRange(least, most, middle);
    }

    /// <summary>Samples with the middle of normal ones for every value beyond them; the same array where there is none.</summary>
    public float[] Within(float[] samples)
    {
        var within = samples;
        for (var place = 0; place < samples.Length; place++)
        {
            var value = place % Least.Length;
            if (samples[place] < Least[value] || samples[place] > Most[value])
            {
                within = within == samples ? (float[])samples.Clone() : within;
                within[place] = Middle[value];
            }
        }

        return within;
    }

    /// <summary>Draws values beyond normal ones to the nearest normal one.</summary>
    public void Clamp(float[] samples)
    {
        for (var place = 0; place < samples.Length; place++)
        {
            samples[place] = Math.Clamp(samples[place], Least[place % Least.Length], Most[place % Least.Length]);
        }
    }
}
