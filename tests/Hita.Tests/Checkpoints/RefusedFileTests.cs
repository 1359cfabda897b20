using System.Text;
using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints;

public sealed class RefusedFileTests
{
    private static readonly byte[] Empty = new PickleMaker().Op('}').Done();

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("__builtin__", "exec")]
    [InlineData("subprocess", "Popen")]
    [InlineData("torch", "load")]
    [InlineData("torch.nn.modules.linear", "Linear")]
    [InlineData("torch._utils", "_import_dotted_name")]
    [InlineData("numpy.core.multiarray", "scalar")]
    [InlineData("argparse", "Namespace.__class__")]
    public void Names_outside_the_list_are_refused_by_name(string module, string name)
    {
        var called = new PickleMaker().Global(module, name).Text("echo").Op(0x85).Op('R').Done();
        Assert.Contains($"'{module}.{name}'", Refuse(Zip(called)), StringComparison.Ordinal);
        var stacked = new PickleMaker(4).Text(module).Text(name).Op(0x93).Done();
        Assert.Contains($"'{module}.{name}'", Refuse(Zip(stacked)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../evil", "leads outside")]
    [InlineData("archive/../../evil", "leads outside")]
    [InlineData("/etc/passwd", "leads outside")]
    [InlineData("C:/windows", "leads outside")]
    [InlineData("archive\\data.pkl", "leads outside")]
    public void Names_of_parts_that_lead_elsewhere_are_refused(string name, string reason) =>
        Assert.Contains(reason, Refuse(new ZipMaker().Add("archive/data.pkl", Empty).Add(name, [1]).Done()), StringComparison.Ordinal);

    [Fact]
    public void Other_kinds_of_files_are_refused_by_what_they_are()
    {
        var tar = new byte[1024];
        "ustar"u8.CopyTo(tar.AsSpan(257));
        (byte[] Content, string Reason)[] files =
        [
            ([], "empty"),
            ([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.', 0x80, 2, (byte)'M', 0xe9, 3], "old format without zip"),
            ([0x80, 4, .. Encoding.ASCII.GetBytes("}q.more and more")], "bare Python pickle"),
            (tar, "tar file"),
            ([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0], "compressed"),
            ("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"u8.ToArray(), "Git LFS"),
            ("<!DOCTYPE html><html></html>"u8.ToArray(), "web page"),
            ("GGUF\x03\0\0\0\0\0\0\0"u8.ToArray(), "GGUF"),
            ("just some text that is no file of weights"u8.ToArray(), "neither"),
            ("{\"hello\": 1}"u8.ToArray(), "weight_map"),
            ("PK\x03\x04 and nothing else"u8.ToArray(), "cut short"),
            (new ZipMaker().Add("code/readme.txt", [1]).Done(), "no data.pkl"),
            (new ZipMaker().Add("a.npy", [1]).Done(), "NumPy"),
            (new ZipMaker().Add("m/data.pkl", Empty).Add("m/constants.pkl", Empty).Add("m/code/__torch__.py", [1]).Done(), "TorchScript"),
            (new ZipMaker().Add("a/data.pkl", Empty).Add("b/data.pkl", Empty).Done(), "two saved objects"),
            (new ZipMaker().Add("a/data.pkl", Empty).Add("a/data.pkl", Empty).Done(), "twice"),
            (new ZipMaker().Add("a/data.pkl", Empty, flags: 1).Done(), "encrypted"),
            (new ZipMaker().Add("a/data.pkl", Empty).Add("a/byteorder", "middle"u8.ToArray()).Done(), "byte order"),
            (Zip(Empty), "no dictionary of tensors"),
            (Zip(new PickleMaker().Text("hello").Done()), "a text"),
            (Zip(new PickleMaker().Op('}').Text("ema").Op('N').Op('s').Done()), "its parts are ema"),
        ];
        foreach (var (content, reason) in files)
            Assert.Contains(reason, Refuse(content), StringComparison.Ordinal);
        using var folder = new TemporaryFolder();
        Assert.Contains("no such file", Sentences.Check(Assert.Throws<CheckpointException>(() => WeightFile.Open(folder["absent"]).Dispose())), StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_reach_beyond_their_storage_or_the_file_are_refused()
    {
        PickleMaker Start() => new PickleMaker().Op('}').Text("x");
        (PickleMaker Pickle, string Reason)[] files =
        [
            (Start().Tensor("FloatStorage", "0", 4, [5], [1]), "element 4 of a storage of 4"),
            (Start().Tensor("FloatStorage", "0", 4, [4], [1], offset: 1), "element 4"),
            (Start().Tensor("FloatStorage", "0", 4, [2, 2], [3, 1]), "element 4"),
            (Start().Tensor("FloatStorage", "0", 5, [1], [1]), "has 16 bytes"),
            (Start().Tensor("FloatStorage", "1", 4, [4], [1]), "does not hold"),
            (Start().Tensor("FloatStorage", "../data.pkl", 4, [4], [1]), "does not hold"),
            (Start().Tensor("FloatStorage", "0", 4, [4], [-1]), "whole number"),
            (Start().Tensor("FloatStorage", "0", 4, [4], [1], offset: -1), "do not belong"),
            (Start().Tensor("FloatStorage", "0", 4, [4], [1, 1]), "do not belong"),
            (Start().Tensor("FloatStorage", "0", 4, [1 << 30, 1 << 30, 1 << 30], [0, 0, 0]), "larger than the whole file"),
            (Start().Tensor("FloatStorage", "0", 4, [100_000], [0]), "larger than the whole file"),
        ];
        foreach (var (pickle, reason) in files)
            Assert.Contains(reason, Refuse(Zip(pickle.Op('s').Done())), StringComparison.Ordinal);
    }

    [Fact]
    public void Pickles_that_hold_themselves_come_to_an_end()
    {
        // A dictionary that is its own value many times over, a list in itself, and a tuple around both.
        var maker = new PickleMaker().Op('}').Put(0);
        for (var i = 0; i < 300; i++)
            maker.Text($"k{i}").Get(0).Op('s');
        maker.Text("list").Op(']').Put(1).Get(1).Op('a').Op('s').Text("tuple").Get(0).Get(1).Op(0x86).Op('s');
        using var folder = new TemporaryFolder();
        var path = folder["self.pt"];
        File.WriteAllBytes(path, Zip(maker.Text("w").Tensor("FloatStorage", "0", 4, [4], [1]).Op('s').Done()));
        using var source = WeightFile.Open(path);
        Assert.Equal(["w"], source.Tensors.Keys);
        Assert.InRange(CheckpointSummary.Read(path).Items.Count, 1, 2000);
        File.WriteAllBytes(path, Zip(maker.Done()));
        Assert.InRange(CheckpointSummary.Read(path).Items.Count, 1, 2000);
    }

    [Fact]
    public void Bombs_are_refused_before_they_are_unpacked()
    {
        var zeros = new ZipMaker().Add("a/data.pkl", Empty).Add("a/data/0", new byte[20 << 20], deflate: true).Done();
        var pickle = new ZipMaker().Add("a/data.pkl", [0x80, 2, .. Enumerable.Repeat((byte)']', 20 << 20)], deflate: true).Done();
        var objects = Zip([0x80, 2, .. Enumerable.Repeat((byte)']', 1 << 20)]);
        var text = Zip([0x80, 2, (byte)'X', 0xFF, 0xFF, 0xFF, 0x7F]);
        var wide = Zip([0x80, 2, (byte)'\x8b', 0xFF, 0xFF, 0xFF, 0x7F]);
        var liar = new ZipMaker().Add("a/data.pkl", Empty, deflate: true, claimedLength: 0x7FFFFFFF).Done();
        foreach (var file in new[] { zeros, pickle, objects, text, wide, liar })
        {
            using var folder = new TemporaryFolder();
            File.WriteAllBytes(folder["bomb"], file);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Sentences.Check(Assert.Throws<CheckpointException>(() => WeightFile.Open(folder["bomb"]).Dispose()));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (2L * file.Length) + (4 << 20));
        }
    }

    private static byte[] Zip(byte[] pickle) => new ZipMaker().Add("archive/data.pkl", pickle).Add("archive/data/0", new byte[16]).Done();

    private static string Refuse(byte[] content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["refused"], content);
        return Sentences.Check(Assert.Throws<CheckpointException>(() => WeightFile.Open(folder["refused"]).Dispose()));
    }
}
