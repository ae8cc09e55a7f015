using Hourglass.Data.Tabular;
using Parquet;

namespace Hourglass.Benchmarks;

/// <summary>All columns of a Parquet file of optional single-precision numbers, into memory and no further: by the library for every Parquet file, and by the reader that ingest uses.</summary>
internal static class ParquetReaders
{
    /// <summary>By Parquet.Net.</summary>
    /// <param name="path">The file.</param>
    /// <param name="threads">Threads that share the columns, each with a reader of its own.</param>
    public static void ReadByLibrary(string path, int threads)
    {
        var next = -1;
        Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(async () =>
        {
            await using var reader = await ParquetReader.CreateAsync(path);
            var fields = reader.Schema.DataFields;
            while (Interlocked.Increment(ref next) is var column && column < fields.Length)
            {
                for (var group = 0; group < reader.RowGroupCount; group++)
                {
                    using var rows = reader.OpenRowGroupReader(group);
                    await rows.ReadAsync<float>(fields[column], new float?[rows.RowCount].AsMemory());
                }
            }
        }))).GetAwaiter().GetResult();
    }

    /// <summary>By Hourglass, as its ingest does before anything is learnt.</summary>
    /// <param name="path">The file.</param>
    /// <param name="threads">Threads that share the columns.</param>
    public static void Read(string path, int threads)
    {
        using var source = ParquetSource.Open(path);
        using var blocks = source.OpenBlocks(Enumerable.Range(0, source.Columns.Count).ToHashSet())!;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            for (var block = thread; block < blocks.Count; block += threads)
            {
                blocks.Read(block)!.Release();
            }
        });
    }
}
