using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization.TokenFiles;

namespace Hita.Tests.Tokenization.TokenFiles;

public sealed class TokenFileRefusalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Each row changes bytes of the golden file, makes the checksum fit again, and expects a part of the sentence.
    [Theory]
    [InlineData(8, "0200", "version 2 of the format, and this program reads version 1; update Hita for .NET")]
    [InlineData(8, "0000", "version 0 of the format, which never existed")]
    [InlineData(10, "05", "claims 5 bits a code, and a codebook of 10 entries needs 4")]
    [InlineData(11, "01", "features (flags 1) that this program does not know; update")]
    [InlineData(12, "01000000", "a codebook of 1 entries")]
    [InlineData(12, "ffffffff", "a codebook of 4294967295 entries")]
    [InlineData(12, "09000000", "image 1 has the code 9, which is not in a codebook of 9 entries")]
    [InlineData(32, "00000000", "holds no image")]
    [InlineData(32, "01000000", "bytes follow the last image")]
    [InlineData(32, "03000000", "claims 3 images, and its 66 bytes cannot hold so many")]
    [InlineData(32, "ffffffff", "claims 4294967295 images")]
    [InlineData(36, "0000", "image 1 is not possible: its grid is 0 × 2 patches")]
    [InlineData(38, "0000", "its grid is 1 × 0 patches")]
    [InlineData(36, "ffffffff", "its grid is 65535 × 65535 patches")]
    [InlineData(36, "00100010", "image 1 claims 8388612 bytes where 16 are left")]
    [InlineData(40, "ffffffff", "it has 4294967295 holistic codes")]
    [InlineData(40, "00000100", "image 1 claims 32771 bytes where 16 are left")]
    [InlineData(40, "01000000", "the bits after the last code of image 1 are not zero")]
    [InlineData(40, "02000000", "image 2 claims 33152 bytes where 2 are left")]
    [InlineData(44, "ffff", "image 1 claims 65538 bytes where 16 are left")]
    [InlineData(44, "0c00", "the images end inside image 2")]
    [InlineData(46, "c328", "the name of image 1 is not valid UTF-8")]
    [InlineData(50, "f3", "the bits after the last code of image 1 are not zero")]
    [InlineData(61, "0b", "image 2 has the code 11, which is not in a codebook of 10")]
    public void A_wrong_field_of_a_hita_file_is_named(int at, string hexadecimal, string expected)
    {
        var file = Convert.FromHexString(TokenSets.Golden);
        Convert.FromHexString(hexadecimal).CopyTo(file, at);
        Assert.Contains(expected, Refusal(TokenSets.Sealed(file)), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_changed_byte_of_a_hita_file_is_noticed()
    {
        var golden = Convert.FromHexString(TokenSets.Golden);
        for (var i = 0; i < golden.Length; i++)
        {
            var file = (byte[])golden.Clone();
            file[i] ^= 0x10;
            Refusal(file);
        }
    }

    [Fact]
    public void A_hita_file_cut_anywhere_is_refused()
    {
        var golden = Convert.FromHexString(TokenSets.Golden);
        for (var length = 0; length < golden.Length; length++)
        {
            Refusal(golden[..length]);
            // With the checksum of what is left, the fields have to notice.
            Refusal(TokenSets.Sealed(golden[..length]));
        }
        Assert.Contains("only 20 bytes; it was cut short", Refusal(golden[..20]), StringComparison.Ordinal);
        Assert.Contains("the checksum does not fit", Refusal(golden[..^1]), StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_after_a_hita_file_are_refused()
    {
        var golden = Convert.FromHexString(TokenSets.Golden);
        Refusal([.. golden, 0]);
        Assert.Contains("2 bytes follow the last image", Refusal(TokenSets.Sealed([.. golden, 0, 0])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hita_file_transferred_as_text_and_other_files_are_told_apart()
    {
        var golden = Convert.FromHexString(TokenSets.Golden);
        Assert.Contains("transferred as text", Refusal([.. golden[..5], .. golden[6..]]), StringComparison.Ordinal);
        Assert.Contains("transferred as text", Refusal([9, .. golden[1..]]), StringComparison.Ordinal);
        Assert.Contains("neither a .hita file nor a .safetensors file", Refusal("a text of some length"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("neither", Refusal([]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("format", "pt", "holds no codes")]
    [InlineData("format", null, "holds no codes")]
    [InlineData("codebook_size", null, "'codebook_size' is missing")]
    [InlineData("codebook_size", "1", "'codebook_size' is '1'")]
    [InlineData("codebook_size", " 9", "'codebook_size' is ' 9'")]
    [InlineData("codebook_size", "99999999999", "a number from 2 to 1048576")]
    [InlineData("codebook_size", "8", "'patches' has the code 8, which is not in a codebook of 8 entries")]
    [InlineData("model_hash", "xyz", "'model_hash' is 'xyz'")]
    [InlineData("names", "", "not a list of texts in JSON")]
    [InlineData("names", "{}", "'names' is not a list")]
    [InlineData("names", "[1,2]", "has something other than texts")]
    [InlineData("names", """["a"]""", "has 1 entries for 2 images")]
    [InlineData("names", """["a","b","c"]""", "has more entries than there are images (2)")]
    [InlineData("names", """["a","b"] x""", "not a list of texts in JSON")]
    [InlineData("names", """["a",""", "not a list of texts in JSON")]
    [InlineData("names", """["a","\ud800"]""", "not a list of texts in JSON")]
    [InlineData("names", """[["a"],"b"]""", "has something other than texts")]
    public void A_wrong_text_of_a_safetensors_file_is_named(string key, string? value, string expected)
    {
        var metadata = new Dictionary<string, string> { ["format"] = "hita-tokens", ["codebook_size"] = "9", ["model_hash"] = TokenSets.Hash, ["names"] = """["a",null]""" };
        TokenFile.Read(Safetensors(metadata, ("patches", TensorType.Int32, [2, 1, 2])));
        if (value is null)
            metadata.Remove(key);
        else
            metadata[key] = value;
        Assert.Contains(expected, Refusal(Safetensors(metadata, ("patches", TensorType.Int32, [2, 1, 2]))), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_tensors_of_a_safetensors_file_are_named()
    {
        AssertRefused("it lacks", ("holistic", TensorType.Int32, [2, 3]));
        AssertRefused("'patches' has the shape [4]", ("patches", TensorType.Int32, [4]));
        AssertRefused("'patches' has the shape [0, 1, 1]", ("patches", TensorType.Int32, [0, 1, 1]));
        AssertRefused("'patches' has the shape [1099511627776, 0, 1]", ("patches", TensorType.Int32, [1L << 40, 0, 1]));
        AssertRefused("'patches' holds float32", ("patches", TensorType.Float32, [1, 2, 2]));
        AssertRefused("'holistic' has the shape [2, 0]", ("patches", TensorType.Int32, [2, 1, 1]), ("holistic", TensorType.Int32, [2, 0]));
        AssertRefused("'holistic' has the codes of 3 images and 'patches' those of 2", ("patches", TensorType.Int32, [2, 1, 1]), ("holistic", TensorType.Int32, [3, 1]));
        AssertRefused("a tensor 'other' beside", ("patches", TensorType.Int32, [2, 1, 1]), ("other", TensorType.Int32, [1]));
        AssertRefused("its grid is 4097 × 1", ("patches", TensorType.Int32, [1, 4097, 1]));
    }

    [Fact]
    public void Codes_of_64_bits_are_read_as_other_programs_write_them()
    {
        var metadata = new Dictionary<string, string> { ["format"] = "hita-tokens", ["codebook_size"] = "16" };
        var image = Assert.Single(TokenFile.Read(Safetensors(metadata, ("patches", TensorType.Int64, [1, 2, 1]))).Images);
        Assert.Equal([8, 8], image.Codes.Patches);
    }

    private void AssertRefused(string expected, params (string Name, TensorType Type, long[] Shape)[] tensors)
    {
        var metadata = new Dictionary<string, string> { ["format"] = "hita-tokens", ["codebook_size"] = "9" };
        Assert.Contains(expected, Refusal(Safetensors(metadata, tensors)), StringComparison.Ordinal);
    }

    // A file whose integers are all 8.
    private string Safetensors(Dictionary<string, string> metadata, params (string Name, TensorType Type, long[] Shape)[] tensors)
    {
        var path = _folder["a.safetensors"];
        using var writer = new SafetensorsWriter(path, tensors.Select(t => new TensorEntry(t.Name, t.Type, t.Shape)), metadata);
        foreach (var (name, type, shape) in tensors)
        {
            var bytes = new byte[new TensorEntry(name, type, shape).ByteLength];
            for (var i = 0; i < bytes.Length; i += type.Size())
                bytes[i] = 8;
            writer.Write(name, bytes);
        }
        writer.Complete();
        return path;
    }

    private string Refusal(byte[] file)
    {
        File.WriteAllBytes(_folder["a.hita"], file);
        return Refusal(_folder["a.hita"]);
    }

    private static string Refusal(string path)
    {
        var message = Assert.Throws<CheckpointException>(() => TokenFile.Read(path)).Message;
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
