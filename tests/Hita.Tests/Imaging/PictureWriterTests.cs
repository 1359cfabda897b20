using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Imaging;

public sealed class PictureWriterTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 90)]
    [InlineData(301, 1)]
    [InlineData(64, 48)]
    [InlineData(700, 600)]
    public void A_PNG_gives_every_pixel_back(int width, int height)
    {
        foreach (var picture in (Picture[])[PictureFiles.Noise(width, height, 2), PictureFiles.Quarters(width, height)])
        {
            var file = PictureFiles.Encode(picture, PictureFormat.Png);
            Assert.Equal(picture.Pixels, PictureDecoder.Decode(file, "png").Pixels);
        }
    }

    [Fact]
    public void Smooth_pictures_make_small_PNG_files()
    {
        var picture = new Picture(256, 256);
        for (var y = 0; y < 256; y++)
        {
            for (var x = 0; x < 256; x++)
                picture[x, y] = ((byte)x, (byte)y, (byte)((x + y) / 2));
        }
        Assert.InRange(PictureFiles.Encode(picture, PictureFormat.Png).Length, 100, 8_000);
    }

    [Theory]
    [InlineData("a.png", 0)]
    [InlineData("a.webp", 12)]
    [InlineData("a.jpg", 6)]
    [InlineData("A.JPEG", 6)]
    public void The_extension_chooses_the_format(string name, int mostDifference)
    {
        using var folder = new TemporaryFolder();
        var picture = PictureFiles.Quarters(32, 32);
        PictureWriter.Write(picture, folder[name]);
        var back = PictureDecoder.Decode(folder[name]);
        Assert.Equal(PictureWriter.FormatOf(name), PictureDecoder.Identify(folder[name]).Format);
        // Away from the edges between the quarters.
        Assert.InRange(Math.Abs(back[4, 4].Red - picture[4, 4].Red), 0, mostDifference);
        Assert.InRange(Math.Abs(back[28, 28].Green - picture[28, 28].Green), 0, mostDifference);
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Quality_and_losslessness_have_their_effect()
    {
        var picture = PictureFiles.Noise(64, 64, 2);
        int Length(PictureFormat format, int quality) => PictureFiles.Encode(picture, format, new() { Quality = quality }).Length;
        Assert.True(Length(PictureFormat.Jpeg, 30) < Length(PictureFormat.Jpeg, 90));
        Assert.True(Length(PictureFormat.Webp, 30) < Length(PictureFormat.Webp, 90));
        var lossless = PictureFiles.Encode(picture, PictureFormat.Webp, new() { Lossless = true });
        Assert.Equal(picture.Pixels, PictureDecoder.Decode(lossless, "webp").Pixels);
        Assert.Throws<ArgumentOutOfRangeException>(() => new PictureWriteOptions { Quality = 0 });
    }

    [Fact]
    public void Texts_of_any_language_are_kept_in_a_PNG()
    {
        using var folder = new TemporaryFolder();
        var texts = new Dictionary<string, string>
        {
            ["Software"] = "Hita for .NET",
            ["parameters"] = "class 207, seed 4\nguidance 2.5",
            ["Latin"] = "façade ½",
            ["Comment"] = "ゴールデンレトリバー 🐕",
            ["Empty"] = "",
        };
        var picture = PictureFiles.Quarters(8, 8);
        PictureWriter.Write(picture, folder["a.png"], new() { Text = texts });
        Assert.Equal(texts, PngText.Read(folder["a.png"]));
        Assert.Equal(picture.Pixels, PictureDecoder.Decode(folder["a.png"]).Pixels);
        Assert.Throws<ArgumentException>(
            () => PictureFiles.Encode(picture, PictureFormat.Png, new() { Text = new Dictionary<string, string> { [""] = "x" } }));
    }

    [Fact]
    public void Compressed_texts_of_other_programs_are_read_and_broken_ones_left_out()
    {
        using var folder = new TemporaryFolder();
        byte[] Packed(byte[] text)
        {
            using var stream = new MemoryStream();
            using (var zlib = new System.IO.Compression.ZLibStream(stream, System.IO.Compression.CompressionMode.Compress, leaveOpen: true))
                zlib.Write(text);
            return stream.ToArray();
        }
        var png = PictureFiles.Png(
            1, 1, 8, 0, [0, 0],
            ("zTXt", [.. "old"u8, 0, 0, .. Packed("packed"u8.ToArray())]),
            ("iTXt", [.. "new"u8, 0, 1, 0, .. "de"u8, 0, .. "neu"u8, 0, .. Packed("größer"u8.ToArray())]),
            ("zTXt", [.. "bad"u8, 0, 0, 1, 2, 3, 4]),
            ("zTXt", [.. "bomb"u8, 0, 0, .. Packed(new byte[20 << 20])]),
            ("tEXt", [.. "no end"u8]));
        File.WriteAllBytes(folder["a.png"], png);
        Assert.Equal(
            new Dictionary<string, string> { ["old"] = "packed", ["new"] = "größer" }, PngText.Read(folder["a.png"]));
        File.WriteAllBytes(folder["cut.png"], png[..^30]);
        Assert.Equal(2, PngText.Read(folder["cut.png"]).Count);
        File.WriteAllText(folder["b.png"], "no PNG");
        Assert.Throws<PictureException>(() => PngText.Read(folder["b.png"]));
    }

    [Theory]
    [InlineData("a.bmp", ".bmp")]
    [InlineData("a", "no extension")]
    [InlineData("none/a.png", "does not exist")]
    [InlineData("folder.png", "folder of this name")]
    public void Places_and_names_that_cannot_be_written_are_refused(string name, string word)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["folder.png"]);
        var error = Assert.Throws<PictureException>(() => PictureWriter.Write(new Picture(1, 1), folder[name]));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_too_large_for_a_format_are_refused()
    {
        var error = Assert.Throws<PictureException>(() => PictureFiles.Encode(new Picture(16_384, 1), PictureFormat.Webp));
        Assert.Contains("16383", error.Message, StringComparison.Ordinal);
        Assert.Throws<PictureException>(() => PictureFiles.Encode(new Picture(1, 65_501), PictureFormat.Jpeg));
    }

    [Fact]
    public void A_full_disk_is_named_and_leaves_the_old_file()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs a device that is always full");
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.png"], "old");
        var error = Assert.Throws<PictureException>(() => PictureFile.Write(folder["a.png"], stream =>
        {
            stream.Write("half"u8);
            using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            full.Write("more"u8);
        }));
        Assert.Contains("disk is full", error.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(folder["a.png"]));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_read_only_folder_is_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "needs a user whom file permissions bind");
        using var folder = new TemporaryFolder();
        var closed = Directory.CreateDirectory(folder["closed"]);
        if (!OperatingSystem.IsWindows())
            closed.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserExecute;
        var error = Assert.Throws<PictureException>(() => PictureWriter.Write(new Picture(1, 1), Path.Combine(closed.FullName, "a.png")));
        Assert.Contains("read-only", error.Message, StringComparison.Ordinal);
    }
}
