using System.Buffers.Binary;
using System.IO.Compression;
using Hourglass.Data;
using Hourglass.Data.Images;
using Hourglass.Data.Output;

namespace Hourglass.Inference.Tests.Data;

public sealed class PictureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static byte[] Words(params int[] values) => [.. values.SelectMany(value => new[] { (byte)value, (byte)(value >> 8) })];

    // Rows as PNG's filters leave them: the first byte of each names the filter.
    private static byte[] Png16(int width, int height, byte[] rows)
    {
        static byte[] Chunk(string name, byte[] body)
        {
            byte[] named = [.. System.Text.Encoding.ASCII.GetBytes(name), .. body];
            var (length, sum) = (new byte[4], new byte[4]);
            BinaryPrimitives.WriteInt32BigEndian(length, body.Length);
            BinaryPrimitives.WriteUInt32BigEndian(sum, System.IO.Hashing.Crc32.HashToUInt32(named));
            return [.. length, .. named, .. sum];
        }

        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(rows);
        }

        return [0x89, .. "PNG"u8, 13, 10, 26, 10, .. Chunk("IHDR", [0, 0, 0, (byte)width, 0, 0, 0, (byte)height, 16, 0, 0, 0, 0]), .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", [])];
    }

    private static readonly byte[] Filtered =
    [
        0, 0x10, 0x01, 0x20, 0x02, 0x30, 0x03, // as it is: 0x1001 0x2002 0x3003
        1, 0x10, 0x00, 0x00, 0x01, 0x01, 0x00, // from the left: 0x1000 0x1001 0x1101
        2, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, // from above: 0x1100 0x1002 0x1101
        3, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, // the mean of both: 0x0800 0x0C01 0x0E02 (0x1101 + 0x0C01: bytes (11 + 0C) / 2, 1 + (1 + 1) / 2)
        4, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, // the nearest of three: 0x0902 0x0C02 0x0E02
    ];

    [Fact]
    public void A_grey_png_of_16_bits_keeps_them_through_every_filter()
    {
        var picture = PngFile.ReadGrey16(Write("a.png", Png16(3, 5, Filtered)));
        int[] expected = [0x1001, 0x2002, 0x3003, 0x1000, 0x1001, 0x1101, 0x1100, 0x1002, 0x1101, 0x0800, 0x0C01, 0x0E02, 0x0902, 0x0C02, 0x0E02];
        Assert.Equal(expected, picture.Values.Select(value => (int)MathF.Round(value * 65535)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_dicom_picture_reads_with_rescaling_and_window(bool isExplicit)
    {
        // Values 0 100 200 4000 become -1000 -900 -800 3000; the window 41 wide around -899.5 runs from -920 to -880.
        var file = new DicomBuilder(isExplicit).Sequence(0x0008_1140).Grey(2, 2).Text(0x0028_1050, "DS", "-899.5\\40").Text(0x0028_1051, "DS", "41\\400").Text(0x0028_1052, "DS", "-1000").Text(0x0028_1053, "DS", "1")
            .Bytes(0x7FE0_0010, "OW", Words(0, 100, 200, 4000)).Build();
        Assert.Equal([0f, 0.5f, 1f, 1f], DicomFile.Read(Write("a.dcm", file)).Values);
    }

    [Fact]
    public void Monochrome1_is_turned_over_and_a_picture_without_window_takes_its_own_range()
    {
        var file = new DicomBuilder(true).Grey(4, 1, 8, "MONOCHROME1").Bytes(0x7FE0_0010, "OB", 10, 20, 30, 50).Build();
        Assert.Equal([1f, 0.75f, 0.5f, 0f], DicomFile.Read(Write("a.dcm", file)).Values);
    }

    [Fact]
    public void Signed_values_are_read_below_zero_and_bits_above_those_stored_are_left_out()
    {
        var file = new DicomBuilder(false).Grey(3, 1, isSigned: true).Bytes(0x7FE0_0010, "OW", Words(0xF800, 0x0000, 0xA7FF)).Build(); // -2048, 0, 2047 in 12 bits
        Assert.Equal([0f, 2048f / 4095, 1f], DicomFile.Read(Write("a.dcm", file)).Values);
    }

    [Theory]
    [InlineData("1.2.840.10008.1.2.4.70", "JPEG")]
    [InlineData("1.2.840.10008.1.2.4.90", "JPEG 2000")]
    [InlineData("1.2.840.10008.1.2.2", "big endian")]
    public void Compressed_pictures_are_refused_by_name(string syntax, string named)
    {
        var file = new DicomBuilder(true) { Syntax = syntax }.Grey(1, 1).Bytes(0x7FE0_0010, "OW", 1, 0).Build();
        var fault = Assert.Throws<DataException>(() => DicomFile.Read(Write("a.dcm", file)));
        Assert.Contains(syntax, fault.Message, StringComparison.Ordinal);
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_colour_and_missing_pixels_are_refused_by_name()
    {
        void Refused(DicomBuilder file, string words) =>
            Assert.Contains(words, Assert.Throws<DataException>(() => DicomFile.Read(Write("a.dcm", file.Build()))).Message, StringComparison.Ordinal);
        Refused(new DicomBuilder(true).Grey(1, 1).Text(0x0028_0008, "IS", "12").Bytes(0x7FE0_0010, "OW", 1, 0), "12 frames");
        Refused(new DicomBuilder(true).Grey(1, 1, photometric: "RGB").Bytes(0x7FE0_0010, "OW", 1, 0), "RGB");
        Refused(new DicomBuilder(true).Grey(1, 1), "no pixels");
        Refused(new DicomBuilder(true).Grey(60000, 60000).Bytes(0x7FE0_0010, "OW", 1, 0), "60000 x 60000");
        Refused(new DicomBuilder(true).Grey(2, 2).Bytes(0x7FE0_0010, "OW", 1, 0), "need 8 bytes, found 2");
    }

    [Fact]
    public void A_folder_that_mixes_depths_becomes_floats_and_says_so_and_its_model_takes_pictures_of_8_bits()
    {
        PictureGrid.Write(Write("films/normal/b.png", []), [[.. Enumerable.Repeat(0.4f, 3600)]], [1, 60, 60], 1);
        Write("films/normal/a.dcm", new DicomBuilder(true).Grey(2, 2).Bytes(0x7FE0_0010, "OW", Words(0, 1, 2, 4)).Build());
        Write("films/other/c.png", Png16(3, 5, Filtered));
        using var data = DataFile.Prepare(Path.Combine(_folder, "films"), new ReadOptions(), new PreparationOptions { Validation = 0 });
        Assert.Equal([1, 2, 2], data.Samples.SampleShape);
        Assert.Equal(["normal", "other"], data.Labels!.Names);
        Assert.Contains("1 of 3 hold 8 bits", string.Join(" ", data.Description.Notes), StringComparison.Ordinal);
        using var shallow = DataFile.Apply(Path.Combine(_folder, "films/normal/b.png"), new ReadOptions(), data.Preprocessing);
        var values = new float[4];
        shallow.Samples.Read(0, 1, values);
        Assert.All(values, value => Assert.Equal(0.4, value, 0.02));
    }

    [Fact]
    public void Making_a_picture_smaller_keeps_its_mean_and_cutting_keeps_its_middle()
    {
        var picture = new GreyPicture(4, 2, [0, 1, 2, 3, 4, 5, 6, 7]);
        Assert.Equal([2.5f, 4.5f], picture.Resized(2, 1, ResizePolicy.Fit, "a").Values);
        Assert.Equal([3.5f], picture.Resized(1, 1, ResizePolicy.Crop, "a").Values);
        Assert.Throws<DataException>(() => picture.Resized(1, 1, ResizePolicy.Refuse, "a"));
    }

    [Fact]
    public void Six_hundred_mutated_pictures_give_a_named_error_or_a_correct_read()
    {
        (string Name, byte[] Bytes)[] files =
        [
            ("a.png", Png16(3, 5, Filtered)),
            ("a.dcm", new DicomBuilder(true).Sequence(0x0008_1140).Grey(4, 2).Text(0x0028_1050, "DS", "40").Text(0x0028_1051, "DS", "400").Bytes(0x7FE0_0010, "OW", new byte[16]).Build()),
            ("b.dcm", new DicomBuilder(false).Sequence(0x0008_1140).Grey(4, 2).Bytes(0x7FE0_0010, "OW", new byte[16]).Build()),
        ];
        var random = new Random(4);
        for (var round = 0; round < 600; round++)
        {
            var (name, bytes) = files[round % 3];
            // DICOM's first 132 bytes say only that it is DICOM: changes fall behind them.
            var head = name.EndsWith(".dcm", StringComparison.Ordinal) ? 132 : 0;
            Mutation.Check(_folder, name, bytes[head..], random, path =>
            {
                File.WriteAllBytes(path, [.. bytes[..head], .. File.ReadAllBytes(path)]);
                DataFile.Prepare(path, new ReadOptions { OnBadRow = BadRowPolicy.Fail }, new PreparationOptions { Validation = 0 }).Dispose();
            });
        }
    }
}
