using System.Text.Json;
using Hita.Imaging;
using Hita.Models;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

/// <summary>Written images are made again from what they carry.</summary>
public sealed class ReplayCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("float32", "cpu", "float32")]
    [InlineData("bf16", "cpu", "float32")]
    [InlineData("int8", "cpu", "bf16")]
    [InlineData("bf16", "torch", "float32")]
    public void Images_of_any_batch_come_out_again_alone(string precision, string engine, string decoding)
    {
        Ok("generate", "-m", "tiny", "--class", "3,7", "--count", "2", "--seed", "9", "--first-image", "5", "--batch-size", "4",
            "--precision", precision, "--engine", engine, "--decoder-precision", decoding, "--cfg-scale", "2.5", "--cfg-interval", "20", "--top-p", "0.95", "--min-p", "0.001",
            "--holistic-temperature", "0.8", "--holistic-min-p", "0.002", "--boundary", "published", "-o", _folder["out"]);
        var files = Directory.GetFiles(_folder["out"], "0*.png").Order().ToArray();
        Assert.Equal(4, files.Length);
        var output = Ok(["replay", .. files, "-m", "tiny"]);
        Assert.Contains("4 of 4 images are identical.", output, StringComparison.Ordinal);
        var settings = ImageSettings.Read(files[0]);
        Assert.Equal((decoding, decoding == "bf16" ? 2 : 1), (settings.DecoderPrecision == Hita.Runtime.Precision.BFloat16 ? "bf16" : "float32", settings.Version));
        Assert.Equal(decoding == "bf16", settings.ToText().Contains("decoder", StringComparison.Ordinal));
    }

    [Fact]
    public void The_models_are_found_by_their_hash()
    {
        // Presets are found as they are; folders where the variable or ./models leads.
        Ok("generate", "-m", "tiny", "--class", "3", "-o", _folder["out"]);
        Assert.Contains("identical", Ok("replay", _folder["out/003-s0-0000.png"]), StringComparison.Ordinal);

        Ok("init", "--preset", "tiny", "-o", _folder["models/other"], "--weights-by-name", "another.");
        var settings = Decode("-m", _folder["models/other"]);
        Assert.Equal(_folder["models/other/generator"], ModelSearch.FindGenerator(settings.Generator, [_folder["models"]]));
        Assert.Equal(_folder["models/other/tokenizer"], ModelSearch.FindTokenizer(settings.Tokenizer, [_folder["nowhere"], _folder["models"]]));
        Assert.Null(ModelSearch.FindGenerator(settings.Generator, []));
    }

    [Fact]
    public void Another_model_is_refused_in_one_sentence()
    {
        Ok("init", "--preset", "tiny", "-o", _folder["other"], "--weights-by-name", "another.");
        var settings = Decode("-m", _folder["other"]);
        var error = Refused("-m", "tiny");
        Assert.Contains($"was made by the generator {settings.Generator}", error, StringComparison.Ordinal);
        error = Refused("--generator", _folder["other"], "--tokenizer", "tiny");
        Assert.Contains($"was made by the tokenizer {settings.Tokenizer}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_image_is_told_from_an_identical_one()
    {
        var settings = Decode("-m", "tiny");
        Write(settings, (1, 2));
        var (code, output, _) = CommandLine.Run("replay", _folder["out/003-s0-0000.png"], "-m", "tiny", "-o", _folder["again"]);
        Assert.Equal(1, code);
        Assert.Contains("the same codes", output, StringComparison.Ordinal);
        Assert.Contains("1 changed pixel, by at most 1 of 255", output, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["again/003-s0-0000-replayed.png"]));

        var path = _folder["out/003-s0-0000.png"];
        var text = new ImageWriteOptions { Text = new Dictionary<string, string> { [ImageSettings.Keyword] = settings.ToText() } };
        var decoded = ImageDecoder.Decode(path);
        var marked = decoded.Copy();
        marked[5, 5] = (marked[5, 5].Red < 128) ? ((byte)255, (byte)255, (byte)255) : ((byte)0, (byte)0, (byte)0);
        ImageWriter.Write(marked, path, text);
        (code, output, _) = CommandLine.Run("replay", path, "-m", "tiny");
        Assert.Equal(1, code);
        Assert.Contains("the file's pixels were changed since", output, StringComparison.Ordinal);
        ImageWriter.Write(decoded.Crop(0, 0, 64, 32), path, text);
        (code, output, _) = CommandLine.Run("replay", path, "-m", "tiny");
        Assert.Equal(1, code);
        Assert.Contains("different: the file has 64×32 pixels where 64×64 are generated", output, StringComparison.Ordinal);
        ImageWriter.Write(decoded, path, text);

        Write(settings with { Seed = 1 }, null);
        (code, output, _) = CommandLine.Run("replay", _folder["out/003-s0-0000.png"], "-m", "tiny", "--json");
        Assert.Equal(1, code);
        using var json = JsonDocument.Parse(output);
        Assert.Equal("different", json.RootElement[0].GetProperty("outcome").GetString());
        Assert.True(json.RootElement[0].GetProperty("changed_pixels").GetInt32() > 100);
    }

    [Fact]
    public void An_image_without_usable_settings_gets_one_sentence()
    {
        var settings = Decode("-m", "tiny");
        Assert.Contains("carries no settings", RefusedWith(null), StringComparison.Ordinal);
        Assert.Contains("version 3", RefusedWith("""{"version":3,"something":"new"}"""), StringComparison.Ordinal);
        Assert.Contains("version 0", RefusedWith("""{"version":0}"""), StringComparison.Ordinal);
        Assert.Contains("damaged", RefusedWith("{\"generator\":"), StringComparison.Ordinal);
        Assert.Contains("damaged", RefusedWith("[1]"), StringComparison.Ordinal);
        Assert.Contains("damaged", RefusedWith("null"), StringComparison.Ordinal);
        var missing = RefusedWith("""{"generator":"a","tokenizer":"b","class":1}""");
        Assert.Contains("it misses 'seed'", missing, StringComparison.Ordinal);
        Assert.DoesNotContain("Hita.Generation", missing, StringComparison.Ordinal);
        Assert.Contains("there is no key 'colour'.", RefusedWith(settings.ToText().Replace("\"class\":3", "\"class\":3,\"colour\":1", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("damaged", RefusedWith(settings.ToText().Replace("\"class\":3", "\"class\":\"three\"", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("temperature", RefusedWith(settings.ToText().Replace("\"temperature\":1", "\"temperature\":-1", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("class 99", RefusedWith(settings.ToText().Replace("\"class\":3", "\"class\":99", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("HITA_MODELS", RefusedWith((settings with { Generator = "0123" }).ToText(), "--json"), StringComparison.Ordinal);

        ImageWriter.Write(new Image(8, 8), _folder["out/foreign.jpg"]);
        var (code, _, error) = CommandLine.Run("replay", _folder["out/foreign.jpg"]);
        Assert.Equal(1, code);
        Assert.Contains("PNG", error, StringComparison.Ordinal);
        (code, _, error) = CommandLine.Run("replay", _folder["nowhere.png"]);
        Assert.Equal(1, code);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public void One_bad_image_among_many_is_named_and_the_others_are_made()
    {
        Ok("generate", "-m", "tiny", "--class", "3", "--count", "2", "-o", _folder["out"]);
        var (code, output, error) = CommandLine.Run(["replay", .. Directory.GetFiles(_folder["out"]), "-m", "tiny"]);
        Assert.Equal(1, code);
        Assert.Contains("grid.png: It carries no settings", error, StringComparison.Ordinal);
        Assert.Contains("2 of 3 images are identical.", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_survive_their_text()
    {
        var settings = Decode("-m", "tiny", "--cfg-scale", "3", "--cfg-schedule", "cosine", "--top-k", "50", "--precision", "bf16");
        Assert.Equal(settings, ImageSettings.Parse(settings.ToText(), "test"));
        Assert.DoesNotContain('\n', settings.ToText());
        Assert.Contains("\"precision\":\"bf16\"", settings.ToText(), StringComparison.Ordinal);
        Assert.Equal(16, settings.Codes!.Length);
    }

    private static string Ok(params string[] arguments)
    {
        var (code, output, error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error + output);
        return output;
    }

    private ImageSettings Decode(params string[] arguments)
    {
        Ok(["generate", "--class", "3", "-o", _folder["out"], "--overwrite", .. arguments]);
        return ImageSettings.Read(_folder["out/003-s0-0000.png"]);
    }

    private string Refused(params string[] arguments)
    {
        var (code, _, error) = CommandLine.Run(["replay", _folder["out/003-s0-0000.png"], .. arguments]);
        Assert.Equal(1, code);
        return error;
    }

    private string RefusedWith(string? text, params string[] arguments)
    {
        var path = _folder["out/003-s0-0000.png"];
        var image = ImageDecoder.Decode(path);
        ImageWriter.Write(image, path, new ImageWriteOptions { Text = text is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [ImageSettings.Keyword] = text } });
        var error = Refused(arguments.Length == 0 ? ["-m", "tiny"] : arguments);
        Assert.Contains("003-s0-0000.png: ", error, StringComparison.Ordinal);
        return error;
    }

    private void Write(ImageSettings settings, (int X, int Y)? changed)
    {
        var path = _folder["out/003-s0-0000.png"];
        var image = ImageDecoder.Decode(path);
        if (changed is var (x, y))
            image[x, y] = ((byte)(image[x, y].Red ^ 1), image[x, y].Green, image[x, y].Blue);
        ImageWriter.Write(image, path, new ImageWriteOptions { Text = new Dictionary<string, string> { [ImageSettings.Keyword] = settings.ToText() } });
    }
}
