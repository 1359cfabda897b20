using System.Text.Json;
using Hita.Imaging;
using Hita.Tests.Data;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

public sealed class DataCommandTests
{
    [Fact]
    public void Check_says_what_is_in_a_set_and_what_is_wrong_with_it()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 4, "ant", "bee");
        File.Copy(folder["ant/0001.png"], folder["bee/copy.png"]);
        var (code, output, _) = CommandLine.Run("data", "check", folder.Path, "--threads", "1");
        Assert.Equal(0, code);
        Assert.Matches(@"images +9", output);
        Assert.Contains("16 to 19 pixels, half of the images from 17 upwards", output, StringComparison.Ordinal);
        Assert.Contains("2, of 4 (ant) to 5 images (bee): 1.3 to one", output, StringComparison.Ordinal);
        Assert.Contains("1 group of images with the same pixels, 1 of them in different classes", output, StringComparison.Ordinal);
        Assert.Matches("unreadable +none", output);

        File.WriteAllText(folder["ant/0000.png"], "text");
        (code, output, _) = CommandLine.Run("data", "check", folder.Path, "--json");
        Assert.Equal(1, code);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(9, json.RootElement.GetProperty("count").GetInt32());
        Assert.StartsWith(folder["ant/0000.png"], json.RootElement.GetProperty("unreadable")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal("bee", json.RootElement.GetProperty("classes")[1].GetProperty("name").GetString());
    }

    [Fact]
    public void Convert_writes_what_check_reads()
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = CommandLine.Run("data", "convert", "materials:0:0..36", "-o", folder["out"], "--format", "class-folders", "--size", "16");
        Assert.True(code == 0, error);
        Assert.Contains("36 images in 36 files", output, StringComparison.Ordinal);
        (code, output, error) = CommandLine.Run("data", "convert", folder["out"], "-o", folder["shards"], "--shard-size", "10", "--json");
        Assert.True(code == 0, error);
        using var json = JsonDocument.Parse(output);
        Assert.Equal((36, 5), (json.RootElement.GetProperty("written").GetInt32(), json.RootElement.GetProperty("files").GetInt32()));
        (code, output, _) = CommandLine.Run("data", "check", folder["shards"]);
        Assert.Equal(0, code);
        Assert.Contains("36, of 1 image each", output, StringComparison.Ordinal);
        (code, _, error) = CommandLine.Run("data", "convert", folder["out"], "-o", folder["shards"]);
        Assert.Equal(1, code);
        Assert.Contains("exists already", error, StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run("data", "convert", folder["out"], "-o", folder["x"], "--format", "materials").Code);
    }

    [Fact]
    public void Show_samples_a_sheet()
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = CommandLine.Run("data", "show", "materials", "-o", folder["sheet.png"], "--count", "6", "--columns", "3", "--size", "32");
        Assert.True(code == 0, error);
        Assert.Contains("6 images of materials", output, StringComparison.Ordinal);
        var sheet = ImageDecoder.Decode(folder["sheet.png"]);
        Assert.Equal(((3 * 32) + (2 * 4), (2 * (32 + 11)) + 4), (sheet.Width, sheet.Height));
        Assert.Equal(1, CommandLine.Run("data", "show", folder["missing"], "-o", folder["x.png"]).Code);
        Assert.Equal(2, CommandLine.Run("data", "show", "materials", "-o", folder["x.png"], "--size", "5000").Code);
    }

    [Fact]
    public void Stopping_a_check_ends_with_130()
    {
        var (code, _, error) = CommandLine.Run(new CancellationToken(canceled: true), "data", "check", "materials");
        Assert.Equal(130, code);
        Assert.Contains("cancelled", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_word_it_shows_its_help()
    {
        var (code, output, _) = CommandLine.Run("data");
        Assert.Equal(0, code);
        Assert.Contains("convert", output, StringComparison.Ordinal);
    }
}
