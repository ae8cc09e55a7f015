using Hourglass.Data.Arrays;
using Hourglass.Data.Tabular;

namespace Hourglass.Data;

/// <summary>Reads latents as 'hourglass encode' writes them.</summary>
public static class LatentFile
{
    /// <summary>Reads latents.</summary>
    /// <param name="path">CSV or Parquet with columns "latent 1", "latent 2", ..., or .npy or .npz of shape [sample, latent].</param>
    /// <param name="latentSize">Length of a latent.</param>
    /// <returns>[sample, latent], row-major.</returns>
    /// <exception cref="DataException">Another file, or latents of another length.</exception>
    public static float[] Read(string path, int latentSize)
    {
        if (!File.Exists(path))
        {
            throw new DataException($"There is no file {path}.");
        }

        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".npy" => ReadArray(path, NpySource.Open(path), latentSize),
            ".npz" => ReadArray(path, NpzFile.Open(path, new ReadOptions()), latentSize),
            ".csv" or ".tsv" => ReadTable(path, CsvSource.Open(path, new ReadOptions()), latentSize),
            ".parquet" => ReadTable(path, ParquetSource.Open(path), latentSize),
            _ => throw new DataException($"{path}: latents are read from .csv, .parquet, .npy or .npz."),
        };
    }

    private static float[] ReadArray(string path, ArraySource source, int latentSize)
    {
        using (source)
        {
            if (source.Shape is not [var width] || width != latentSize)
            {
                throw new DataException($"{path}: expected latents of shape [sample, {latentSize}], found [{source.Count}, {string.Join(", ", source.Shape)}].");
            }

            var values = new float[source.Count * latentSize];
            for (var sample = 0; sample < source.Count; sample++)
            {
                source.Next([], values.AsSpan(sample * latentSize, latentSize));
            }

            return values;
        }
    }

    private static float[] ReadTable(string path, TableSource source, int latentSize)
    {
        using (source)
        {
            var places = Enumerable.Range(1, latentSize).Select(latent => source.Columns.ToList().IndexOf($"latent {latent}")).ToArray();
            if (places.Contains(-1))
            {
                throw new DataException($"{path}: expected the columns 'latent 1' to 'latent {latentSize}', found {string.Join(", ", source.Columns.Take(20))}.");
            }

            var values = new List<float>();
            foreach (var row in source.Rows(null))
            {
                foreach (var place in places)
                {
                    values.Add(Numbers.TryParse(row.Fields[place] ?? "", source.Decimal, out var number)
                        ? (float)number
                        : throw new DataException($"{path}: line {row.Line}, column {place + 1}: expected a number, found '{row.Fields[place]}'."));
                }
            }

            return [.. values];
        }
    }
}
