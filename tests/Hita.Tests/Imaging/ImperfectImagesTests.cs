using System.Buffers.Binary;
using System.IO.Compression;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Imaging;

/// <summary>Image files that others show although something about them is odd: they are decoded, and where something is missing it is noted.</summary>
public sealed class ImperfectImagesTests
{
    private static readonly byte[] Video = [0, 0, 0, 24, .. "ftypmp42"u8, 0, 0, 0, 0, .. Enumerable.Repeat<byte[]>([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0], 200).SelectMany(static b => b)];

    [Fact]
    public void Scans_are_counted_to_the_end_of_the_image_and_not_in_what_follows_or_lies_within()
    {
        var jpeg = ImageFiles.FlatJpeg(adobe: false, progressive: true, 77);
        Assert.Equal(8, Decoded([.. jpeg, .. Video]).Width);
        // A preview in a segment of its own has scans that are none of the image's.
        byte[] preview = [0xFF, 0xE2, (byte)((Video.Length + 2) >> 8), (byte)(Video.Length + 2), .. Video];
        Assert.Equal(8, Decoded([.. jpeg[..2], .. preview, .. jpeg[2..]]).Width);
        Assert.Equal(new JpegScans(1, HasEnd: true, IsWhole: false), JpegScans.Read([.. jpeg, .. Video]));
    }

    [Theory]
    [InlineData(60, false)]
    [InlineData(95, true)]
    public void A_JPEG_without_its_end_marker_is_decoded_with_a_note(int quality, bool half)
    {
        var jpeg = ImageFiles.Encode(ImageFiles.Quarters(50, 37), ImageFormat.Jpeg, new() { Quality = quality });
        var notes = new List<string>();
        var unended = ImageDecoder.Decode(jpeg.AsSpan(0, jpeg.Length - (half ? 1 : 2)), "photo.jpg", new() { Noted = notes.Add });
        Assert.Equal(ImageDecoder.Decode(jpeg, "a").Pixels.ToArray(), unended.Pixels.ToArray());
        Assert.Equal("photo.jpg: The JPEG file lacks the marker at its end; all of the image is there.", Assert.Single(notes));
    }

    [Fact]
    public void A_JPEG_that_lacks_more_than_its_end_marker_is_refused()
    {
        var jpeg = ImageFiles.Encode(ImageFiles.Noise(48, 32, 6), ImageFormat.Jpeg);
        for (var missing = 6; missing < 40; missing++)
            Refused(jpeg[..^missing]);
        // A progressive file that lacks whole scans shows all of its pixels, but not as they are.
        Refused(ImageFiles.FlatJpeg(adobe: false, progressive: true, 77)[..^2]);
        Assert.False(JpegScans.Read(ImageFiles.FlatJpeg(adobe: false, progressive: true, 77).AsSpan()[..^2]).IsWhole);
        Assert.True(JpegScans.Read(ImageFiles.FlatJpeg(adobe: false, 77).AsSpan()[..^2]).IsWhole);

        static void Refused(byte[] file) =>
            Assert.Contains("cut off", Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "photo.jpg")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1)]
    public void A_PNG_without_the_checksum_of_its_pixels_is_decoded_with_a_note(int missing)
    {
        var image = ImageFiles.Noise(30, 20, 8);
        byte[] rows = [.. Enumerable.Range(0, 20).SelectMany(y => (byte[])[0, .. image.Row(y)])];
        var notes = new List<string>();
        var read = ImageDecoder.Decode(Png(Zlib(rows)[..^missing], 30, 20), "scan.png", new() { Noted = notes.Add });
        Assert.Equal(image.Pixels.ToArray(), read.Pixels.ToArray());
        Assert.Equal("scan.png: The checksum of the pixels in the PNG file is missing or wrong; all of the image is there.", Assert.Single(notes));

        // Interlaced, sixteen shades in seven passes: 15 x 10 pixels take 4 bits each.
        var interlaced = new byte[(2 * (1 + 1)) + (2 * (1 + 1)) + (1 * (1 + 2)) + (3 * (1 + 2)) + (2 * (1 + 4)) + (5 * (1 + 4)) + (5 * (1 + 8))];
        Assert.Equal(15, ImageDecoder.Decode(Png(Zlib(interlaced), 15, 10, 4, 0, 1), "a").Width);
        Assert.Equal(15, ImageDecoder.Decode(Png(Zlib(interlaced)[..^4], 15, 10, 4, 0, 1), "a").Width);
    }

    [Fact]
    public void A_PNG_that_lacks_pixels_or_rotted_is_refused()
    {
        var image = ImageFiles.Noise(30, 20, 8);
        byte[] rows = [.. Enumerable.Range(0, 20).SelectMany(y => (byte[])[0, .. image.Row(y)])];
        Assert.Throws<ImageException>(() => ImageDecoder.Decode(Png(Zlib(rows[..^1])[..^4], 30, 20), "a"));
        var rotten = Png(Zlib(rows)[..^4], 30, 20);
        rotten[rotten.Length / 2] ^= 4;
        Assert.Throws<ImageException>(() => ImageDecoder.Decode(rotten, "a"));
    }

    [Fact]
    public void A_WebP_file_of_one_colour_needs_no_thirty_bytes()
    {
        // Size, no alpha, version; no transform, no colour cache, one code table; then green 1, red 0, blue 1, alpha 1 and distance 0 by tables of one short code.
        var bits = "";
        void Put(int value, int count) => bits += new string([.. Enumerable.Range(0, count).Select(i => (value >> i & 1) == 1 ? '1' : '0')]);
        Put(6, 14);
        Put(4, 14);
        Put(0, 1 + 3 + 1 + 1 + 1);
        foreach (var symbol in (int[])[1, 0, 1, 1, 0])
            Put(1 | symbol << 3, 4);
        bits = bits.PadRight((bits.Length + 7) / 8 * 8, '0');
        var data = new byte[1 + (bits.Length / 8)];
        data[0] = 0x2F;
        for (var i = 0; i < bits.Length; i++)
            data[1 + (i / 8)] |= (byte)((bits[i] - '0') << (i % 8));
        byte[] file = [.. "RIFF"u8, (byte)(12 + data.Length), 0, 0, 0, .. "WEBPVP8L"u8, (byte)data.Length, 0, 0, 0, .. data];
        if (data.Length % 2 == 1)
            file = [.. file, 0];
        Assert.InRange(file.Length, 25, 29);
        var image = ImageDecoder.Decode(file, "a", ImageDecodeOptions.Plain);
        Assert.Equal((7, 5), (image.Width, image.Height));
        Assert.Equal(((byte)0, (byte)1, (byte)1), image[3, 2]);
        for (var length = 0; length < file.Length; length++)
            Assert.Throws<ImageException>(() => ImageDecoder.Decode(file.AsSpan(0, length), "cut"));
    }

    [Fact]
    public void A_GIF_without_a_screen_takes_the_size_of_its_first_frame()
    {
        var gif = ImageFiles.AnimatedGif([250, 1, 2, 3, 4, 240]);
        var screened = Decoded(gif);
        gif.AsSpan(6, 4).Clear();
        var image = Decoded(gif);
        Assert.Equal((screened.Width, screened.Height), (image.Width, image.Height));
        Assert.Equal(screened.Pixels.ToArray(), image.Pixels.ToArray());
        // Without a frame there is no size either; a huge one is refused from its header.
        Assert.Contains("no pixels", Assert.Throws<ImageException>(() => ImageDecoder.Decode([.. "GIF89a"u8, 0, 0, 0, 0, 0, 0, 0, 0x3B], "a")).Message, StringComparison.Ordinal);
        BinaryPrimitives.WriteInt32LittleEndian(gif.AsSpan(gif.AsSpan().IndexOf((byte)0x2C) + 5), -1);
        Assert.Contains("65535×65535", Assert.Throws<ImageException>(() => ImageDecoder.Decode(gif, "a")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 255)]
    [InlineData(255, 255)]
    [InlineData(51, 51)]
    public void A_bitmap_whose_alpha_is_all_zero_is_opaque(byte stored, byte expected)
    {
        byte[] file = [.. "BM"u8, 154, 0, 0, 0, 0, 0, 0, 0, 122, 0, 0, 0, 108, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 1, 0, 32, 0, 3, 0, 0, 0, .. new byte[20],
            0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, .. new byte[52], .. Enumerable.Repeat<byte[]>([10, 20, 30, stored], 8).SelectMany(static b => b)];
        var white = 255 - expected;
        Assert.Equal(((byte)(((30 * expected) + (255 * white) + 127) / 255), (byte)(((20 * expected) + (255 * white) + 127) / 255), (byte)(((10 * expected) + (255 * white) + 127) / 255)), Decoded(file)[3, 1]);
        Assert.Equal(((byte)30, (byte)20, (byte)10), ImageDecoder.Decode(file, "a", ImageDecodeOptions.Plain)[0, 0]);
        Assert.Equal(expected, ImageDecoder.DecodeAlpha(file, "a", ImageDecodeOptions.Photo)[2, 0].Red);
    }

    [Theory]
    [InlineData("prog-motion-photo.jpg", 128, 96, 0)]
    [InlineData("img/noeoi-baseline.jpg", 128, 96, 1)]
    [InlineData("img/noeoi-progressive.jpg", 128, 96, 1)]
    [InlineData("img/progressive-with-trailer.jpg", 128, 96, 0)]
    [InlineData("img/screen-0x0.gif", 16, 12, 0)]
    public void Images_that_others_show_are_decoded(string name, int width, int height, int noted)
    {
        var notes = new List<string>();
        var image = ImageDecoder.Decode(TestFiles.Shared($"faults/{name}"), new() { Noted = notes.Add });
        Assert.Equal((width, height), (image.Width, image.Height));
        Assert.Equal(noted, notes.Count);
    }

    private static Image Decoded(byte[] file) => ImageDecoder.Decode(file, "a", new() { Noted = static note => Assert.Fail(note) });

    private static byte[] Zlib(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(bytes);
        return packed.ToArray();
    }

    private static byte[] Png(byte[] packed, byte width, byte height, byte depth = 8, byte colour = 2, byte interlace = 0) =>
    [
        0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, .. ImageFiles.Chunk("IHDR", [0, 0, 0, width, 0, 0, 0, height, depth, colour, 0, 0, interlace]),
        .. ImageFiles.Chunk("IDAT", packed[..(packed.Length / 2)]), .. ImageFiles.Chunk("IDAT", packed[(packed.Length / 2)..]),
        .. ImageFiles.Chunk("tEXt", [.. "a\0b"u8]), .. ImageFiles.Chunk("IEND", []),
    ];
}
