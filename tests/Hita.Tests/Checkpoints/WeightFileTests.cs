using System.Text;
using Hita.Checkpoints;
using Hita.Checkpoints.Torch;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints;

public sealed class WeightFileTests
{
    private static readonly byte[] Zeros = new byte[600];

    public static TheoryData<string, byte[], string> Others => new()
    {
        { "empty", [], "is empty" },
        { "nothing behind torch's mark", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.', .. Zeros], "pickle that describes the tensors is damaged" },
        { "pickle", [0x80, 4, 0x95, .. Zeros], "plain Python pickle" },
        { "tar", [.. "model/"u8, .. new byte[251], .. "ustar"u8, .. Zeros], "tar archive" },
        { "gguf", [.. "GGUF"u8, 3, 0, 0, 0, .. Zeros], "GGUF" },
        { "onnx", [8, 8, 0x12, 7, .. "pytorch"u8, .. Zeros], "ONNX" },
        { "hdf5", [0x89, .. "HDF\r\n"u8, .. Zeros], "HDF5" },
        { "numpy", [0x93, .. "NUMPY"u8, .. Zeros], "NumPy" },
        { "gzip", [0x1F, 0x8B, 8, .. Zeros], "unpack it first" },
        { "png", [0x89, .. "PNG"u8, .. Zeros], "PNG image" },
        { "lfs", Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"), "git lfs pull" },
        { "web page", Encoding.UTF8.GetBytes("\n<!DOCTYPE html><html><body>Sign in</body></html>"), "web page" },
        { "json", "{\"error\": \"Repository not found\"}"u8.ToArray(), "JSON" },
        { "text", "Entry not found"u8.ToArray(), "a text file" },
        { "zeros", Zeros, "nothing but zeros" },
        { "noise", [0xEE, 0xC1, 7, 0x90, 1, 2, 3, 4, 5, 6, 7, 8, 9], "not a weight file of a known kind" },
        { "one byte", [0x80], "not a weight file of a known kind" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void A_file_of_another_kind_is_refused_by_what_it_looks_like(string name, byte[] content, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder[name];
        File.WriteAllBytes(path, content);
        var fault = Assert.Throws<CheckpointException>(() => WeightFile.Open(path).Dispose());
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Content_decides_and_not_the_name()
    {
        using var folder = new TemporaryFolder();
        File.Copy(TestFiles.Vector("gpt.pt"), folder["weights.safetensors"]);
        File.Copy(TestFiles.Vector("gpt.safetensors"), folder["weights.pt"]);
        using var torch = WeightFile.Open(folder["weights.safetensors"]);
        using var safe = WeightFile.Open(folder["weights.pt"]);
        Assert.IsType<TorchCheckpoint>(torch);
        Assert.IsType<SafetensorsFile>(safe);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no such file", Assert.Throws<CheckpointException>(() => WeightFile.Open(folder["no.pt"])).Message, StringComparison.Ordinal);
    }
}
