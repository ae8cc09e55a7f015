using Hourglass.Engine;

namespace Hourglass.Tests.Engine;

public sealed class NativeEngineTests
{
    private static byte[]? Library() => NativeEngine.Find("libLibTorchSharp.so") is { } path ? File.ReadAllBytes(path) : null;

    [Fact]
    public void The_engine_loads_and_computes()
    {
        NativeEngine.Require();
        using var sum = TorchSharp.torch.ones(3).sum();
        Assert.Equal(3, TorchSharp.TensorExtensionMethods.ToSingle(sum));
    }

    [Fact]
    public void The_mend_changes_one_flag_and_a_second_mend_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The mend is for Linux.");
        var original = Library()!;
        var mended = LibraryMend.Mend(original);
        Assert.NotNull(mended);
        var changed = Enumerable.Range(0, original.Length).Where(place => original[place] != mended[place]).ToList();
        Assert.Single(changed);
        Assert.Equal(original[changed[0]] | ElfVersionNeeds.WeakFlag, mended[changed[0]]);
        Assert.Null(LibraryMend.Mend(mended));
    }

    [Fact]
    public void A_library_without_the_version_is_left_alone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The mend is for Linux.");
        Assert.Null(LibraryMend.Mend(File.ReadAllBytes(NativeEngine.Find("libc10.so")!)));
    }

    [Fact]
    public void Garbage_and_truncated_libraries_give_a_named_error()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The mend is for Linux.");
        var (original, random) = (Library()!, new Random(3));
        Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.Read("not a library"u8));
        Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.Read(original.AsSpan(0, original.Length / 2)));
        for (var round = 0; round < 200; round++)
        {
            var mutant = original.AsSpan(0, 64).ToArray();
            mutant[random.Next(16, 64)] = (byte)random.Next(256);
            var whole = (byte[])original.Clone();
            mutant.CopyTo(whole, 0);
            try
            {
                ElfVersionNeeds.Read(whole);
            }
            catch (Exception fault) when (fault is InvalidDataException or OverflowException)
            {
                Assert.NotEmpty(fault.Message);
            }
        }
    }

    [Fact]
    public void A_tampered_copy_in_the_cache_is_replaced()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        byte[] mended = [1, 2, 3, 4];
        var path = LibraryMend.Store(mended, "lib.so", folder);
        File.WriteAllBytes(path, [1, 2, 3, 5]);
        Assert.Equal(path, LibraryMend.Store(mended, "lib.so", folder));
        Assert.Equal(mended, File.ReadAllBytes(path));
        Directory.Delete(folder, recursive: true);
    }
}
