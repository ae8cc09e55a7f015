using System.Buffers.Binary;
using System.Text;

namespace Hourglass.Engine;

/// <summary>Symbol versions that an ELF shared library asks of other libraries (section .gnu.version_r).</summary>
/// <remarks>Layout: System V ABI, "Sections" and the Linux Standard Base, "Symbol Versioning", Elf64_Verneed and
/// Elf64_Vernaux. Every offset is checked against the file's length.</remarks>
internal static class ElfVersionNeeds
{
    /// <summary>VER_FLG_WEAK: the dynamic linker goes on when the version is absent.</summary>
    public const ushort WeakFlag = 2;

    private const uint MaximumNeeds = 4096;
    private const uint VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed

    /// <summary>Lists the versions asked for.</summary>
    /// <param name="library">A whole ELF64 little-endian file.</param>
    /// <exception cref="InvalidDataException">Not such a file, or truncated.</exception>
    public static IReadOnlyList<VersionNeed> Read(ReadOnlySpan<byte> library)
    {
        if (library.Length < 64 || !library[..4].SequenceEqual("\u007fELF"u8) || library[4] != 2 || library[5] != 1)
        {
            throw new InvalidDataException("Expected an ELF64 little-endian library (Linux on x64 or arm64).");
        }

        var table = U64(library, 40);
        var entrySize = U16(library, 58);
        var count = U16(library, 60);
        var needs = new List<VersionNeed>();
        for (var index = 0; index < count; index++)
        {
            var header = checked(table + ((ulong)index * entrySize));
            if (U32(library, header + 4) == VersionNeedSection)
            {
                var strings = checked(table + ((ulong)U32(library, header + 40) * entrySize));
                ReadSection(library, U64(library, header + 24), U32(library, header + 44), U64(library, strings + 24), needs);
            }
        }

        return needs;
    }

    private static void ReadSection(ReadOnlySpan<byte> library, ulong need, uint files, ulong strings, List<VersionNeed> needs)
    {
        for (var file = 0u; file < Math.Min(files, MaximumNeeds); file++)
        {
            var fileName = Text(library, strings + U32(library, need + 4));
            var aux = need + U32(library, need + 8);
            for (var version = 0; version < U16(library, need + 2); version++)
            {
                needs.Add(new VersionNeed(fileName, Text(library, strings + U32(library, aux + 8)), U16(library, aux + 4), (long)aux + 4));
                if (needs.Count > MaximumNeeds)
                {
                    throw new InvalidDataException($"The library asks for more than {MaximumNeeds} versions: its tables are altered.");
                }

                aux += U32(library, aux + 12);
            }

            need += U32(library, need + 12);
        }
    }

    private static string Text(ReadOnlySpan<byte> library, ulong offset)
    {
        var rest = library[Within(library, offset, 1)..];
        var end = rest[..Math.Min(rest.Length, 256)].IndexOf((byte)0);
        return end < 0 ? throw new InvalidDataException($"A name at byte {offset} does not end.") : Encoding.ASCII.GetString(rest[..end]);
    }

    private static ushort U16(ReadOnlySpan<byte> library, ulong offset) => BinaryPrimitives.ReadUInt16LittleEndian(library[Within(library, offset, 2)..]);

    private static uint U32(ReadOnlySpan<byte> library, ulong offset) => BinaryPrimitives.ReadUInt32LittleEndian(library[Within(library, offset, 4)..]);

    private static ulong U64(ReadOnlySpan<byte> library, ulong offset) => BinaryPrimitives.ReadUInt64LittleEndian(library[Within(library, offset, 8)..]);

    private static int Within(ReadOnlySpan<byte> library, ulong offset, int length) =>
        offset <= (ulong)(library.Length - length)
            ? (int)offset
            : throw new InvalidDataException($"The library ends at byte {library.Length}, but its tables point to byte {offset}: it is truncated or altered.");
}

/// <summary>One version asked for.</summary>
/// <param name="File">The library that should have it, "libstdc++.so.6".</param>
/// <param name="Version">The version's name, "GLIBCXX_3.4.32".</param>
/// <param name="Flags">vna_flags.</param>
/// <param name="FlagsOffset">Where the 16-bit vna_flags stand in the file.</param>
internal readonly record struct VersionNeed(string File, string Version, ushort Flags, long FlagsOffset);
