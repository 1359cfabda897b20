using System.Runtime.InteropServices;
using Hita.Checkpoints;
using Hita.Checkpoints.Torch;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>What torch may write beside the simplest case, in files made byte by byte.</summary>
public sealed class TorchLayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("DoubleStorage", TensorType.Float64, new byte[] { 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0 })]
    [InlineData("FloatStorage", TensorType.Float32, new byte[] { 0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0 })]
    [InlineData("HalfStorage", TensorType.Float16, new byte[] { 0, 0x3E, 0, 0xC0 })]
    [InlineData("BFloat16Storage", TensorType.BFloat16, new byte[] { 0xC0, 0x3F, 0, 0xC0 })]
    [InlineData("torch.cuda.BFloat16Storage", TensorType.BFloat16, new byte[] { 0xC0, 0x3F, 0, 0xC0 })]
    public void Floats_of_every_width_are_read_in_both_byte_orders(string storage, TensorType type, byte[] little)
    {
        var pickle = Flat(p => p.Text("w").Tensor(storage, "0", 2, 0, [2], [1], "cuda:0"));
        var big = little.Chunk(type.Size()).SelectMany(static c => c.Reverse()).ToArray();
        foreach (var file in new[] { TorchFiles.Checkpoint(pickle, "little", [little]), TorchFiles.Checkpoint(pickle, "big", [big]) })
        {
            using var source = Open(file);
            Assert.Equal(new TensorEntry("w", type, [2]), source.Tensors["w"]);
            Assert.Equal([1.5f, -2f], SafetensorsTests.Floats(source, "w"));
        }
    }

    [Theory]
    [InlineData("LongStorage", 8)]
    [InlineData("IntStorage", 4)]
    [InlineData("ShortStorage", 2)]
    [InlineData("CharStorage", 1)]
    public void Integers_of_every_width_are_read_in_both_byte_orders(string storage, int size)
    {
        var pickle = Flat(p => p.Text("n").Tensor(storage, "0", 2, 0, [2], [1]));
        var little = BitConverter.GetBytes(-7L)[..size].Concat(BitConverter.GetBytes(100L)[..size]).ToArray();
        var big = little.Chunk(size).SelectMany(static c => c.Reverse()).ToArray();
        foreach (var file in new[] { TorchFiles.Checkpoint(pickle, "little", [little]), TorchFiles.Checkpoint(pickle, "big", [big]) })
        {
            using var source = Open(file);
            Assert.Equal([-7, 100], source.ReadInts("n"));
        }
    }

    [Fact]
    public void Bytes_truth_values_and_complex_numbers_are_read()
    {
        var pickle = Flat(p => p
            .Text("byte").Tensor("ByteStorage", "0", 2, 0, [2], [1])
            .Text("flag").Tensor("BoolStorage", "1", 3, 0, [3], [1])
            .Text("complex").Tensor("ComplexFloatStorage", "2", 1, 0, [], []));
        var number = new byte[] { 0x3F, 0xC0, 0, 0, 0xC0, 0, 0, 0 };
        using var source = Open(TorchFiles.Checkpoint(pickle, "big", [[200, 1], [1, 0, 1], number]));
        Assert.Equal([200, 1], source.ReadInts("byte"));
        Assert.Equal([1, 0, 1], source.ReadInts("flag"));
        var bytes = new byte[8];
        source.Read("complex", bytes);
        Assert.Equal([1.5f, -2f], MemoryMarshal.Cast<byte, float>(bytes).ToArray());
    }

    [Fact]
    public void Types_without_a_storage_of_their_own_are_read_or_listed()
    {
        var pickle = Flat(p => Typed(Typed(p.Text("wide"), "uint16", 4, 2).Text("tiny"), "float8_e4m3fn", 4, 4));
        using var source = Open(TorchFiles.Checkpoint(pickle, [1, 0, 0xFF, 0xFF]));
        Assert.Equal([1, 65535], source.ReadInts("wide"));
        Assert.Equal("float8_e4m3fn", source.Tensors["tiny"].TypeName);
        Assert.Equal(4, source.Tensors["tiny"].ByteLength);
        Assert.Contains("float8_e4m3fn", Assert.Throws<CheckpointException>(() => source.Read("tiny", new byte[4])).Message, StringComparison.Ordinal);

        static PickleScript Typed(PickleScript p, string type, int bytes, int count) =>
            p.Global("torch._utils", "_rebuild_tensor_v3").Op('(').Storage("torch.storage.UntypedStorage", "0", bytes).Integer(0).Integers(count).Integers(1)
                .Raw(0x89).Global("collections", "OrderedDict").Op(')').Op('R').Global("torch", type).Op('t').Op('R');
    }

    [Fact]
    public void Tensors_that_share_a_storage_are_cut_out_of_it()
    {
        var pickle = Flat(p => p
            .Text("all").Tensor("FloatStorage", "0", 6, 0, [6], [1])
            .Text("middle").Tensor("FloatStorage", "0", 6, 2, [3], [1])
            .Text("one").Tensor("FloatStorage", "0", 6, 5, [], [])
            .Text("none").Tensor("FloatStorage", "0", 6, 6, [0, 4], [4, 1]));
        using var source = Open(TorchFiles.Checkpoint(pickle, Numbers(6)));
        Assert.Equal([0f, 1, 2, 3, 4, 5], SafetensorsTests.Floats(source, "all"));
        Assert.Equal([2f, 3, 4], SafetensorsTests.Floats(source, "middle"));
        Assert.Equal([5f], SafetensorsTests.Floats(source, "one"));
        Assert.Empty(SafetensorsTests.Floats(source, "none"));
    }

    [Theory]
    [InlineData(new long[] { 3, 2 }, new long[] { 1, 3 })]
    [InlineData(new long[] { 2, 3, 4 }, new long[] { 1, 8, 2 })]
    [InlineData(new long[] { 2, 1, 3 }, new long[] { 12, 99, 2 })]
    [InlineData(new long[] { 4 }, new long[] { 5 })]
    [InlineData(new long[] { 3, 4 }, new long[] { 6, 1 })]
    [InlineData(new long[] { 5, 1 }, new long[] { 4, 7 })]
    public void Elements_out_of_order_are_gathered_whole_and_in_every_part(long[] shape, long[] strides)
    {
        const int Offset = 1;
        foreach (var (storage, size) in new[] { ("ByteStorage", 1), ("ShortStorage", 2), ("FloatStorage", 4), ("LongStorage", 8), ("ComplexDoubleStorage", 16) })
        {
            var bytes = Enumerable.Range(0, 32 * size).Select(static i => (byte)(i * 7)).ToArray();
            using var source = Open(TorchFiles.Checkpoint(Flat(p => p.Text("w").Tensor(storage, "0", 32, Offset, shape, strides)), bytes));
            var expected = Places(shape, strides).SelectMany(at => bytes[(int)((Offset + at) * size)..][..size]).ToArray();
            var whole = new byte[expected.Length];
            source.Read("w", whole);
            Assert.Equal(expected, whole);
            for (var start = 0; start < expected.Length; start += size)
            {
                var part = new byte[Math.Min(expected.Length - start, 3 * size)];
                source.ReadPart("w", start, part);
                Assert.Equal(expected[start..(start + part.Length)], part);
            }
        }
    }

    [Fact]
    public void A_module_with_metadata_parameters_counters_and_settings_is_read()
    {
        var script = new PickleScript().Op('}').Op('(');
        script.Text("steps").Integer(123_456_789_012);
        script.Text("huge").Raw(0x8A, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        script.Text("rate").Number(0.5).Text("nothing").Op('N').Text("on").Raw(0x88).Text("seen").Raw(0x8F).Raw((byte)'(').Integer(3).Raw(0x90);
        script.Text("args").Global("argparse", "Namespace").Op(')').Raw(0x81).Op('}').Op('(')
            .Text("data").Global("pathlib", "PosixPath").Op('(').Text("/data").Text("train").Op('t').Op('R')
            .Text("device").Global("torch", "device").Op('(').Text("cuda").Integer(0).Op('t').Op('R')
            .Text("precision").Global("torch", "bfloat16").Text("sizes").Op(']').Op('(').Integer(1).Integer(2).Op('e').Op('u').Op('b');
        script.Text("optimizer").Op('}').Text("state").Op('}').Op('(');
        for (var i = 0; i < 300; i += 299)
            script.Integer(i).Op('}').Text("exp_avg").Tensor("FloatStorage", "0", 6, 0, [6], [1]).Op('s');
        script.Op('u').Op('s');
        script.Text("model").Global("collections", "OrderedDict").Op(')').Op('R').Op('(')
            .Text("weight").Global("torch._utils", "_rebuild_parameter").Op('(').Tensor("FloatStorage", "0", 6, 0, [2, 3], [3, 1], "cuda:0")
            .Raw(0x88).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R')
            .Text("tagged").Global("torch._tensor", "_rebuild_from_type_v2").Op('(').Global("torch._utils", "_rebuild_tensor_v2").Global("torch", "Tensor")
            .Op('(').Storage("FloatStorage", "0", 6).Integer(1).Integers(2).Integers(1).Raw(0x89).Op('N').Op('t').Op('}').Op('t').Op('R')
            .Text("_extra_state").Op('N').Op('u')
            .Op('}').Text("_metadata").Op('}').Op('s').Op('b').Op('u');
        using var source = Open(TorchFiles.Checkpoint(script.End(), Numbers(6)));

        Assert.Equal("model", source.Section);
        Assert.Equal(["weight", "tagged"], source.Tensors.Keys);
        Assert.Equal(["_extra_state"], source.Ignored);
        Assert.Equal([0f, 1, 2, 3, 4, 5], SafetensorsTests.Floats(source, "weight"));
        Assert.Equal([1f, 2], SafetensorsTests.Floats(source, "tagged"));
        Assert.Equal(123_456_789_012, source.Summary.Steps);
        Assert.Equal("3727165692135864801209549313", source.Summary.Items.Single(static i => i.Name == "huge").Text);
        Assert.Equal("/data/train", source.Summary.Arguments["data"]);
        Assert.Equal("cuda/0", source.Summary.Arguments["device"]);
        Assert.Equal("torch.bfloat16", source.Summary.Arguments["precision"]);
        Assert.Equal("[1, 2]", source.Summary.Arguments["sizes"]);
        Assert.Equal(2, source.Summary.Items.Single(static i => i.Name == "optimizer").TensorCount);
    }

    [Fact]
    public void Newer_protocols_with_frames_and_kept_values_are_read()
    {
        byte[] Short(string text) => [0x8C, (byte)text.Length, .. System.Text.Encoding.UTF8.GetBytes(text)];
        var script = new PickleScript().Raw(0x80, 5).Raw(0x95).Raw(new byte[8]).Op('}').Raw(0x94).Raw(Short("w")).Raw(0x94)
            .Raw(Short("torch._utils")).Raw(Short("_rebuild_tensor_v2")).Raw(0x93).Raw(0x94).Op('(').Op('(')
            .Raw(Short("storage")).Raw(Short("torch")).Raw(Short("FloatStorage")).Raw(0x93).Raw(Short("0")).Raw(Short("cpu")).Integer(2).Op('t').Op('Q')
            .Integer(0).Integer(2).Raw(0x85).Integer(1).Raw(0x85).Raw(0x89).Op('}').Op('t').Op('R').Op('s')
            .Raw((byte)'h', 1).Op('0');
        using var source = Open(TorchFiles.Checkpoint(script.End(), Numbers(2)));
        Assert.Equal([0f, 1], SafetensorsTests.Floats(source, "w"));
    }

    [Theory]
    [InlineData(WeightSection.Automatic, new[] { "module", "state_dict", "model", "ema" }, "ema")]
    [InlineData(WeightSection.Automatic, new[] { "module", "state_dict", "model" }, "model")]
    [InlineData(WeightSection.Automatic, new[] { "module", "state_dict" }, "state_dict")]
    [InlineData(WeightSection.Automatic, new[] { "module" }, "module")]
    [InlineData(WeightSection.Model, new[] { "ema", "state_dict", "module" }, "module")]
    [InlineData(WeightSection.Ema, new[] { "model", "ema" }, "ema")]
    public void The_section_follows_the_order_of_preference(WeightSection section, string[] keys, string chosen)
    {
        var script = new PickleScript().Op('}').Op('(');
        foreach (var key in keys)
            script.Text(key).Op('}').Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Op('s');
        using var source = Open(TorchFiles.Checkpoint(script.Op('u').End(), Numbers(2)), section);
        Assert.Equal(chosen, source.Section);
    }

    [Fact]
    public void Weights_one_level_deeper_are_found_and_a_missing_average_is_explained()
    {
        var script = new PickleScript().Op('}').Op('(').Text("ema").Op('N').Text("epoch").Integer(3)
            .Text("model").Op('}').Text("state_dict").Op('}').Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Op('s').Op('s').Op('u');
        var file = TorchFiles.Checkpoint(script.End(), Numbers(2));
        using var source = Open(file);
        Assert.Equal("model.state_dict", source.Section);
        var fault = Assert.Throws<CheckpointException>(() => Open(file, WeightSection.Ema).Dispose());
        Assert.Contains("no moving average", fault.Message, StringComparison.Ordinal);
        Assert.Contains("ema, epoch, model", fault.Message, StringComparison.Ordinal);
        Assert.Equal("a dictionary", TorchCheckpoint.Describe(_folder["a.pt"]).Kind);
    }

    [Fact]
    public void Large_file_fields_a_comment_and_a_compressed_pickle_are_understood()
    {
        var pickle = Flat(p => p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]));
        var packed = Deflate(pickle);
        var parts = new[]
        {
            new ZipPart("my model/data.pkl", packed) { Method = 8, ClaimedLength = pickle.Length },
            new ZipPart("my model/data/0", Numbers(2)),
        };
        foreach (var zip64 in new[] { false, true })
        {
            using var source = Open(TorchFiles.Zip(parts, zip64, "packed by hand"u8.ToArray()));
            Assert.Equal([0f, 1], SafetensorsTests.Floats(source, "w"));
        }
    }

    [Fact]
    public void Many_small_tensors_are_no_reason_to_refuse_a_file()
    {
        var storages = Enumerable.Range(0, 3000).Select(static i => Numbers(64)).ToArray();
        var pickle = Flat(p =>
        {
            for (var i = 0; i < storages.Length; i++)
                p.Text($"blocks.{i}.attention.query.bias").Raw((byte)'r').Raw(BitConverter.GetBytes(i)).Tensor("FloatStorage", $"{i}", 64, 0, [64], [1], "cuda:0");
            return p;
        });
        using var source = Open(TorchFiles.Checkpoint(pickle, storages));
        Assert.Equal(storages.Length, source.Tensors.Count);
    }

    public void Dispose() => _folder.Dispose();

    internal static byte[] Deflate(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var stream = new System.IO.Compression.DeflateStream(packed, System.IO.Compression.CompressionLevel.SmallestSize, leaveOpen: true))
            stream.Write(bytes);
        return packed.ToArray();
    }

    internal static byte[] Numbers(int count) => SafetensorsTests.MemoryBytes([.. Enumerable.Range(0, count).Select(static i => (float)i)]);

    internal static byte[] Flat(Func<PickleScript, PickleScript> items) => items(new PickleScript().Op('}').Op('(')).Op('u').End();

    private static IEnumerable<long> Places(long[] shape, long[] strides)
    {
        IEnumerable<long> places = [0L];
        for (var i = 0; i < shape.Length; i++)
        {
            var (side, stride) = (shape[i], strides[i]);
            places = places.SelectMany(at => Enumerable.Range(0, (int)side).Select(k => at + (k * stride)));
        }
        return places;
    }

    private TorchCheckpoint Open(byte[] file, WeightSection section = WeightSection.Automatic)
    {
        File.WriteAllBytes(_folder["a.pt"], file);
        return Assert.IsType<TorchCheckpoint>(WeightFile.Open(_folder["a.pt"], section));
    }
}
