using System.Runtime.InteropServices;
using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints;

public sealed class TorchFileTests
{
    private static readonly float[] Numbers = [.. Enumerable.Range(0, 12).Select(i => i - 5.5f)];

    [Fact]
    public void The_averaged_weights_are_chosen_over_those_as_trained_unless_asked_otherwise()
    {
        const string Name = "layers.0.attention_norm.weight";
        var byName = new float[64];
        WeightsByName.Fill(Name, [64], byName);
        using var automatic = WeightFile.Open(TestFiles.Vector("gpt.pt"));
        using var ema = WeightFile.Open(TestFiles.Vector("gpt.pt"), WeightSection.Ema);
        using var model = WeightFile.Open(TestFiles.Vector("gpt.pt"), WeightSection.Model);
        Assert.Equal("ema", automatic.Metadata["section"]);
        Assert.Equal(byName, SafetensorsTests.Floats(automatic, Name));
        Assert.Equal(byName, SafetensorsTests.Floats(ema, Name));
        Assert.NotEqual(byName, SafetensorsTests.Floats(model, Name));
        Assert.Equal(automatic.Tensors.Keys.Order(), model.Tensors.Keys.Order());
    }

    [Fact]
    public void A_tokenizer_as_published_opens_with_every_tensor()
    {
        using var source = WeightFile.Open(TestFiles.Shared("parity/tiny/tokenizer-vanilla.pt"));
        Assert.Equal("ema", source.Metadata["section"]);
        foreach (var entry in source.Tensors.Values)
        {
            if (entry.Name.EndsWith("codebook_used", StringComparison.Ordinal) || entry.Name.EndsWith("quantize.embedding.weight", StringComparison.Ordinal))
                continue;
            var expected = new float[entry.Count];
            WeightsByName.Fill(entry.Name, [.. entry.Shape], expected);
            Assert.Equal(expected, SafetensorsTests.Floats(source, entry.Name));
        }
    }

    [Fact]
    public void A_flat_file_is_its_own_dictionary()
    {
        using var source = WeightFile.Open(TestFiles.Vector("tokenizer-vanilla.dinov2.pth"));
        Assert.False(source.Metadata.ContainsKey("section"));
        Assert.Equal(36, source.Tensors.Count);
        Assert.Equal([1, 1370, 48], source.Tensors["pos_embed"].Shape);
        var expected = new float[48 * 3 * 48];
        WeightsByName.Fill("encode_transformer.backbone.pretrained_encoder.blocks.0.attn.qkv.weight", [144, 48], expected);
        Assert.Equal(expected, SafetensorsTests.Floats(source, "blocks.0.attn.qkv.weight"));
    }

    [Theory]
    [InlineData("DoubleStorage", TensorType.Float64, 8)]
    [InlineData("FloatStorage", TensorType.Float32, 4)]
    [InlineData("HalfStorage", TensorType.Float16, 2)]
    [InlineData("BFloat16Storage", TensorType.BFloat16, 2)]
    [InlineData("LongStorage", TensorType.Int64, 8)]
    [InlineData("IntStorage", TensorType.Int32, 4)]
    [InlineData("ShortStorage", TensorType.Int16, 2)]
    [InlineData("CharStorage", TensorType.Int8, 1)]
    [InlineData("ByteStorage", TensorType.UInt8, 1)]
    [InlineData("BoolStorage", TensorType.Bool, 1)]
    [InlineData("ComplexFloatStorage", TensorType.Complex64, 8)]
    public void Every_type_torch_writes_is_read_in_both_byte_orders(string storage, TensorType type, int size)
    {
        using var folder = new TemporaryFolder();
        var little = Enumerable.Range(1, 4 * size).Select(i => (byte)i).ToArray();
        var unit = type == TensorType.Complex64 ? 4 : size;
        var big = little.Chunk(unit).SelectMany(c => c.Reverse()).ToArray();
        foreach (var (order, data) in new[] { ("little", little), ("big", big) })
        {
            var path = Save(folder, Dict(p => p.Text("x").Tensor(storage, "0", 4, [2, 2], [2, 1])), order, data);
            using var source = WeightFile.Open(path);
            Assert.Equal(new TensorEntry("x", type, [2, 2]), source.Tensors["x"]);
            var read = new byte[little.Length];
            source.Read("x", read);
            Assert.Equal(little, read);
        }
    }

    [Fact]
    public void Views_of_one_storage_are_gathered_by_offset_and_stride()
    {
        using var folder = new TemporaryFolder();
        var pickle = Dict(p => p
            .Text("all").Tensor("FloatStorage", "0", 12, [3, 4], [4, 1])
            .Text("transposed").Tensor("FloatStorage", "0", 12, [4, 3], [1, 4])
            .Text("column").Tensor("FloatStorage", "0", 12, [3], [4], offset: 2)
            .Text("row").Tensor("FloatStorage", "0", 12, [1, 4], [99, 1], offset: 4)
            .Text("repeated").Tensor("FloatStorage", "0", 12, [2, 3], [0, 1], offset: 9)
            .Text("scalar").Tensor("FloatStorage", "0", 12, [], [], offset: 11)
            .Text("empty").Tensor("FloatStorage", "0", 12, [0, 5], [5, 1], offset: 12));
        foreach (var deflate in new[] { false, true })
        {
            using var source = WeightFile.Open(Save(folder, pickle, "little", Bytes(Numbers), deflate));
            Assert.Equal(Numbers, SafetensorsTests.Floats(source, "all"));
            Assert.Equal(Enumerable.Range(0, 12).Select(i => Numbers[(i % 3 * 4) + (i / 3)]), SafetensorsTests.Floats(source, "transposed"));
            Assert.Equal([Numbers[2], Numbers[6], Numbers[10]], SafetensorsTests.Floats(source, "column"));
            Assert.Equal(Numbers[4..8], SafetensorsTests.Floats(source, "row"));
            Assert.Equal([.. Numbers[9..], .. Numbers[9..]], SafetensorsTests.Floats(source, "repeated"));
            Assert.Equal([Numbers[11]], SafetensorsTests.Floats(source, "scalar"));
            Assert.Empty(SafetensorsTests.Floats(source, "empty"));
            var part = new byte[8];
            source.ReadPart("transposed", 16, part);
            Assert.Equal(Bytes([Numbers[5], Numbers[9]]), part);
        }
    }

    [Fact]
    public void Checkpoints_with_optimizer_state_metadata_arguments_and_unknown_parts_are_read()
    {
        using var folder = new TemporaryFolder();
        // {'model': OrderedDict with _metadata, 'optimizer': {'state': {0: {'step': tensor}}}, 'steps': 7, 'args': Namespace}
        var pickle = Dict(p => p
            .Text("model").Global("collections", "OrderedDict").Op(')').Op('R').Mark().Text("w").Tensor("FloatStorage", "0", 12, [12], [1]).Op('u')
            .Op('}').Text("_metadata").Op('}').Op('s').Op('b')
            .Text("optimizer").Op('}').Text("state").Op('}').Int(0).Op('}').Text("step").Tensor("FloatStorage", "0", 12, [], []).Op('s').Op('s').Op('s')
            .Text("steps").Int(7)
            .Text("ema").Op('N')
            .Text("args").Global("argparse", "Namespace").Op(')').Op(0x81).Op('}').Mark().Text("lr").Op('G').Op(0x3F, 0xE0, 0, 0, 0, 0, 0, 0).Text("sizes").Op(']').Int(5).Op('a').Op('u').Op('b'));
        var path = Save(folder, pickle, "little", Bytes(Numbers));
        using var source = WeightFile.Open(path);
        Assert.Equal("model", source.Metadata["section"]);
        Assert.Equal("7", source.Metadata["steps"]);
        Assert.Equal(["w"], source.Tensors.Keys);

        var summary = CheckpointSummary.Read(path);
        Assert.Equal("PyTorch zip file", summary.Format);
        Assert.Equal(["model", "optimizer", "steps", "ema", "args"], summary.Items.Select(i => i.Key));
        Assert.Equal(12, summary.Items[0].ElementCount);
        Assert.Equal("7", summary.Items[2].Text);
        Assert.Equal(["lr: 0.5", "sizes: [5]"], summary.Items[4].Children.Select(c => $"{c.Key}: {c.Text}"));
    }

    [Fact]
    public void Newer_pickle_protocols_and_rebuild_functions_are_read()
    {
        using var folder = new TemporaryFolder();
        var pickle = new PickleMaker(4).Op(0x95, 0, 0, 0, 0, 0, 0, 0, 0).Op('}').Op(0x94).Mark()
            .Op(0x8c, 1).Op('a').Op(0x94)
            // A parameter around a tensor, its function named by STACK_GLOBAL.
            .Op(0x8c, 12).Op("torch._utils"u8.ToArray()).Op(0x8c, 18).Op("_rebuild_parameter"u8.ToArray()).Op(0x93)
            .Tensor("FloatStorage", "0", 12, [12], [1]).Op(0x88).Global("collections", "OrderedDict").Op(')').Op('R').Op(0x87).Op('R')
            // A type of its own over an untyped storage.
            .Text("b").Global("torch._utils", "_rebuild_tensor_v3").Mark().Storage("UntypedStorage", "0", 48).Int(0).Tuple(4).Tuple(1).Op(0x89)
            .Global("collections", "OrderedDict").Op(')').Op('R').Global("torch", "float8_e4m3fn").Op('t').Op('R')
            .Text("c").Global("torch._utils", "_rebuild_tensor_v3").Mark().Storage("UntypedStorage", "0", 48).Int(1).Tuple(2).Tuple(1).Op(0x89)
            .Global("collections", "OrderedDict").Op(')').Op('R').Global("torch", "float32").Op('t').Op('R')
            .Op('u').Done();
        using var source = WeightFile.Open(Save(folder, pickle, "little", Bytes(Numbers)));
        Assert.Equal(Numbers, SafetensorsTests.Floats(source, "a"));
        Assert.Equal("float8_e4m3fn", source.Tensors["b"].TypeName);
        Assert.Contains("float8_e4m3fn", Sentences.Check(Assert.Throws<CheckpointException>(() => source.Read("b", new byte[4]))), StringComparison.Ordinal);
        Assert.Equal(Numbers[1..3], SafetensorsTests.Floats(source, "c"));
    }

    [Fact]
    public void Zip64_files_and_files_zipped_again_are_read()
    {
        using var folder = new TemporaryFolder();
        var pickle = Dict(p => p.Text("x").Tensor("FloatStorage", "0", 12, [12], [1]));
        foreach (var (zip, deflate) in new[] { (new ZipMaker { Zip64 = true }, false), (new ZipMaker(), true), (new ZipMaker { Zip64 = true }, true) })
        {
            var path = folder["again.pt"];
            File.WriteAllBytes(path, zip.Add("archive/data.pkl", pickle, deflate).Add("archive/data/0", Bytes(Numbers), deflate).Add("archive/version", [(byte)'3'], deflate).Done());
            using var source = WeightFile.Open(path);
            Assert.Equal(Numbers, SafetensorsTests.Floats(source, "x"));
            var later = new byte[8];
            source.ReadPart("x", 32, later);
            source.ReadPart("x", 8, later);
            Assert.Equal(Bytes(Numbers[2..4]), later);
        }
    }

    private static byte[] Dict(Func<PickleMaker, PickleMaker> fill) => fill(new PickleMaker().Op('}').Mark()).Op('u').Done();

    internal static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    internal static string Save(TemporaryFolder folder, byte[] pickle, string order, byte[] data, bool deflate = false)
    {
        var path = folder[$"{Guid.NewGuid():N}.pt"];
        var zip = new ZipMaker().Add("archive/data.pkl", pickle, deflate).Add("archive/byteorder", System.Text.Encoding.ASCII.GetBytes(order));
        File.WriteAllBytes(path, zip.Add("archive/data/0", data, deflate).Add("archive/version", "3\n"u8.ToArray()).Done());
        return path;
    }
}
