using System.Buffers.Binary;
using System.Text;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>Files that are meant to do harm: each is refused in one sentence, quickly and without filling memory.</summary>
public sealed class HostileCheckpointTests : IDisposable
{
    private readonly HostileFile _file = new();

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("__builtin__", "exec")]
    [InlineData("subprocess", "Popen")]
    [InlineData("torch", "load")]
    [InlineData("torch.hub", "load")]
    [InlineData("torch.storage", "_load_from_bytes")]
    [InlineData("numpy.core.multiarray", "scalar")]
    [InlineData("models.vq_model", "VQModel")]
    public void A_name_outside_the_list_is_refused_by_name(string module, string name)
    {
        byte[] Short(string text) => [0x8C, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];
        byte[][] pickles =
        [
            new PickleScript().Global(module, name).Op('(').Text("echo").Op('t').Op('R').End(),
            new PickleScript().Raw(Short(module)).Raw(Short(name)).Raw(0x93).Op(')').Op('R').End(),
            new PickleScript().Op('(').Text("echo").Raw((byte)'i').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n")).End(),
            TorchLayoutTests.Flat(p => p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Text("x").Global(module, name)),
        ];
        foreach (var pickle in pickles)
            Assert.Contains($"asks for {module}.{name},", Refusal(TorchFiles.Checkpoint(pickle, TorchLayoutTests.Numbers(2))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_on_the_list_is_not_called_where_it_has_no_business()
    {
        Assert.Contains("a call of builtins.int", Refusal(Pickle(p => p.Global("builtins", "int").Op(')').Op('R'))), StringComparison.Ordinal);
        Assert.Contains("a call of torch.FloatStorage", Refusal(Pickle(p => p.Global("torch", "FloatStorage").Op(')').Op('R'))), StringComparison.Ordinal);
        Assert.Contains("_rebuild_tensor_v2", Refusal(Pickle(p => p.Global("torch._utils", "_rebuild_tensor_v2").Op(')').Op('R'))), StringComparison.Ordinal);
        Assert.Contains("no name", Refusal(Pickle(p => p.Text("os.system").Op(')').Op('R'))), StringComparison.Ordinal);
        Assert.Contains("0x82", Refusal(Pickle(p => p.Raw(0x82, 1))), StringComparison.Ordinal);
        Assert.Contains("other than a storage", Refusal(Pickle(p => p.Text("file").Op('Q'))), StringComparison.Ordinal);
    }

    [Fact]
    public void Containers_that_hold_themselves_do_no_harm()
    {
        // A dictionary under its own keys, beside one tensor: the tensor is read.
        var own = new PickleScript().Op('}').Raw((byte)'q', 0).Op('(').Text("ema").Raw((byte)'h', 0).Text("model").Raw((byte)'h', 0)
            .Text("args").Global("argparse", "Namespace").Op(')').Raw(0x81).Raw((byte)'q', 1).Raw((byte)'h', 0).Op('b')
            .Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Op('u').End();
        Assert.Null(Outcome(TorchFiles.Checkpoint(own, TorchLayoutTests.Numbers(2))));
        Assert.Contains("no weights", Refusal(Pickle(p => p.Op('}').Raw((byte)'q', 0).Text("model").Raw((byte)'h', 0).Op('s'))), StringComparison.Ordinal);
        Assert.Contains("a list", Refusal(Pickle(p => p.Op(']').Raw((byte)'q', 0).Raw((byte)'h', 0).Op('a'))), StringComparison.Ordinal);
        Assert.Contains("container as a key", Refusal(Pickle(p => p.Op('}').Raw((byte)'q', 0).Raw((byte)'h', 0).Raw((byte)'h', 0).Op('s'))), StringComparison.Ordinal);
        // A tuple through a list that holds it, as the key of a dictionary.
        Assert.Contains("no weights", Refusal(Pickle(p => p.Op(']').Raw((byte)'q', 0).Raw((byte)'h', 0).Raw(0x85).Raw((byte)'q', 1).Op('a')
            .Op('0').Op('}').Raw((byte)'h', 1).Raw((byte)'h', 1).Op('s'))), StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_of_any_depth_costs_no_stack()
    {
        Refusal(Pickle(p => p.Repeat(20_000, (byte)']').Repeat(19_999, (byte)'a')));
        Refusal(Pickle(p => p.Op('N').Repeat(40_000, 0x85)));
        Refusal(Pickle(p => p.Repeat(200_000, (byte)'(')));
        Refusal(Pickle(p => p.Repeat(5_000_000, (byte)']')));
        // A deep chain beside real weights: those are read.
        var deep = TorchLayoutTests.Flat(p => p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Text("deep").Op('N').Repeat(10_000, 0x85));
        Assert.Null(Outcome(TorchFiles.Checkpoint(deep, TorchLayoutTests.Numbers(2))));
        // Parameters around parameters, and types around types.
        Refusal(Pickle(p => p.Repeat(1000, [.. "ctorch._tensor\n_rebuild_from_type_v2\n("u8]).Repeat(1000, (byte)'t', (byte)'R')));
    }

    [Fact]
    public void A_few_bytes_do_not_become_many()
    {
        // Memory bombs: kept values, doubling through references, long keys, huge numbers and huge claims.
        Refusal(Pickle(p => p.Op('N').Repeat(1, (byte)'r', 0xFF, 0xFF, 0xFF, 0xFF)));
        Refusal(Pickle(p =>
        {
            p.Op('N');
            Span<byte> put = [(byte)'r', 0, 0, 0, 0];
            for (var i = 0; i < 400_000; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(put[1..], i);
                p.Raw(put);
            }
            return p;
        }));
        Refusal(Pickle(p => p.Op(']').Repeat(60, (byte)'2', 0x86)));
        Refusal(Pickle(p =>
        {
            // A list that is copied into a new one again and again.
            p.Op('}').Raw((byte)'q', 0).Op('(');
            for (var i = 0; i < 5000; i++)
                p.Integer(i).Op('N');
            return p.Op('u').Repeat(5000, [.. "cbuiltins\ndict\nh\0"u8, 0x85, (byte)'R', (byte)'0']);
        }));
        Refusal(Pickle(p => p.Raw((byte)'X', 0xFF, 0xFF, 0xFF, 0x7F)));
        Refusal(Pickle(p => p.Raw((byte)'X', 0xFF, 0xFF, 0xFF, 0xFF)));
        Refusal(Pickle(p => p.Raw(0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)));
        Refusal(Pickle(p => p.Raw(0x8B, 0xFF, 0xFF, 0xFF, 0x7F)));
        Refusal(Pickle(p => p.Raw(0x8B, 0, 0, 0x10, 0).Raw(new byte[1 << 20])));
        Refusal(Pickle(p => p.Raw(0x95, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF).Op('N')));
        Refusal(Pickle(p => p.Raw(0x80, 200)));
    }

    [Fact]
    public void Keys_made_to_collide_do_not_slow_it_down()
    {
        // Integers whose halves cancel in the usual hash.
        var script = new PickleScript().Op('}').Op('(');
        for (long i = 1; i < 20_000; i++)
            script.Integer((i << 32) | i).Op('N');
        Refusal(TorchFiles.Checkpoint(script.Op('u').End()));
    }

    [Theory]
    [InlineData(0, new long[] { 3 }, new long[] { 1 }, "beyond its storage")]
    [InlineData(1, new long[] { 2 }, new long[] { 1 }, "beyond its storage")]
    [InlineData(-1, new long[] { 2 }, new long[] { 1 }, "beyond its storage")]
    [InlineData(0, new long[] { 2 }, new long[] { 2 }, "beyond its storage")]
    [InlineData(0, new long[] { 2 }, new long[] { -1 }, "negative")]
    [InlineData(0, new long[] { -2 }, new long[] { 1 }, "negative")]
    [InlineData(0, new long[] { 1000, 1000 }, new long[] { 0, 0 }, "repeats")]
    [InlineData(0, new long[] { long.MaxValue, long.MaxValue }, new long[] { 0, 0 }, "memory")]
    [InlineData(0, new long[] { 2, 2 }, new long[] { long.MaxValue, long.MaxValue }, "memory")]
    [InlineData(long.MaxValue, new long[] { 2 }, new long[] { 1 }, "memory")]
    [InlineData(0, new long[] { 2 }, new long[] { }, "proper shape")]
    public void A_tensor_outside_its_storage_is_refused(long offset, long[] shape, long[] strides, string reason) =>
        Assert.Contains(reason, Refusal(TorchFiles.Checkpoint(
            TorchLayoutTests.Flat(p => p.Text("w").Tensor("FloatStorage", "0", 2, offset, shape, strides)), TorchLayoutTests.Numbers(2))), StringComparison.Ordinal);

    [Fact]
    public void A_storage_that_is_not_there_or_too_short_is_refused()
    {
        var file = TorchFiles.Checkpoint(TorchLayoutTests.Flat(p => p.Text("w").Tensor("FloatStorage", "7", 2, 0, [2], [1])), TorchLayoutTests.Numbers(2));
        Assert.Contains("storage '7', which the file lacks", Refusal(file), StringComparison.Ordinal);
        foreach (var claimed in new[] { 3, 1L << 40, long.MaxValue })
        {
            file = TorchFiles.Checkpoint(TorchLayoutTests.Flat(p => p.Text("w").Tensor("FloatStorage", "0", claimed, 0, [claimed], [1])), TorchLayoutTests.Numbers(2));
            Refusal(file);
        }
        file = TorchFiles.Checkpoint(TorchLayoutTests.Flat(p => p.Text("w").Tensor("FloatStorage", "../data.pkl", 2, 0, [2], [1])), TorchLayoutTests.Numbers(2));
        Assert.Contains("which the file lacks", Refusal(file), StringComparison.Ordinal);
        file = TorchFiles.Checkpoint(TorchLayoutTests.Flat(p => p.Text("w").Tensor("FloatStorage", "0", -1, 0, [0], [1])), TorchLayoutTests.Numbers(2));
        Assert.Contains("negative", Refusal(file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_large_model_out_of_one_small_storage_is_refused()
    {
        var script = new PickleScript().Op('}').Op('(');
        for (var i = 0; i < 500; i++)
            script.Text($"w{i}").Tensor("FloatStorage", "0", 20_000, 0, [20_000], [1]);
        Assert.Contains("more than twice", Refusal(TorchFiles.Checkpoint(script.Op('u').End(), TorchLayoutTests.Numbers(20_000))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("archive/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\x")]
    [InlineData("C:\\x")]
    [InlineData("C:/x")]
    [InlineData("a\0b")]
    public void A_part_whose_name_leads_out_of_the_file_is_refused(string name) =>
        Assert.Contains("leads out of it", Refusal(TorchFiles.Zip([.. Honest(), new ZipPart(name, [1])])), StringComparison.Ordinal);

    [Fact]
    public void Zip_files_that_lie_are_refused()
    {
        var zeros = new byte[4 << 20];
        var bomb = TorchLayoutTests.Deflate(new byte[60 << 20]);
        var honest = Honest();
        var pickle = honest[0].Bytes;
        Assert.Contains("twice", Refusal(TorchFiles.Zip([.. honest, honest[1]])), StringComparison.Ordinal);
        Assert.Contains("overlaps", Refusal(TorchFiles.Zip([.. honest, new ZipPart("archive/data/1", TorchLayoutTests.Numbers(2)) { SameAs = 1 }])), StringComparison.Ordinal);
        Assert.Contains("two checkpoints", Refusal(TorchFiles.Zip([.. honest, new ZipPart("other/data.pkl", pickle)])), StringComparison.Ordinal);
        Assert.Contains("encrypted", Refusal(TorchFiles.Zip([honest[0] with { Flags = 1 }, honest[1]])), StringComparison.Ordinal);
        Assert.Contains("method 12", Refusal(TorchFiles.Zip([honest[0] with { Method = 12 }, honest[1]])), StringComparison.Ordinal);
        Assert.Contains("two different lengths", Refusal(TorchFiles.Zip([honest[0] with { ClaimedLength = 5 }, honest[1]])), StringComparison.Ordinal);
        Assert.Contains("is compressed", Refusal(TorchFiles.Zip([honest[0], honest[1] with { Bytes = TorchLayoutTests.Deflate(honest[1].Bytes), Method = 8, ClaimedLength = 8 }])), StringComparison.Ordinal);

        Refusal(TorchFiles.Zip([new ZipPart("archive/data.pkl", bomb) { Method = 8, ClaimedLength = 60 << 20 }]));
        Assert.Contains("claims", Refusal(TorchFiles.Zip([new ZipPart("archive/data.pkl", bomb) { Method = 8, ClaimedLength = 1L << 40 }])), StringComparison.Ordinal);
        Assert.Contains("more than it claims", Refusal(TorchFiles.Zip([new ZipPart("archive/data.pkl", bomb) { Method = 8, ClaimedLength = 100 }])), StringComparison.Ordinal);
        Assert.Contains("less than it claims", Refusal(TorchFiles.Zip([new ZipPart("archive/data.pkl", TorchLayoutTests.Deflate(pickle)) { Method = 8, ClaimedLength = 1000 }])), StringComparison.Ordinal);
        Assert.Contains("cannot be unpacked", Refusal(TorchFiles.Zip([new ZipPart("archive/data.pkl", [0xFF, 0xFF, 0xFF, 0xFF]) { Method = 8, ClaimedLength = 1000 }])), StringComparison.Ordinal);
        Assert.Contains("byte order", Refusal(TorchFiles.Zip([.. honest, new ZipPart("archive/byteorder", "middle"u8.ToArray())])), StringComparison.Ordinal);
        Refusal(TorchFiles.Zip([.. honest, new ZipPart("archive/byteorder", zeros)]));
        Assert.Contains("TorchScript", Refusal(TorchFiles.Zip([.. honest, new ZipPart("archive/constants.pkl", pickle)])), StringComparison.Ordinal);
        Assert.Contains("TorchScript", Refusal(TorchFiles.Zip([.. honest, new ZipPart("archive/code/__torch__.py", pickle)])), StringComparison.Ordinal);
        Assert.Contains("not a PyTorch checkpoint", Refusal(TorchFiles.Zip([new ZipPart("weights.npy", zeros)])), StringComparison.Ordinal);
        Assert.Contains("cut short", Refusal(TorchFiles.Zip(honest)[..^30]), StringComparison.Ordinal);

        // Tens of thousands of parts without a byte in them cost no more than any others.
        Outcome(TorchFiles.Zip([.. honest, .. Enumerable.Range(0, 60_000).Select(static i => new ZipPart($"{i}", []))]));
    }

    public void Dispose() => _file.Dispose();

    private static ZipPart[] Honest() =>
    [
        new("archive/data.pkl", TorchLayoutTests.Flat(p => p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]))),
        new("archive/data/0", TorchLayoutTests.Numbers(2)),
    ];

    private static byte[] Pickle(Func<PickleScript, PickleScript> content) => TorchFiles.Checkpoint(content(new PickleScript()).End());

    private string Refusal(byte[] file)
    {
        var message = Outcome(file);
        Assert.NotNull(message);
        return message;
    }

    private string? Outcome(byte[] file) => _file.Outcome(file, out _, out _);
}
