using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Imaging;

/// <summary>What people hand over as a mask: each kind is recognised and told, the rest is refused with the cure.</summary>
public sealed class MaskReadingTests : IDisposable
{
    private const int Width = 40;
    private const int Height = 30;
    private static readonly PixelBox Part = new(5, 6, 10, 8);
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void White_on_black_marks_the_white()
    {
        var mask = ImageMask.Box(Width, Height, Part);
        foreach (var format in (ImageFormat[])[ImageFormat.Png, ImageFormat.Jpeg, ImageFormat.Webp])
        {
            File.WriteAllBytes(_folder["mask"], ImageFiles.Encode(mask.ToImage(), format, new() { Quality = 95 }));
            Check(MaskReading.Read(_folder["mask"]), MaskKind.WhiteOnBlack, mask);
        }
        var reading = Read((x, y) => Inside(x, y) ? (255, 255, 255, 255) : (0, 0, 0, 255));
        Assert.Equal("taken as white on black, and the white is marked: 6.7 % of the image", reading.Describe());
        Check(Read((x, y) => Inside(x, y) ? (230, 10, 20, 255) : (3, 0, 9, 255)), MaskKind.WhiteOnBlack, mask);

        var inverted = Read((x, y) => Inside(x, y) ? (0, 0, 0, 255) : (255, 255, 255, 255));
        Assert.True(inverted.MayBeInverted);
        Assert.EndsWith("93.3 % of the image; if its black part was meant, invert it", inverted.Describe(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(255)]
    [InlineData(0)]
    [InlineData(90)]
    public void Strokes_on_a_transparent_layer_mark_the_strokes(byte grey)
    {
        var reading = Read((x, y) => Inside(x, y) ? (grey, grey, grey, 255) : (0, 0, 0, 0));
        Check(reading, MaskKind.Strokes, ImageMask.Box(Width, Height, Part));
        Assert.Equal("taken as strokes on a transparent layer, and the strokes are marked: 6.7 % of the image", reading.Describe());

        // Strokes that touch a corner, soft at their edges, and white beneath the transparent part as some programs leave it.
        var corner = ImageMask.Box(Width, Height, new PixelBox(0, 0, 8, 8));
        Check(Read((x, y) => corner[x, y] ? (grey, grey, grey, 255) : (255, 255, 255, x == 8 ? 60 : 0)), MaskKind.Strokes, corner);
    }

    [Fact]
    public void A_hole_in_an_opaque_image_is_what_is_marked()
    {
        var noise = ImageFiles.Noise(Width, Height, 3);
        var hole = ImageMask.Box(Width, Height, Part);
        var reading = Read((x, y) => (noise[x, y].Red, noise[x, y].Green, noise[x, y].Blue, Inside(x, y) ? 0 : 255));
        Check(reading, MaskKind.Hole, hole);
        Assert.Equal("taken as an image with a transparent hole, and the hole is marked: 6.7 % of the image", reading.Describe());
        // A plain sheet with a hole, of any colour; a hole larger than what is left of a photo.
        foreach (var grey in (byte[])[0, 128, 255])
            Check(Read((x, y) => (grey, grey, grey, Inside(x, y) ? 0 : 255)), MaskKind.Hole, hole);
        Check(
            Read((x, y) => (noise[x, y].Red, noise[x, y].Green, noise[x, y].Blue, x >= 10 ? 0 : 255)), MaskKind.Hole,
            ImageMask.Box(Width, Height, new PixelBox(10, 0, 30, 30)));
    }

    [Fact]
    public void What_could_mean_two_things_or_nothing_is_refused_with_the_cure()
    {
        var noise = ImageFiles.Noise(Width, Height, 3);
        Refused("like a photograph", (x, y) => (noise[x, y].Red, noise[x, y].Green, noise[x, y].Blue, 255));
        Refused("like a photograph", (x, y) => Inside(x, y) ? (250, 30, 30, 255) : (40, 160, 60, 255));
        Refused("All of this image is transparent", (_, _) => (255, 255, 255, 0));
        Refused("All of this mask is black", (_, _) => (0, 0, 0, 255));
        // Half a sheet, half nothing.
        Refused("not clear whether", (x, _) => (255, 255, 255, x < 20 ? 255 : 0));
        // A photo cut out of its background, a finished mask on an empty layer.
        Refused("not clear whether", (x, y) => (noise[x, y].Red, noise[x, y].Green, noise[x, y].Blue, Inside(x, y) ? 255 : 0));
        Refused("not clear whether", (x, y) => (x + y) % 2 == 0 ? (255, 255, 255, 255) : (0, 0, 0, y < 5 ? 0 : 255));

        void Refused(string reason, Func<int, int, (int, int, int, int)> pixel)
        {
            var message = Assert.Throws<ImageException>(() => Read(pixel)).Message;
            Assert.StartsWith(_folder["mask.png"], message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
            Assert.Contains("white", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_mask_is_turned_upright_as_its_photo_is()
    {
        byte[] rows = [.. Enumerable.Range(0, 4).SelectMany(y => (byte[])[0, .. Enumerable.Range(0, 6).SelectMany(x => (byte[])[255, 255, 255, x < 2 && y < 1 ? (byte)255 : (byte)0])])];
        File.WriteAllBytes(_folder["mask.png"], ImageFiles.Png(6, 4, 8, 6, rows, ("eXIf", ImageFiles.Exif(6, true))));
        var turned = MaskReading.Read(_folder["mask.png"]).Mask;
        Assert.Equal((4, 6), (turned.Width, turned.Height));
        Assert.Equal(new PixelBox(3, 0, 1, 2), turned.Bounds);
    }

    [Fact]
    public void A_photo_with_an_erased_hole_marks_the_hole_and_the_photo_itself_is_refused()
    {
        var hole = MaskReading.Read(TestFiles.Shared("faults/mask/photo-with-hole.png"));
        Assert.Equal(MaskKind.Hole, hole.Kind);
        Assert.InRange(hole.Share, 0.01, 0.5);
        Assert.Throws<ImageException>(() => MaskReading.Read(TestFiles.Shared("faults/mask/photo.png")));
    }

    public void Dispose() => _folder.Dispose();

    private static bool Inside(int x, int y) => x >= Part.X && x < Part.Right && y >= Part.Y && y < Part.Bottom;

    private static void Check(MaskReading reading, MaskKind kind, ImageMask mask)
    {
        Assert.Equal(kind, reading.Kind);
        Assert.Equal(mask.Marks.ToArray(), reading.Mask.Marks.ToArray());
        Assert.Equal((double)mask.Count / (Width * Height), reading.Share, 12);
    }

    private MaskReading Read(Func<int, int, (int Red, int Green, int Blue, int Alpha)> pixel)
    {
        var rows = new List<byte>();
        for (var y = 0; y < Height; y++)
        {
            rows.Add(0);
            for (var x = 0; x < Width; x++)
            {
                var (red, green, blue, alpha) = pixel(x, y);
                rows.AddRange([(byte)red, (byte)green, (byte)blue, (byte)alpha]);
            }
        }
        File.WriteAllBytes(_folder["mask.png"], ImageFiles.Png(Width, Height, 8, 6, [.. rows]));
        return MaskReading.Read(_folder["mask.png"]);
    }
}
