using Hita.Imaging;
using Hita.Models;
using Hita.Tests.Editing;
using Hita.Tests.Support;
using Hita.Tokenization.Model;

namespace Hita.Tests.Cli;

/// <summary>The one rule for results that exist already, and what commands say unasked.</summary>
public sealed class OverwriteTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("out/003-s0-0000.png", "generate", "-m", "tiny", "--class", "3,4", "-o", "OUT/out")]
    [InlineData("rec/photo-reconstruction.png", "reconstruct", "PHOTO", "-m", "tiny", "-o", "OUT/rec")]
    [InlineData("codes.hita", "encode", "PHOTO", "-m", "tiny", "-o", "OUT/codes.hita")]
    [InlineData("s.png", "style", "PHOTO", "PHOTO", "-m", "tiny", "-o", "OUT/s.png")]
    [InlineData("i.png", "inpaint", "PHOTO", "--lower-half", "-m", "tiny", "-o", "OUT/i.png")]
    [InlineData("k-01.png", "inpaint", "PHOTO", "--lower-half", "--keep-candidates", "-m", "tiny", "-o", "OUT/k.png")]
    [InlineData("o.png", "outpaint", "PHOTO", "--left", "9", "-m", "tiny", "-o", "OUT/o.png")]
    [InlineData("c.png", "edit-class", "PHOTO", "--box", "9,9,30,30", "--class", "3", "-m", "tiny", "-o", "OUT/c.png")]
    [InlineData("v/photo-holistic-s0-0001.png", "vary", "PHOTO", "--count", "2", "-m", "tiny", "-o", "OUT/v")]
    [InlineData("m-strip.png", "morph", "PHOTO", "PHOTO", "--frames", "2", "-m", "tiny", "-o", "OUT/m.webp")]
    [InlineData("x/index.html", "explore", "PHOTO", "--codes", "0", "-m", "tiny", "-o", "OUT/x")]
    [InlineData("x/code-000-change.png", "explore", "PHOTO", "--codes", "0", "-m", "tiny", "-o", "OUT/x")]
    [InlineData("x/code-015-dropped.png", "explore", "PHOTO", "--codes", "15", "-m", "tiny", "-o", "OUT/x")]
    [InlineData("e/report.json", "evaluate", "reconstruction", "materials:7:0..4", "-m", "tiny", "--weights", "by-name", "-o", "OUT/e")]
    [InlineData("p/index.html", "probe", "materials:7:0..100", "-m", "tiny", "-o", "OUT/p")]
    [InlineData("sheet.png", "data", "show", "materials", "--count", "1", "--size", "16", "-o", "OUT/sheet.png")]
    [InlineData("tiny/tokenizer/config.json", "init", "--preset", "tiny", "-o", "OUT/tiny")]
    public void A_result_that_is_there_stops_the_command_before_it_starts(string result, params string[] words)
    {
        string[] arguments = [.. words.Select(w => w == "PHOTO" ? Photo() : w.StartsWith("OUT/", StringComparison.Ordinal) ? _folder[w[4..]] : w)];
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[result])!);
        File.WriteAllText(_folder[result], "mine");
        var (code, output, error) = CommandLine.Run(arguments);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Equal($"hita: {_folder[result]} exists already; add --overwrite to replace it, or name another place with -o.{Environment.NewLine}", error);
        Assert.Equal("mine", File.ReadAllText(_folder[result]));
        if (result.EndsWith("config.json", StringComparison.Ordinal))
            File.WriteAllText(_folder[result], """{"model_type":"hita-tokenizer"}""");
        (code, _, error) = CommandLine.Run([.. arguments, "--overwrite"]);
        Assert.True(code == 0, error);
        Assert.NotEqual("mine", File.ReadAllText(_folder[result]));
    }

    [Fact]
    public void The_weights_of_a_metric_are_not_replaced_unasked()
    {
        var file = ResNet18Weights.Find();
        Assert.SkipWhen(file is null, ResNet18Weights.Absence);
        foreach (var place in (string[])["own.safetensors", "folder"])
        {
            var written = place == "folder" ? _folder[$"folder/{ResNet18Weights.ImportedName}"] : _folder[place];
            Directory.CreateDirectory(Path.GetDirectoryName(written)!);
            File.WriteAllText(written, "mine");
            var (code, _, error) = CommandLine.Run("import", file, "-o", _folder[place]);
            Assert.Equal((1, $"hita: {written} exists already; add --overwrite to replace it, or name another place with -o.{Environment.NewLine}"), (code, error));
            Assert.Equal("mine", File.ReadAllText(written));
        }
        Assert.Equal(0, CommandLine.Run("import", file, "-o", _folder["folder"], "--overwrite").Code);
        Assert.True(new FileInfo(_folder[$"folder/{ResNet18Weights.ImportedName}"]).Length > 1 << 20);
    }

    [Fact]
    public void An_exploration_does_not_replace_the_images_it_is_made_of()
    {
        foreach (var name in (string[])["image.png", "all-changes.png", "code-000-dropped.png"])
        {
            var own = _folder[$"own/{name}"];
            Directory.CreateDirectory(_folder["own"]);
            File.Copy(Photo(), own, overwrite: true);
            var before = File.ReadAllBytes(own);
            var (code, _, error) = CommandLine.Run("explore", own, "--codes", "0", "-m", "tiny", "-o", _folder["own"], "--overwrite");
            Assert.Equal((1, $"hita: {own} is an image that the edit is made of; give the result another name.{Environment.NewLine}"), (code, error));
            Assert.Equal(before, File.ReadAllBytes(own));
            File.Delete(own);
        }
        // Which codes there are, the model says.
        File.WriteAllText(_folder["own/code-015-attention.png"], "mine");
        Assert.Contains("code-015-attention.png exists already", CommandLine.Run("explore", Photo(), "-m", "tiny", "-o", _folder["own"]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stopped_evaluation_goes_on_where_a_report_lies_already()
    {
        Directory.CreateDirectory(_folder["e"]);
        File.WriteAllText(_folder["e/report.json"], "mine");
        File.WriteAllText(_folder["e/state.safetensors"], "unfinished");
        var (code, _, error) = CommandLine.Run("evaluate", "reconstruction", "materials:7:0..4", "-m", "tiny", "--weights", _folder.Path, "--restart", "-o", _folder["e"]);
        Assert.True(code == 0, error);
        Assert.NotEqual("mine", File.ReadAllText(_folder["e/report.json"]));
    }

    [Fact]
    public void A_sheet_has_as_many_columns_as_asked_for()
    {
        foreach (var (columns, width, height) in ((string, int, int)[])[("3", 3, 1), ("1", 1, 3), ("9", 3, 1)])
        {
            var (code, _, error) = CommandLine.Run("generate", "-m", "tiny", "--class", "3", "--count", "3", "--columns", columns, "-o", _folder["out"], "--overwrite");
            Assert.True(code == 0, error);
            var (one, sheet) = (ImageDecoder.Decode(Directory.GetFiles(_folder["out"], "*-s0-0000.png").Single()), ImageDecoder.Decode(_folder["out/grid.png"]));
            Assert.Equal(((one.Width * width) + (2 * (width - 1)), (one.Height * height) + (2 * (height - 1))), (sheet.Width, sheet.Height));
        }
        Assert.Equal(2, CommandLine.Run("generate", "-m", "tiny", "--class", "3", "--columns", "0", "-o", _folder["out"]).Code);
    }

    [Fact]
    public void A_sheet_gets_a_number_and_is_mentioned()
    {
        foreach (var (seed, sheet) in ((string, string)[])[("1", "grid.png"), ("2", "grid-2.png"), ("3", "grid-3.png")])
        {
            var (_, _, error) = CommandLine.Run("generate", "-m", "tiny", "--class", "3,4", "--seed", seed, "-o", _folder["out"]);
            Assert.Contains($"{_folder[$"out/{sheet}"]}: all on one sheet", error, StringComparison.Ordinal);
            Assert.True(File.Exists(_folder[$"out/{sheet}"]));
        }
        var (code, _, said) = CommandLine.Run("vary", Photo(), "--count", "2", "-m", "tiny", "-o", _folder["vary"]);
        Assert.Equal(0, code);
        Assert.Contains("photo-holistic-grid.png: the image and its variations", said, StringComparison.Ordinal);
    }

    [Fact]
    public void The_bundled_model_is_not_apologised_for_with_its_own_images()
    {
        // The default's encoder looks through it.
        ResNet18File.Path();
        var (code, _, error) = CommandLine.Run("generate", "--class", "3", "-o", _folder["out"]);
        Assert.True(code == 0, error);
        var own = Directory.GetFiles(_folder["out"]).Single();
        (code, _, error) = CommandLine.Run("reconstruct", own, "-o", _folder["rec"]);
        Assert.Equal((0, ""), (code, error));
        (code, _, error) = CommandLine.Run("style", own, own, "-o", _folder["styled.png"]);
        Assert.Equal((0, ""), (code, error));
        (code, _, error) = CommandLine.Run("style", _folder["styled.png"], Photo(), "-o", _folder["again.png"]);
        Assert.Equal(0, code);
        Assert.Contains("small bundled model", error, StringComparison.Ordinal);
        Assert.NotNull(ImageOrigin.TokenizerOf(own));
        Assert.Equal(ImageOrigin.TokenizerOf(own), ImageOrigin.TokenizerOf(_folder["styled.png"]));
        Assert.Null(ImageOrigin.TokenizerOf(Photo()));
    }

    [Fact]
    public void An_edit_that_is_coarser_than_its_image_is_told_of()
    {
        ImageWriter.Write(EditingModels.Photo(300, 300, 1), _folder["large.png"]);
        var (code, _, error) = CommandLine.Run("inpaint", _folder["large.png"], "--lower-half", "-m", "tiny", "-o", _folder["a.png"]);
        Assert.Equal(0, code);
        Assert.Contains("the model works at 64 pixels a side and a part of 300 was changed, so that what is new is 4.7 times coarser", error, StringComparison.Ordinal);
        (_, _, error) = CommandLine.Run("inpaint", _folder["large.png"], "--box", "100,100,20,20", "-m", "tiny", "-o", _folder["b.png"]);
        Assert.DoesNotContain("coarser", error, StringComparison.Ordinal);
    }

    private string Photo()
    {
        var path = _folder["photo.png"];
        if (!File.Exists(path))
            ImageWriter.Write(EditingModels.Photo(64, 64, 1), path);
        return path;
    }
}
