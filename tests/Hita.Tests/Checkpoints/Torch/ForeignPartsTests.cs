using System.Text;
using Hita.Checkpoints;
using Hita.Checkpoints.Torch;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>Checkpoints that hold things of other programs beside their weights: noted, listed, never run.</summary>
public sealed class ForeignPartsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Random_states_settings_and_callbacks_are_left_out_and_listed()
    {
        using var source = Open(Beside(p => p
            .Text("epoch").Integer(3)
            .Text("best").Global("numpy.core.multiarray", "scalar").Global("numpy", "dtype").Text("f8").Raw(0x89, 0x88, 0x87).Op('R')
            .Op('(').Integer(3).Text("<").Op('N').Op('N').Op('N').Integer(-1).Integer(-1).Integer(0).Op('t').Op('b')
            .Global("_codecs", "encode").Text("abcdefgh").Text("latin1").Raw(0x86).Op('R').Raw(0x86).Op('R')
            .Text("hyper_parameters").Global("omegaconf.dictconfig", "DictConfig").Op(')').Raw(0x81).Op('}').Text("_content").Op('}').Text("lr").Global("omegaconf.nodes", "AnyNode").Op(')').Raw(0x81).Op('s').Op('s').Op('b')
            .Text("callbacks").Op('}').Op('(').Text("ModelCheckpoint").Global("pytorch_lightning.utilities.parsing", "AttributeDict").Op(')').Raw(0x81).Op('(').Text("k").Integer(1).Op('u')
            .Text("queue").Global("collections", "deque").Op(']').Raw(0x85).Op('R').Op('(').Integer(1).Integer(2).Op('e').Op('u')
            .Text("partial").Global("functools", "partial").Global("os", "system").Raw(0x85).Op('R')
            .Text("made").Global("torch._utils", "_rebuild_qtensor").Op('(').Storage("QInt8Storage", "7", 4).Integer(0).Op('t').Op('R')
            .Text("keyed").Global("enum_of", "Mine").Op(')').Op('}').Raw(0x92)
            .Text("factory").Global("collections", "defaultdict").Global("lib", "factory").Raw(0x85).Op('R')));
        Assert.Equal([0f, 1f], SafetensorsTests.Floats(source, "w"));
        var torch = TorchCheckpoint.Of(source)!;
        Assert.Equal(["best", "hyper_parameters", "callbacks", "partial", "made", "keyed"], torch.Summary.Skipped.Select(static s => s.Name));
        Assert.Equal(["numpy.core.multiarray.scalar"], torch.Summary.Skipped[0].Kinds);
        Assert.Equal(["collections.deque", "pytorch_lightning.utilities.parsing.AttributeDict"], torch.Summary.Skipped[2].Kinds.Order(StringComparer.Ordinal));
        Assert.StartsWith("Parts that are not plain data were left out and not run: best (numpy.core.multiarray.scalar), hyper_parameters (omegaconf.dictconfig.DictConfig), ", Assert.Single(source.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("numpy._core.multiarray", "_reconstruct")]
    [InlineData("models.vq_model", "VQModel")]
    [InlineData("torch.storage", "_load_from_bytes")]
    [InlineData("os", "system")]
    public void What_stands_where_a_tensor_belongs_is_refused_by_name(string module, string name)
    {
        PickleScript Foreign(PickleScript p) => p.Global(module, name).Op('(').Text("x").Op('t').Op('R');
        byte[][] pickles =
        [
            Foreign(new PickleScript()).End(),
            Foreign(new PickleScript().Op('}').Text("model")).Op('s').End(),
            TorchLayoutTests.Flat(p => Foreign(p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Text("bias"))),
            TorchLayoutTests.Flat(p => Foreign(p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Text("bias").Global("torch._utils", "_rebuild_parameter").Op('(')).Raw(0x88).Op('N').Op('t').Op('R')),
        ];
        foreach (var pickle in pickles)
            Assert.Contains($"asks for {module}.{name},", Sentences.Check(Assert.Throws<CheckpointException>(() => Open(pickle))), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_module_keeps_beside_its_tensors_is_no_weight()
    {
        using var source = Open(TorchLayoutTests.Flat(p => p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Text("attention._extra_state").Global("io", "BytesIO").Op(')').Op('R')));
        Assert.Equal(["w"], source.Tensors.Keys);
        Assert.Equal(["attention._extra_state"], TorchCheckpoint.Of(source)!.Ignored);
    }

    [Fact]
    public void Bytes_of_every_protocol_are_plain_data()
    {
        using var source = Open(Beside(p => p
            .Text("two").Global("_codecs", "encode").Text("\u00e9\u00ff").Text("latin1").Raw(0x86).Op('R')
            .Text("none").Global("__builtin__", "bytes").Op(')').Op('R')
            .Text("three").Raw((byte)'C', 2, 1, 2)));
        Assert.Empty(source.Notes);
        Assert.Contains(TorchCheckpoint.Of(source)!.Summary.Items, static i => i is { Name: "two", Kind: "an object bytes", Text: "2 bytes" });
    }

    [Fact]
    public void A_buffer_that_was_expanded_is_left_out_and_told()
    {
        using var source = Open(TorchLayoutTests.Flat(p => p
            .Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1])
            .Text("mask").Tensor("FloatStorage", "0", 2, 0, [1, 1, 4096, 4096], [0, 0, 0, 0])
            .Text("row").Tensor("FloatStorage", "0", 2, 1, [3, 1], [0, 1])
            .Text("honest").Tensor("FloatStorage", "0", 2, 0, [1, 2], [0, 1])));
        Assert.Equal(["w", "honest"], source.Tensors.Keys);
        Assert.Equal(["mask", "row"], TorchCheckpoint.Of(source)!.Repeating);
        Assert.Equal("mask, row repeat a few stored values, as expanded buffers do, and were left out.", Assert.Single(source.Notes));
    }

    [Fact]
    public void Many_placeholders_cost_no_more_than_the_file()
    {
        using var hostile = new HostileFile();
        var many = new PickleScript().Op('}').Text("model").Op('}').Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Op('s').Op('s').Text("junk").Op(']');
        for (var i = 0; i < 100; i++)
            many.Op('(').Repeat(1000, [.. "ca\nb\n)R"u8]).Op('e');
        Assert.Null(hostile.Outcome(TorchFiles.Checkpoint(many.Op('s').End(), TorchLayoutTests.Numbers(2)), out _, out _));

        var names = new PickleScript().Op(']').Op('(');
        for (var i = 0; i < 200_000; i++)
            names.Raw([.. "ca\n"u8, .. Encoding.UTF8.GetBytes($"{i:x}"), .. "\n)R"u8]);
        Assert.Contains("far more objects", hostile.Outcome(TorchFiles.Checkpoint(names.Op('e').End()), out _, out _)!, StringComparison.Ordinal);

        var wrapped = new PickleScript().Op('}').Op('(');
        for (var i = 0; i < 2500; i++)
            wrapped.Text($"module.{i}").Tensor("FloatStorage", "0", 2, 0, [2], [1]);
        Assert.Null(hostile.Outcome(TorchFiles.Checkpoint(wrapped.Op('u').End(), TorchLayoutTests.Numbers(2)), out _, out _));
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Beside(Func<PickleScript, PickleScript> content) =>
        content(new PickleScript().Op('}').Op('(').Text("model").Op('}').Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Op('s')).Op('u').End();

    private ITensorSource Open(byte[] pickle)
    {
        File.WriteAllBytes(_folder["a.pt"], TorchFiles.Checkpoint(pickle, TorchLayoutTests.Numbers(2)));
        return WeightFile.Open(_folder["a.pt"]);
    }
}
