using System.Text.Json;
using Hita.Imaging;
using Hita.Tests.Editing;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

/// <summary>The editing commands, as a user runs them.</summary>
public sealed class EditCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_style_is_transferred_and_recorded()
    {
        var (a, b) = (Photo(90, 64, 1), Photo(64, 70, 2));
        Ok("style", a, b, "-m", "tiny", "-o", _folder["out.png"]);
        Ok("style", a, b, "-m", "tiny", "-o", _folder["again.png"]);
        Assert.Equal(File.ReadAllBytes(_folder["out.png"]), File.ReadAllBytes(_folder["again.png"]));
        using (var report = JsonDocument.Parse(Ok("style", a, b, "-m", "tiny", "--strength", "0.5", "--method", "interpolate", "--keep-opening", "--whole-shape", "-o", _folder["half.webp"], "--json")))
            Assert.Equal(90, report.RootElement.GetProperty("width").GetInt32());
        var (code, _, error) = CommandLine.Run("replay", _folder["out.png"], "-m", "tiny");
        Assert.Equal(1, code);
        Assert.Contains("out.png: It is an edited image: its text 'hita-edit' holds the command", error, StringComparison.Ordinal);
        var text = PngText.Read(_folder["out.png"])["hita-edit"];
        Assert.Contains("\"edit\":\"style\"", text, StringComparison.Ordinal);
        Assert.Contains("\"strength\":1", text, StringComparison.Ordinal);
        Assert.Contains("photo-90.png", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_cannot_do_well_with_photos_is_told_of()
    {
        var photo = Photo(64, 64, 1);
        var (_, _, error) = CommandLine.Run("reconstruct", photo, "-m", "materials", "-o", _folder["out"]);
        Assert.DoesNotContain("bundled model", error, StringComparison.Ordinal);
        (_, _, error) = CommandLine.Run("encode", photo, "-m", "tiny", "-o", _folder["codes.hita"]);
        Assert.Contains("'tiny' is an architecture without training", error, StringComparison.Ordinal);
        // The default's encoder looks through it.
        ResNet18File.Path();
        (var code, _, error) = CommandLine.Run("reconstruct", photo, "-o", _folder["out"], "--overwrite");
        Assert.Equal(0, code);
        Assert.Contains("without -m this is the small bundled model, which has only ever seen watercolours of fruits", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_are_decoded_by_box_mask_and_half()
    {
        var photo = Photo(90, 64, 1);
        var image = ImageDecoder.Decode(photo);
        var mask = ImageMask.Box(90, 64, new PixelBox(30, 20, 25, 25));
        ImageWriter.Write(mask.ToImage(), _folder["mask.png"]);
        Ok("inpaint", photo, "--box", "30,20,25,25", "-m", "tiny", "--class", "3", "--cfg-scale", "2", "--seed", "8", "-o", _folder["box.png"]);
        var (code, _, error) = CommandLine.Run("inpaint", photo, "--mask", _folder["mask.png"], "-m", "tiny", "--class", "3", "--cfg-scale", "2", "--seed", "8", "-o", _folder["masked.png"]);
        Assert.True(code == 0, error);
        Assert.Contains($"{_folder["mask.png"]}: taken as white on black, and the white is marked: 10.9 % of the image.", error, StringComparison.Ordinal);
        (code, _, error) = CommandLine.Run("inpaint", photo, "--mask", photo, "-m", "tiny", "-o", _folder["refused.png"]);
        Assert.Equal(1, code);
        Assert.Contains("not like a mask", error, StringComparison.Ordinal);
        EditingModels.AssertSame(ImageDecoder.Decode(_folder["box.png"]), ImageDecoder.Decode(_folder["masked.png"]));
        Assert.Equal(0, EditingModels.Differences(image, ImageDecoder.Decode(_folder["box.png"]), mask, marked: false));
        var text = PngText.Read(_folder["box.png"])["hita-edit"];
        Assert.Contains("\"seed\":8", text, StringComparison.Ordinal);
        Assert.Contains("\"where\":\"30,20,25,25\"", text, StringComparison.Ordinal);

        Ok("edit-class", photo, "--box", "30,20,25,25", "-m", "tiny", "--class", "3", "--cfg-scale", "2", "--seed", "8", "-o", _folder["class.png"]);
        EditingModels.AssertSame(ImageDecoder.Decode(_folder["box.png"]), ImageDecoder.Decode(_folder["class.png"]));

        using var report = JsonDocument.Parse(Ok("inpaint", photo, "--lower-half", "-m", "tiny", "--candidates", "3", "--passes", "2", "--holistic", "generated", "--keep-candidates", "--json", "-o", _folder["half.png"]));
        var windows = report.RootElement.GetProperty("windows");
        Assert.True(windows.GetArrayLength() > 0);
        Assert.Equal(3, report.RootElement.GetProperty("candidates").GetArrayLength());
        Assert.True(File.Exists(_folder["half-03.png"]));
    }

    [Fact]
    public void An_image_is_extended_and_varied()
    {
        var photo = Photo(64, 64, 1);
        Ok("outpaint", photo, "--left", "20", "--bottom", "40", "-m", "tiny", "-o", _folder["wide.png"]);
        var wide = ImageDecoder.Decode(_folder["wide.png"]);
        Assert.Equal((84, 104), (wide.Width, wide.Height));
        EditingModels.AssertSame(ImageDecoder.Decode(photo), wide.Crop(20, 0, 64, 64));

        using var report = JsonDocument.Parse(Ok("vary", photo, "--keep", "patches", "--count", "3", "--seed", "4", "-m", "tiny", "-o", _folder["vary"], "--json"));
        Assert.Equal(3, report.RootElement.GetArrayLength());
        var second = _folder["vary/photo-64-patches-s4-0001.png"];
        Assert.True(File.Exists(_folder["vary/photo-64-patches-grid.png"]));
        Ok("vary", photo, "--keep", "patches", "--count", "1", "--seed", "4", "--first-image", "1", "-m", "tiny", "-o", _folder["replay"]);
        EditingModels.AssertSame(ImageDecoder.Decode(second), ImageDecoder.Decode(_folder["replay/photo-64-patches-s4-0001.png"]));
    }

    [Fact]
    public void Two_images_morph_and_one_is_explored()
    {
        var (a, b) = (Photo(90, 64, 1), Photo(64, 70, 2));
        Ok("morph", a, b, "--frames", "4", "--there-and-back", "-m", "tiny", "-o", _folder["morph.webp"]);
        Assert.Equal((4 * 64) + (3 * 2), ImageDecoder.Decode(_folder["morph-strip.png"]).Width);
        Assert.Equal(6, File.ReadAllBytes(_folder["morph.webp"]).AsSpan().Count("ANMF"u8));

        using var report = JsonDocument.Parse(Ok("explore", a, "--swap-with", b, "--codes", "0-2,15", "-m", "tiny", "-o", _folder["page"], "--json"));
        Assert.Equal(4, report.RootElement.GetProperty("codes").GetArrayLength());
        Assert.True(File.Exists(_folder["page/index.html"]));
    }

    [Theory]
    [InlineData("lies outside the image", "inpaint", "PHOTO", "--box", "100,100,5,5", "-m", "tiny", "-o", "OUT.png")]
    [InlineData("There is no class 77", "edit-class", "PHOTO", "--box", "1,1,9,9", "--class", "77", "-m", "tiny", "-o", "OUT.png")]
    [InlineData("candidates", "inpaint", "PHOTO", "--lower-half", "--candidates", "0", "-m", "tiny", "-o", "OUT.png")]
    [InlineData("no margin is given", "outpaint", "PHOTO", "--left", "0", "-m", "tiny", "-o", "OUT.png")]
    [InlineData("give the result another name", "inpaint", "PHOTO", "--lower-half", "-m", "tiny", "-o", "PHOTO")]
    [InlineData("the strength is 2", "style", "PHOTO", "PHOTO", "--strength", "2", "-m", "tiny", "-o", "OUT.png")]
    [InlineData("must end in .webp", "morph", "PHOTO", "PHOTO", "-m", "tiny", "-o", "OUT.png")]
    [InlineData("frames", "morph", "PHOTO", "PHOTO", "--frames", "1", "-m", "tiny", "-o", "OUT.webp")]
    [InlineData("is not a range of codes", "explore", "PHOTO", "--codes", "5-2", "-m", "tiny", "-o", "OUT")]
    [InlineData("0 to 15", "explore", "PHOTO", "--codes", "16", "-m", "tiny", "-o", "OUT")]
    [InlineData("Images are not written as .txt", "style", "PHOTO", "PHOTO", "-m", "tiny", "-o", "OUT.txt")]
    public void What_cannot_be_done_is_said_in_one_sentence(string reason, params string[] arguments)
    {
        var photo = Photo(64, 64, 1);
        var (code, _, error) = CommandLine.Run([.. arguments.Select(a => a == "PHOTO" ? photo : a.StartsWith("OUT", StringComparison.Ordinal) ? _folder[a] : a)]);
        Assert.Equal(1, code);
        var lines = error.Trim().Split('\n').Where(static l => !l.Contains("without training", StringComparison.Ordinal));
        Assert.Contains(reason, Assert.Single(lines), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["OUT.png"]));
    }

    [Fact]
    public void A_tokenizer_without_holistic_codes_says_so_and_cancelling_leaves_no_file()
    {
        var photo = Photo(64, 64, 1);
        var (code, _, error) = CommandLine.Run("style", photo, photo, "-m", "tiny-llamagen", "-o", _folder["out.png"]);
        Assert.Equal(1, code);
        Assert.Contains("needs holistic codes", error, StringComparison.Ordinal);
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Equal(130, CommandLine.Run(stop.Token, "inpaint", photo, "--lower-half", "-m", "tiny", "-o", _folder["out.png"]).Code);
        Assert.False(File.Exists(_folder["out.png"]));
    }

    private static string Ok(params string[] arguments)
    {
        var (code, output, error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error);
        return output;
    }

    private string Photo(int width, int height, int seed)
    {
        var path = _folder[$"photo-{width}.png"];
        ImageWriter.Write(EditingModels.Photo(width, height, seed), path);
        return path;
    }
}
