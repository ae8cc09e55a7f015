using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hourglass.Data;

/// <summary>Decides which samples validate, by a seeded hash of the raw sample or of its place.</summary>
/// <remarks>By the sample: it stays on its side when the file grows or is reordered, and equal samples share a side,
/// so that no training row is also a validation row. By the place: it stays on its side when rows are appended, and equal samples
/// are drawn apart from each other, so that the validation part is to the training part as fresh samples are.</remarks>
public static class HoldOut
{
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;
    private const ulong FirstFinish = 0xff51afd7ed558ccd;
    private const ulong SecondFinish = 0xc4ceb9fe1a85ec53;

    /// <summary>Whether a sample belongs to the validation part.</summary>
    /// <param name="sample">The raw sample's bytes, before preprocessing.</param>
    /// <param name="seed">Seed of the split.</param>
    /// <param name="share">Share held out, 0 to below 1.</param>
    public static bool IsValidation(ReadOnlySpan<byte> sample, int seed, double share) =>
        share > 0 && Draw(sample, seed) < share;

    /// <summary>Whether the sample at a place belongs to the validation part, whatever it holds.</summary>
    /// <param name="place">Its place in the source, from 0.</param>
    /// <param name="seed">Seed of the split.</param>
    /// <param name="share">Share held out, 0 to below 1.</param>
    /// <param name="from">Where the share begins, 0 to below 1.</param>
    public static bool IsDrawn(long place, int seed, double share, double from = 0) => Draw(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in place)), seed) is var draw && draw >= from && draw < from + share;

    /// <summary>64-bit hash of a sample: FNV-1a over 8-byte words and the rest, then the finaliser of MurmurHash3.</summary>
    /// <param name="sample">The raw sample's bytes.</param>
    /// <param name="seed">Seed of the split.</param>
    public static ulong Hash(ReadOnlySpan<byte> sample, int seed)
    {
        var hash = (Offset ^ (uint)seed) * Prime;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(sample))
        {
            hash = (hash ^ word) * Prime;
            hash ^= hash >> 29;
        }

        foreach (var tail in sample[(sample.Length / 8 * 8)..])
        {
            hash = (hash ^ tail) * Prime;
        }

        hash ^= hash >> 33;
        hash *= FirstFinish;
        hash ^= hash >> 33;
        hash *= SecondFinish;
        return hash ^ (hash >> 33);
    }

    /// <summary>The hash of no bytes yet, for samples side by side.</summary>
    /// <param name="seed">Seed of the split.</param>
    internal static Vector512<ulong> Begin(int seed) => Vector512.Create((Offset ^ (uint)seed) * Prime);

    /// <summary>Takes the next eight bytes of each sample.</summary>
    internal static Vector512<ulong> WithWord(Vector512<ulong> hash, Vector512<ulong> word)
    {
        hash = (hash ^ word) * Prime;
        return hash ^ (hash >>> 29);
    }

    /// <summary>Takes the last bytes of each sample.</summary>
    /// <param name="hash">Of the words before.</param>
    /// <param name="bytes">The first is the lowest of a word.</param>
    /// <param name="count">How many, 0 to 7.</param>
    /// <returns>What <see cref="Hash"/> gives of each.</returns>
    internal static Vector512<ulong> End(Vector512<ulong> hash, Vector512<ulong> bytes, int count)
    {
        for (; count > 0; count--, bytes >>>= 8)
        {
            hash = (hash ^ (bytes & Vector512.Create(0xFFUL))) * Prime;
        }

        hash = (hash ^ (hash >>> 33)) * FirstFinish;
        hash = (hash ^ (hash >>> 33)) * SecondFinish;
        return hash ^ (hash >>> 33);
    }

    /// <summary>Whether a sample of such a hash belongs to the validation part.</summary>
    /// <param name="hash">Of the raw sample, with the split's seed.</param>
    /// <param name="share">Share held out, 0 to below 1.</param>
    internal static bool IsValidation(ulong hash, double share) => Share(hash) < share;

    /// <summary>The first place that validates, where the last samples do.</summary>
    /// <param name="samples">All of them.</param>
    /// <param name="share">Share held out, 0 to below 1.</param>
    internal static long Border(long samples, double share) => (long)Math.Round(samples * (1 - share));

    private static double Draw(ReadOnlySpan<byte> sample, int seed) => Share(Hash(sample, seed));

    // Uniform on 0 to below 1.
    private static double Share(ulong hash) => (hash >> 11) * (1.0 / (1UL << 53));

    /// <summary>The two parts, in the arrays' own 8 bytes a sample.</summary>
    /// <param name="isHeld">For each sample, whether it validates.</param>
    internal static SampleSplit Split(List<bool> isHeld)
    {
        var held = isHeld.Count(isValidation => isValidation);
        var (training, validation) = (new long[isHeld.Count - held], new long[held]);
        var (nextTraining, nextValidation) = (0, 0);
        for (var sample = 0; sample < isHeld.Count; sample++)
        {
            if (isHeld[sample])
            {
                validation[nextValidation++] = sample;
            }
            else
            {
                training[nextTraining++] = sample;
            }
        }

        return new SampleSplit(training, validation);
    }
}
