using CsCheck;
using Hourglass.Data.Tabular;
using Snappier;

namespace Hourglass.Tests.Data;

/// <summary>Pages unpacked in pieces are what the library for whole blocks makes of them, whatever the sizes of the pieces.</summary>
public sealed class PagePiecesTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    // Runs of a few values, random bytes and repeats near and far: copies of every kind, and literals of every length.
    private static byte[] Draw(int seed, int length)
    {
        var (random, bytes) = (new Random(seed), new List<byte>());
        while (bytes.Count < length)
        {
            var run = 1 + random.Next(random.Next(4) == 0 ? 70_000 : 100);
            switch (random.Next(3))
            {
                case 0:
                    bytes.AddRange(Enumerable.Repeat((byte)random.Next(3), run));
                    break;
                case 1 when bytes.Count > 0:
                    var back = 1 + random.Next(Math.Min(bytes.Count, 60_000));
                    for (var place = 0; place < run; place++)
                    {
                        bytes.Add(bytes[^back]);
                    }

                    break;
                default:
                    var some = new byte[run];
                    random.NextBytes(some);
                    bytes.AddRange(some);
                    break;
            }
        }

        return [.. bytes.Take(length)];
    }

    private byte[] Unpack(byte[] packed, int size, int before, Random pieces, bool isSnappy = true)
    {
        File.WriteAllBytes(_path, [.. new byte[before], .. packed, 1, 2, 3]);
        using var file = File.OpenHandle(_path);
        using var bytes = new ParquetBytes(file, before, before + packed.Length);
        using var page = new PagePieces(bytes);
        page.Begin(packed.Length, size, isSnappy);
        var made = new List<byte>();
        while (made.Count < size)
        {
            var least = pieces.Next(1, Math.Min(512, size - made.Count) + 1);
            page.Fill(least, pieces.Next(least, 20_000));
            Assert.True(page.Held.Length >= least);
            var taken = pieces.Next(page.Held.Length - Math.Min(page.Held.Length, least - 1), page.Held.Length + 1);
            made.AddRange(page.Held[..taken]);
            page.Take(taken);
        }

        return [.. made];
    }

    [Fact]
    public void Packed_pages_come_back() => Gen.Select(Gen.Int, Gen.Int[1, 300_000]).Sample(
        (seed, length) =>
        {
            var page = Draw(seed, length);
            Assert.Equal(page, Unpack(Snappy.CompressToArray(page), length, seed & 15, new Random(seed)));
            Assert.Equal(page, Unpack(page, length, seed & 15, new Random(seed), isSnappy: false));
        },
        iter: 40, threads: 1);

    // Written by hand: a literal after each of the five kinds of length, and a copy with an offset of four bytes.
    [Fact]
    public void Elements_that_writers_seldom_use_are_read()
    {
        byte[] a = [.. Enumerable.Range(0, 7).Select(value => (byte)value)];
        byte[] packed = [42, 6 << 2, .. a, 60 << 2, 6, .. a, 61 << 2, 6, 0, .. a, 62 << 2, 6, 0, 0, .. a, 63 << 2, 6, 0, 0, 0, .. a, (6 << 2) | 3, 35, 0, 0, 0];
        byte[] expected = [.. Enumerable.Repeat(a, 6).SelectMany(values => values)];
        Assert.Equal(expected, Snappy.DecompressToArray(packed));
        Assert.Equal(expected, Unpack(packed, 42, 0, new Random(1)));
    }

    [Fact]
    public void Damage_is_refused_and_never_read_beyond()
    {
        var page = Draw(3, 90_000);
        var (packed, random) = (Snappy.CompressToArray(page), new Random(2));
        for (var trial = 0; trial < 300; trial++)
        {
            byte[] damaged = [.. packed[..random.Next(packed.Length / 2, packed.Length)]];
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            var fault = Record.Exception(() => Unpack(damaged, page.Length, 0, random));
            Assert.True(fault is not null && ParquetRealStream<float>.IsFlaw(fault), $"{fault}");
        }
    }
}
