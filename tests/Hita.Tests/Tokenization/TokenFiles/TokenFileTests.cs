using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Tokenization.TokenFiles;

namespace Hita.Tests.Tokenization.TokenFiles;

public sealed class TokenFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2, 0, 1, 1)]
    [InlineData(3, 5, 3, 7)]
    [InlineData(10, 0, 4, 9)]
    [InlineData(256, 8, 8, 8)]
    [InlineData(257, 1, 5, 3)]
    [InlineData(16384, 128, 21, 21)]
    [InlineData(16384, 128, 16, 30)]
    [InlineData(65535, 17, 2, 31)]
    [InlineData(65536, 17, 31, 2)]
    [InlineData(1 << 20, 3, 3, 3)]
    public void Codes_come_back_from_both_formats(int codebook, int holistic, int rows, int columns)
    {
        foreach (var name in (string[])["a.hita", "a.safetensors"])
        {
            foreach (var count in (int[])[1, 7])
            {
                var set = TokenSets.Uniform(codebook, count, holistic, rows, columns);
                TokenFile.Write(set, _folder[name]);
                TokenSets.AssertEqual(set, TokenFile.Read(_folder[name]));
            }
        }
    }

    [Theory]
    [InlineData("a.hita")]
    [InlineData("a.SAFETENSORS")]
    public void Names_of_any_script_and_missing_ones_come_back(string file)
    {
        string?[] names = ["Straße \"7\\8\".png", null, "猫.jpg", "👩‍🚀 \n", "../../etc", "", new string('n', TokenImage.LongestName)];
        var set = new TokenSet(99, [.. names.Select((n, i) => new TokenImage(TokenSets.Codes(99, 2, 2, 3, i), n))]);
        TokenFile.Write(set, _folder[file]);
        var read = TokenFile.Read(_folder[file]);
        TokenSets.AssertEqual(set, read);
        Assert.Equal("", read.ModelHash);
        Assert.Null(read.Images[5].Name);
    }

    [Fact]
    public void Images_of_different_shapes_share_a_hita_file_but_not_a_safetensors_file()
    {
        var set = new TokenSet(1000, [
            new(TokenSets.Codes(1000, 4, 2, 3, 1), "one"), new(TokenSets.Codes(1000, 0, 5, 1, 2)), new(TokenSets.Codes(1000, 9, 1, 1, 3), "three")]);
        TokenFile.Write(set, _folder["a.hita"]);
        TokenSets.AssertEqual(set, TokenFile.Read(_folder["a.hita"]));
        var e = Assert.Throws<CheckpointException>(() => TokenFile.Write(set, _folder["a.safetensors"]));
        Assert.EndsWith("and image 2 has 0 holistic codes and a grid of 5 × 1 where the first has 4 holistic codes and a grid of 2 × 3; write a .hita file instead.", e.Message, StringComparison.Ordinal);
        Assert.Equal(["a.hita"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void The_hita_bytes_are_those_of_the_description()
    {
        TokenFile.Write(TokenSets.GoldenSet, _folder["golden.hita"]);
        Assert.Equal(TokenSets.Golden, Convert.ToHexStringLower(File.ReadAllBytes(_folder["golden.hita"])));
        TokenSets.AssertEqual(TokenSets.GoldenSet, TokenFile.Read(_folder["golden.hita"]));
    }

    [Fact]
    public void The_example_in_the_description_is_the_file()
    {
        var text = File.ReadAllText(Path.Combine(TestFiles.Root, "docs", "hita-format.md"));
        var example = text.Split("```text\n")[1].Split("```")[0];
        var hexadecimal = example.Split('\n').SelectMany(l => l[..Math.Min(l.Length, 50)].Split(' ')).Where(w => w.Length == 2 && w.All(char.IsAsciiHexDigit));
        Assert.Equal(TokenSets.Golden, string.Concat(hexadecimal), ignoreCase: true);
    }

    [Fact]
    public void An_image_of_336_pixels_takes_about_a_kilobyte()
    {
        TokenFile.Write(new TokenSet(16384, [new(TokenSets.Codes(16384, 128, 21, 21, 1), "a photograph.jpg")], TokenSets.Hash), _folder["a.hita"]);
        Assert.Equal(1046 + 16, new FileInfo(_folder["a.hita"]).Length);
    }

    [Fact]
    public void The_contents_say_the_format_and_not_the_name()
    {
        TokenFile.Write(TokenSets.GoldenSet, _folder["a.hita"]);
        File.Move(_folder["a.hita"], _folder["b.safetensors"]);
        TokenSets.AssertEqual(TokenSets.GoldenSet, TokenFile.Read(_folder["b.safetensors"]));
    }

    [Fact]
    public void Safetensors_files_hold_what_other_programs_expect()
    {
        TokenFile.Write(TokenSets.Uniform(300, 4, 5, 2, 3), _folder["a.safetensors"]);
        using var file = SafetensorsFile.Open(_folder["a.safetensors"]);
        Assert.Equal((TensorType.Int32, "[4, 2, 3]"), (file.Tensors["patches"].Type, file.Tensors["patches"].ShapeText));
        Assert.Equal((TensorType.Int32, "[4, 5]"), (file.Tensors["holistic"].Type, file.Tensors["holistic"].ShapeText));
        Assert.Equal("300", file.Metadata["codebook_size"]);
        Assert.Equal(TokenSets.Hash, file.Metadata["model_hash"]);
        Assert.Equal("""["image 0.png","image 1.png","image 2.png","image 3.png"]""", file.Metadata["names"]);

        TokenFile.Write(new TokenSet(300, [new(TokenSets.Codes(300, 0, 2, 2, 1))]), _folder["b.safetensors"]);
        using var bare = SafetensorsFile.Open(_folder["b.safetensors"]);
        Assert.Equal(["patches"], bare.Tensors.Keys);
        Assert.Equal(["codebook_size", "format"], bare.Metadata.Keys.Order());
    }

    [Fact]
    public void A_file_that_was_there_is_replaced_and_folders_are_made()
    {
        var path = Path.Combine(_folder.Path, "new", "a.hita");
        TokenFile.Write(TokenSets.Uniform(9, 3, 2, 2, 2), path);
        TokenFile.Write(TokenSets.GoldenSet, path);
        TokenSets.AssertEqual(TokenSets.GoldenSet, TokenFile.Read(path));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Theory]
    [InlineData("codes.txt")]
    [InlineData("codes")]
    [InlineData("")]
    [InlineData("nul\0.hita")]
    public void Names_that_cannot_be_written_are_refused(string name) =>
        AssertSentence(Assert.Throws<CheckpointException>(() => TokenFile.Write(TokenSets.GoldenSet, name)));

    [Fact]
    public void Paths_that_cannot_be_read_or_written_are_refused()
    {
        Directory.CreateDirectory(_folder["folder.hita"]);
        AssertSentence(Assert.Throws<CheckpointException>(() => TokenFile.Write(TokenSets.GoldenSet, _folder["folder.hita"])));
        foreach (var path in (string[])[_folder["nothing.hita"], _folder["folder.hita"], "", "a\0b"])
            AssertSentence(Assert.Throws<CheckpointException>(() => TokenFile.Read(path)));
    }

    [Fact]
    public void Sets_that_contradict_themselves_cannot_be_made()
    {
        var codes = new ImageCodes([1], [2, 3], 1, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenSet(1, [new(codes)]));
        Assert.Throws<ArgumentException>(() => new TokenSet(10, []));
        Assert.Throws<ArgumentException>(() => new TokenSet(10, [new(codes)], "abc"));
        Assert.Equal("", new TokenSet(10, [new(codes)], new string('0', 32)).ModelHash);
        Assert.Equal(
            "These codes cannot be one set: image 1 ('cat') has the code 3, which is not in a codebook of 3 entries.",
            Assert.Throws<HitaException>(() => new TokenSet(3, [new(codes, "cat")])).Message);
        Assert.Throws<HitaException>(() => new TokenSet(3, [new(new([-1], [0], 1, 1))]));
        Assert.Throws<HitaException>(() => new TokenImage(codes, "\ud800"));
        Assert.Throws<HitaException>(() => new TokenImage(codes, new string('é', 40_000)));
        Assert.Throws<HitaException>(() => new TokenImage(new ImageCodes([], new int[4097], 4097, 1)));
        Assert.Throws<HitaException>(() => new TokenImage(new ImageCodes(new int[65537], [0], 1, 1)));
    }

    private static void AssertSentence(CheckpointException e)
    {
        Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }
}
