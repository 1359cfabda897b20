using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Imaging;

public sealed class ImageWriterTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 90)]
    [InlineData(301, 1)]
    [InlineData(64, 48)]
    [InlineData(700, 600)]
    public void A_PNG_gives_every_pixel_back(int width, int height)
    {
        foreach (var image in (Image[])[ImageFiles.Noise(width, height, 2), ImageFiles.Quarters(width, height)])
        {
            var file = ImageFiles.Encode(image, ImageFormat.Png);
            Assert.Equal(image.Pixels, ImageDecoder.Decode(file, "png").Pixels);
        }
    }

    [Fact]
    public void Smooth_images_make_small_PNG_files()
    {
        var image = new Image(256, 256);
        for (var y = 0; y < 256; y++)
        {
            for (var x = 0; x < 256; x++)
                image[x, y] = ((byte)x, (byte)y, (byte)((x + y) / 2));
        }
        Assert.InRange(ImageFiles.Encode(image, ImageFormat.Png).Length, 100, 8_000);
    }

    [Theory]
    [InlineData("a.png", 0)]
    [InlineData("a.webp", 12)]
    [InlineData("a.jpg", 6)]
    [InlineData("A.JPEG", 6)]
    public void The_extension_chooses_the_format(string name, int maxDifference)
    {
        using var folder = new TemporaryFolder();
        var image = ImageFiles.Quarters(32, 32);
        ImageWriter.Write(image, folder[name]);
        var back = ImageDecoder.Decode(folder[name]);
        Assert.Equal(ImageWriter.FormatOf(name), ImageDecoder.Identify(folder[name]).Format);
        // Away from the edges between the quarters.
        Assert.InRange(Math.Abs(back[4, 4].Red - image[4, 4].Red), 0, maxDifference);
        Assert.InRange(Math.Abs(back[28, 28].Green - image[28, 28].Green), 0, maxDifference);
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Quality_and_losslessness_have_their_effect()
    {
        var image = ImageFiles.Noise(64, 64, 2);
        int Length(ImageFormat format, int quality) => ImageFiles.Encode(image, format, new() { Quality = quality }).Length;
        Assert.True(Length(ImageFormat.Jpeg, 30) < Length(ImageFormat.Jpeg, 90));
        Assert.True(Length(ImageFormat.Webp, 30) < Length(ImageFormat.Webp, 90));
        var lossless = ImageFiles.Encode(image, ImageFormat.Webp, new() { Lossless = true });
        Assert.Equal(image.Pixels, ImageDecoder.Decode(lossless, "webp").Pixels);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageWriteOptions { Quality = 0 });
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
        var image = ImageFiles.Quarters(8, 8);
        ImageWriter.Write(image, folder["a.png"], new() { Text = texts });
        Assert.Equal(texts, PngText.Read(folder["a.png"]));
        Assert.Equal(image.Pixels, ImageDecoder.Decode(folder["a.png"]).Pixels);
        Assert.Throws<ArgumentException>(
            () => ImageFiles.Encode(image, ImageFormat.Png, new() { Text = new Dictionary<string, string> { [""] = "x" } }));
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
        var png = ImageFiles.Png(
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
        Assert.Throws<ImageException>(() => PngText.Read(folder["b.png"]));
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
        var error = Assert.Throws<ImageException>(() => ImageWriter.Write(new Image(1, 1), folder[name]));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_too_large_for_a_format_are_refused()
    {
        var error = Assert.Throws<ImageException>(() => ImageFiles.Encode(new Image(16_384, 1), ImageFormat.Webp));
        Assert.Contains("16383", error.Message, StringComparison.Ordinal);
        Assert.Throws<ImageException>(() => ImageFiles.Encode(new Image(1, 65_501), ImageFormat.Jpeg));
    }

    [Fact]
    public void A_full_disk_is_named_and_leaves_the_old_file()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs a device that is always full");
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.png"], "old");
        var error = Assert.Throws<ImageException>(() => ImageFile.Write(folder["a.png"], stream =>
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
        var error = Assert.Throws<ImageException>(() => ImageWriter.Write(new Image(1, 1), Path.Combine(closed.FullName, "a.png")));
        Assert.Contains("read-only", error.Message, StringComparison.Ordinal);
    }
}
