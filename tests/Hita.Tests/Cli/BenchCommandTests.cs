using System.Text.Json;
using Hita.Imaging;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

[Collection(Alone.Name)]
public sealed class BenchCommandTests
{
    [Fact]
    public void Steps_are_printed_as_a_table_as_JSON_and_as_a_page()
    {
        using var folder = new TemporaryFolder();
        string[] line = ["bench", "--parts", "steps", "--presets", "tiny", "--batches", "1", "--seconds", "0.01", "--without-framework"];
        var (code, output, error) = CommandLine.Run(line);
        Assert.Equal(0, code);
        Assert.Matches(@"(?m)^tiny, 1 guided image +engine int8 +\d", output);
        Assert.Contains("Steps of tiny, 2 rows", error, StringComparison.Ordinal);

        (code, output, _) = CommandLine.Run([.. line, "--json", "--markdown", folder["bench.md"]]);
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(6, json.RootElement.GetProperty("lines").GetArrayLength());
        Assert.Equal("steps", json.RootElement.GetProperty("lines")[0].GetProperty("part").GetString());
        Assert.Contains("hita bench --parts steps", File.ReadAllText(folder["bench.md"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "--parts", "steps,nothing")]
    [InlineData(2, "--batches", "0")]
    [InlineData(2, "--image-batches", "one")]
    [InlineData(1, "--seconds", "-1")]
    [InlineData(1, "--presets", "huge")]
    public void Impossible_options_get_one_sentence(int expected, string option, string value)
    {
        var (code, _, error) = CommandLine.Run("bench", option, value);
        Assert.Equal(expected, code);
        Assert.Contains(value, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Theory]
    [InlineData("--url", "https://127.0.0.1:7336")]
    [InlineData("--url", "http://127.0.0.1:1")]
    [InlineData("--requests", "0")]
    public void A_load_that_is_impossible_gets_one_sentence(string option, string value)
    {
        var (code, _, error) = CommandLine.Run("bench", "serve-load", option, value);
        Assert.Equal(1, code);
        Assert.Contains(value, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public void Precisions_are_compared_in_figures_and_images()
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = CommandLine.Run("precision", "-m", "tiny", "--class", "1,2", "--count", "2", "--sheet", folder["sheet.png"]);
        Assert.True(code == 0, error);
        Assert.Matches(@"(?m)^int8 +128 +\d\.\de-\d", output);
        var sheet = ImageDecoder.Decode(folder["sheet.png"]);
        Assert.Equal(((4 * 64) + 6, (4 * 64) + 6), (sheet.Width, sheet.Height));
        Assert.Matches(@"(?m)^Decoded in bf16: pixel values differ by [0-9]\.[0-9]+ of 255 on average, by at most [0-9]+", output);

        (code, output, _) = CommandLine.Run("precision", "-m", "tiny", "--class", "1", "--json");
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        Assert.Equal("bf16", json.RootElement.GetProperty("sampling")[0].GetProperty("precision").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("decoding").ValueKind);

        (code, output, _) = CommandLine.Run("precision", "-m", "tiny", "--class", "1", "--encode", folder["sheet.png"]);
        Assert.Equal(0, code);
        Assert.Matches(@"(?m)^Encoded in bf16: of 1 image, [0-9.]+ % of the holistic and [0-9.]+ % of the patch codes differ\.", output);
        Directory.CreateDirectory(folder["set"]);
        File.Copy(folder["sheet.png"], folder["set/one.png"]);
        File.Copy(folder["sheet.png"], folder["set/two.png"]);
        (code, output, _) = CommandLine.Run("precision", "-m", "tiny", "--class", "1", "--json", "--sheet", folder["one.png"], "--encode", folder["set"]);
        Assert.Equal(0, code);
        using var encoded = JsonDocument.Parse(output);
        Assert.Equal("bf16", encoded.RootElement.GetProperty("decoding").GetProperty("precision").GetString());
        Assert.Equal(2, encoded.RootElement.GetProperty("encoding").GetProperty("images").GetInt32());

        (code, _, error) = CommandLine.Run("precision", "-m", "tiny", "--class", "1", "--sheet", folder["sheet.gif"]);
        Assert.Equal(1, code);
        Assert.Contains(".gif", error, StringComparison.Ordinal);
    }
}
