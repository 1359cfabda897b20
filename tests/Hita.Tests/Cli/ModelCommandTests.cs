using System.Text.Json;
using Hita.Imaging;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

/// <summary>The commands from a checkpoint to images, as a user runs them.</summary>
public sealed class ModelCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_published_generator_is_imported_inspected_and_verified()
    {
        var imported = Ok("import", TestFiles.Vector("gpt.pt"), "-o", _folder["pipeline/generator"], "--json");
        using var report = JsonDocument.Parse(imported);
        Assert.Equal("tiny", report.RootElement.GetProperty("preset").GetString());
        Assert.Equal(20, report.RootElement.GetProperty("tensor_count").GetInt32());

        var inspected = Ok("inspect", _folder["pipeline"]);
        Assert.Contains("generator", inspected, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^slot_pos\.weight +float32 +\[16, 64\]", inspected);

        var verified = Ok("verify", TestFiles.Vector("gpt.safetensors"), "-m", _folder["pipeline"]);
        Assert.Contains("All 11 stages agree.", verified, StringComparison.Ordinal);
        // The other section holds other weights, so the choice shows.
        Ok("import", TestFiles.Vector("gpt.pt"), "-o", _folder["other"], "--weights", "model");
        var (code, output, _) = CommandLine.Run("verify", TestFiles.Vector("gpt.safetensors"), "-m", _folder["other"]);
        Assert.Equal(1, code);
        Assert.Contains("DIFFERS", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_a_wrapper_changed_are_imported_and_inspected_with_a_note()
    {
        using (var plain = Hita.Models.WeightFile.Open(TestFiles.Vector("gpt.pt")))
        using (var writer = new Hita.Checkpoints.SafetensorsWriter(_folder["wrapped.safetensors"], plain.Tensors.Values.Select(static t => t with { Name = $"module._orig_mod.{t.Name}" })))
        {
            foreach (var entry in plain.Tensors.Values)
            {
                var bytes = new byte[entry.ByteLength];
                plain.Read(entry.Name, bytes);
                writer.Write($"module._orig_mod.{entry.Name}", bytes);
            }
            writer.Complete();
        }
        using var expected = JsonDocument.Parse(Ok("import", TestFiles.Vector("gpt.pt"), "-o", _folder["plain"], "--json"));
        using var report = JsonDocument.Parse(Ok("import", _folder["wrapped.safetensors"], "-o", _folder["unwrapped"], "--json"));
        Assert.Equal(expected.RootElement.GetProperty("model_hash").GetString(), report.RootElement.GetProperty("model_hash").GetString());
        Assert.StartsWith("'module.' and '_orig_mod.' were removed", report.RootElement.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
        Assert.Contains("'module.' and '_orig_mod.' were removed", Ok("inspect", _folder["wrapped.safetensors"], "--brief"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_published_tokenizer_is_imported_with_its_semantic_encoder_and_verified()
    {
        var checkpoint = TestFiles.Shared("parity/tiny/tokenizer-vanilla.pt");
        var decoding = Ok("import", checkpoint, "-o", _folder["decoder"]);
        Assert.Contains("--semantic-encoder", decoding, StringComparison.Ordinal);
        var (_, _, error) = CommandLine.Run("reconstruct", Photo(64, 64), "-m", _folder["decoder"], "-o", _folder["out"]);
        Assert.Contains("--semantic-encoder", error, StringComparison.Ordinal);

        Ok("import", checkpoint, "--semantic-encoder", TestFiles.Vector("tokenizer-vanilla.dinov2.pth"), "-o", _folder["whole"]);
        Assert.Contains("All 26 stages agree.", Ok("verify", TestFiles.Vector("tokenizer-vanilla.safetensors"), "-m", _folder["whole"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Recorded_training_steps_are_repeated()
    {
        var output = Ok("verify", TestFiles.Vector("gpt-train.safetensors"), "--preset", "tiny", "--weights-by-name", "--json");
        using var report = JsonDocument.Parse(output);
        Assert.True(report.RootElement.GetProperty("passed").GetBoolean());
        Assert.Equal(0, report.RootElement.GetProperty("start").GetInt32());
        Assert.Equal(JsonValueKind.Null, report.RootElement.GetProperty("recorded_start_stages").ValueKind);
        Assert.Equal(14, report.RootElement.GetProperty("stages").GetArrayLength());
    }

    [Theory]
    [InlineData("--preset", "hita-b", "--preset tiny fits")]
    [InlineData("--preset", "nothing", "There is no generator preset 'nothing'")]
    [InlineData("--semantic-encoder", "x.pth", "uses no semantic encoder")]
    public void An_import_that_does_not_fit_says_what_would(string option, string value, string reason)
    {
        var (code, _, error) = CommandLine.Run("import", TestFiles.Vector("gpt.pt"), "-o", _folder["out"], option, value);
        Assert.Equal(1, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact]
    public void A_semantic_encoder_by_itself_is_told_where_it_belongs()
    {
        var (code, _, error) = CommandLine.Run("import", TestFiles.Vector("tokenizer-vanilla.dinov2.pth"), "-o", _folder["out"]);
        Assert.Equal(1, code);
        Assert.Contains("--semantic-encoder", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Initialised_models_decode_and_reconstruct()
    {
        Ok("init", "--preset", "tiny", "-o", _folder["tiny"], "--weights-by-name");
        var decoded = Ok("generate", "-m", _folder["tiny"], "--class", "3,4", "--count", "2", "--seed", "5", "--cfg-scale", "2", "-o", _folder["out"], "--json");
        using (var json = JsonDocument.Parse(decoded))
            Assert.Equal(4, json.RootElement.GetArrayLength());
        Assert.True(File.Exists(_folder["out/grid.png"]));
        var first = _folder["out/003-s5-0000.png"];
        Assert.Equal(64, ImageDecoder.Decode(first).Width);
        Assert.Contains("\"seed\":5", PngText.Read(first)["hita"], StringComparison.Ordinal);

        // The same settings give the same bytes, in a batch of another size too.
        Ok("generate", "-m", _folder["tiny"], "--class", "3,4", "--count", "2", "--seed", "5", "--cfg-scale", "2", "-o", _folder["again"], "--batch-size", "3");
        // The text beside the pixels names the threads, which tests that run at the same time may change.
        Assert.Equal(ImageDecoder.Decode(first).Pixels, ImageDecoder.Decode(_folder["again/003-s5-0000.png"]).Pixels);
        Assert.Equal(File.ReadAllBytes(_folder["out/grid.png"]), File.ReadAllBytes(_folder["again/grid.png"]));

        var table = Ok("reconstruct", Photo(100, 70), "-m", _folder["tiny"], "-o", _folder["rec"], "--size", "96x64");
        Assert.Matches(@"photo-100\.png +96×64 +\d+\.\d\d", table);
        Assert.Equal((194, 64), Size(_folder["rec/photo-100-reconstruction.png"]));
    }

    [Theory]
    [InlineData("crop", 64, 64)]
    [InlineData("pad", 64, 64)]
    [InlineData("shape", 96, 48)]
    public void A_photo_of_any_shape_is_fitted(string fit, int width, int height)
    {
        Ok("reconstruct", Photo(200, 100), "-m", "tiny", "-o", _folder["rec"], "--fit", fit);
        Assert.Equal(((2 * width) + 2, height), Size(_folder["rec/photo-200-reconstruction.png"]));
    }

    [Fact]
    public void Images_become_codes_and_codes_become_the_reconstruction()
    {
        Ok("init", "--preset", "tiny", "-o", _folder["tiny"], "--weights-by-name");
        var photo = Photo(64, 64);
        foreach (var name in (ReadOnlySpan<string>)["codes.hita", "codes.safetensors"])
        {
            Ok("encode", photo, "-m", _folder["tiny"], "-o", _folder[name]);
            Ok("decode", _folder[name], "-m", _folder["tiny"], "-o", _folder["decoded"], "--overwrite");
            Ok("reconstruct", photo, "-m", _folder["tiny"], "-o", _folder["rec"], "--overwrite");
            var sheet = ImageDecoder.Decode(_folder["rec/photo-64-reconstruction.png"]);
            Assert.Equal(
                sheet.Crop(66, 0, 64, 64).Pixels.ToArray(), ImageDecoder.Decode(_folder["decoded/photo-64-decoded.png"]).Pixels.ToArray());
        }
        Assert.InRange(new FileInfo(_folder["codes.hita"]).Length, 60, 200);

        var (code, _, error) = CommandLine.Run("decode", _folder["codes.hita"], "-m", "tiny-ultra", "-o", _folder["x"]);
        Assert.Equal(1, code);
        Assert.Contains("--any-model", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_preset_decodes_what_it_has_encoded()
    {
        Ok("encode", Photo(64, 64), "-m", "tiny", "-o", _folder["codes.hita"]);
        Ok("decode", _folder["codes.hita"], "-m", "tiny", "-o", _folder["out"], "--precision", "bf16");
    }

    [Fact]
    public void A_result_never_takes_a_image_s_place()
    {
        var photo = Photo(64, 64);
        var before = File.ReadAllBytes(photo);
        Ok("reconstruct", photo, "-m", "tiny", "-o", Path.GetDirectoryName(photo)!);
        Assert.Equal(before, File.ReadAllBytes(photo));
    }

    [Theory]
    [InlineData("float32", "torch")]
    [InlineData("bf16", "cpu")]
    [InlineData("bf16", "torch")]
    [InlineData("int8", "auto")]
    public void Every_engine_and_precision_decodes(string precision, string engine) =>
        Ok("generate", "-m", "tiny", "--class", "3", "--precision", precision, "--engine", engine, "-o", _folder["out"]);

    [Fact]
    public void The_engines_sample_the_same_image()
    {
        Ok("generate", "-m", "tiny", "--class", "3", "--cfg-scale", "2", "--engine", "cpu", "-o", _folder["cpu"]);
        Ok("generate", "-m", "tiny", "--class", "3", "--cfg-scale", "2", "--engine", "torch", "-o", _folder["torch"]);
        // The files differ in what they say about the engine, and in nothing else.
        var (cpu, torch) = (_folder["cpu/003-s0-0000.png"], _folder["torch/003-s0-0000.png"]);
        Assert.Equal(ImageDecoder.Decode(cpu).Pixels.ToArray(), ImageDecoder.Decode(torch).Pixels.ToArray());
        Assert.Equal(PngText.Read(torch)["hita"], PngText.Read(cpu)["hita"].Replace("\"engine\":\"cpu\"", "\"engine\":\"torch\"", StringComparison.Ordinal));
    }

    [Fact]
    public void One_bad_image_among_many_is_named_and_the_others_go_through()
    {
        Photo(64, 64);
        File.WriteAllText(_folder["photos/broken.jpg"], "not an image");
        var (code, output, error) = CommandLine.Run("reconstruct", _folder["photos"], "-m", "tiny", "-o", _folder["out"]);
        Assert.Equal(1, code);
        Assert.Contains("broken.jpg", error, StringComparison.Ordinal);
        Assert.Contains("photo-64.png", output, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["out/photo-64-reconstruction.png"]));
    }

    [Theory]
    [InlineData(1, "There is no class 10", "generate", "-m", "tiny", "--class", "10", "-o", "OUT")]
    [InlineData(1, "name the generator with --generator, or a pipeline with -m", "generate", "--tokenizer", "tiny", "--class", "1", "-o", "OUT")]
    [InlineData(1, "temperature", "generate", "-m", "tiny", "--class", "1", "--temperature", "-1", "-o", "OUT")]
    [InlineData(1, "there is no such folder", "generate", "-m", "nowhere", "--class", "1", "-o", "OUT")]
    [InlineData(2, "--count", "generate", "-m", "tiny", "--class", "1", "--count", "0", "-o", "OUT")]
    [InlineData(2, "--precision", "generate", "-m", "tiny", "--class", "1", "--precision", "int3", "-o", "OUT")]
    [InlineData(1, "a tokenizer is needed", "reconstruct", "photo.png", "-m", "hita-b", "-o", "OUT")]
    [InlineData(1, "There is no preset 'huge'", "init", "--preset", "huge", "-o", "OUT")]
    [InlineData(1, "add --weights-by-name", "verify", "x.safetensors", "--preset", "tiny")]
    [InlineData(2, "--starts is '-1'; it must be a whole number of 0 or more", "verify", "x.safetensors", "--preset", "tiny", "--weights-by-name", "--starts", "-1")]
    [InlineData(1, "has 1000 classes; choose some", "generate", "-m", "hita-b", "-o", "OUT")]
    public void Impossible_requests_get_one_sentence_and_their_exit_code(int expected, string reason, params string[] arguments)
    {
        var (code, _, error) = CommandLine.Run([.. arguments.Select(a => a == "OUT" ? _folder["out"] : a)]);
        Assert.Equal(expected, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        Assert.StartsWith("hita: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelling_says_so_and_keeps_what_is_finished()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var (code, _, error) = CommandLine.Run(stop.Token, "generate", "-m", "tiny", "--class", "1", "-o", _folder["out"]);
        Assert.Equal(130, code);
        Assert.Contains("cancelled", error, StringComparison.Ordinal);
    }

    private static string Ok(params string[] arguments)
    {
        var (code, output, error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error);
        return output;
    }

    private static (int Width, int Height) Size(string path)
    {
        var image = ImageDecoder.Decode(path);
        return (image.Width, image.Height);
    }

    private string Photo(int width, int height)
    {
        var image = new Image(width, height);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
                image[x, y] = ((byte)(255 * x / width), (byte)(255 * y / height), 90);
        }
        Directory.CreateDirectory(_folder["photos"]);
        var path = _folder[$"photos/photo-{width}.png"];
        ImageWriter.Write(image, path);
        return path;
    }
}
