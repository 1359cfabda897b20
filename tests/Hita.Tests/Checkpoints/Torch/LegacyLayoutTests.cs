using System.IO.Compression;
using System.Text;
using Hita.Checkpoints;
using Hita.Checkpoints.Torch;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>Files as PyTorch wrote them before 1.6, from all of its versions, made byte by byte.</summary>
public sealed class LegacyLayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("DoubleStorage", TensorType.Float64)]
    [InlineData("FloatStorage", TensorType.Float32)]
    [InlineData("HalfStorage", TensorType.Float16)]
    [InlineData("BFloat16Storage", TensorType.BFloat16)]
    [InlineData("LongStorage", TensorType.Int64)]
    [InlineData("IntStorage", TensorType.Int32)]
    [InlineData("ShortStorage", TensorType.Int16)]
    [InlineData("CharStorage", TensorType.Int8)]
    [InlineData("ByteStorage", TensorType.UInt8)]
    [InlineData("BoolStorage", TensorType.Bool)]
    [InlineData("ComplexFloatStorage", TensorType.Complex64)]
    [InlineData("ComplexDoubleStorage", TensorType.Complex128)]
    public void Every_type_comes_back_as_it_was_written(string storage, TensorType type)
    {
        var size = type.Size();
        var bytes = Enumerable.Range(1, 6 * size).Select(static i => (byte)i).ToArray();
        // One byte before it, so that nothing lies at a multiple of its size.
        var pickle = TorchLayoutTests.Flat(p => p
            .Text("first").OldTensor("ByteStorage", "94001", 1, 0, [1], [1])
            .Text("w").OldTensor(storage, "94002", 6, 0, [2, 3], [3, 1], location: "cuda:0"));
        using var source = Open(LegacyFile.Of(pickle, ("94001", 1, [7]), ("94002", size, bytes)));
        Assert.Equal(new TensorEntry("w", type, [2, 3]), source.Tensors["w"]);
        Assert.Equal(bytes, Bytes(source, "w"));
        Assert.Equal([7], source.ReadInts("first"));
    }

    [Fact]
    public void Values_are_read_as_numbers()
    {
        var pickle = TorchLayoutTests.Flat(p => p
            .Text("half").OldTensor("HalfStorage", "a", 2, 0, [2], [1])
            .Text("count").OldTensor("LongStorage", "b", 2, 0, [2], [1]));
        using var source = Open(LegacyFile.Of(pickle, ("a", 2, [0, 0x3E, 0, 0xC0]), ("b", 8, [.. BitConverter.GetBytes(-7L), .. BitConverter.GetBytes(100L)])));
        Assert.Equal([1.5f, -2f], SafetensorsTests.Floats(source, "half"));
        Assert.Equal([-7, 100], source.ReadInts("count"));
    }

    [Fact]
    public void Tensors_share_storages_and_lie_in_parts_of_them()
    {
        var pickle = TorchLayoutTests.Flat(p => p
            .Text("all").OldTensor("FloatStorage", "x", 6, 0, [6], [1])
            .Text("middle").OldTensor("FloatStorage", "x", 6, 2, [3], [1])
            .Text("view").OldTensor("FloatStorage", "x", 6, 1, [2], [1], view: (3, 3))
            .Text("turned").OldTensor("FloatStorage", "x", 6, 0, [2, 2], [1, 2], view: (2, 4))
            .Text("scalar").OldTensor("FloatStorage", "x", 6, 5, [], [])
            .Text("none").OldTensor("FloatStorage", "empty", 0, 0, [0, 4], [4, 1])
            .Text("last").OldTensor("ShortStorage", "a", 1, 0, [1], [1]));
        using var source = Open(LegacyFile.Of(pickle, ("x", 4, TorchLayoutTests.Numbers(6)), ("empty", 4, []), ("a", 2, [9, 0])));
        Assert.Equal([0f, 1, 2, 3, 4, 5], SafetensorsTests.Floats(source, "all"));
        Assert.Equal([2f, 3, 4], SafetensorsTests.Floats(source, "middle"));
        Assert.Equal([4f, 5], SafetensorsTests.Floats(source, "view"));
        Assert.Equal([2f, 4, 3, 5], SafetensorsTests.Floats(source, "turned"));
        Assert.Equal([5f], SafetensorsTests.Floats(source, "scalar"));
        Assert.Empty(SafetensorsTests.Floats(source, "none"));
        Assert.Equal([9], source.ReadInts("last"));
    }

    [Fact]
    public void Elements_out_of_order_are_gathered_whole_and_in_every_part()
    {
        foreach (var (storage, size) in new[] { ("ByteStorage", 1), ("ShortStorage", 2), ("FloatStorage", 4), ("LongStorage", 8), ("ComplexDoubleStorage", 16) })
        {
            var bytes = Enumerable.Range(0, 13 * size).Select(static i => (byte)(i * 7)).ToArray();
            var pickle = TorchLayoutTests.Flat(p => p.Text("w").OldTensor(storage, "k", 13, 1, [3, 4], [1, 3]));
            using var source = Open(LegacyFile.Of(pickle, ("k", size, bytes)));
            var expected = Enumerable.Range(0, 12).SelectMany(i => bytes[((1 + (i / 4) + (i % 4 * 3)) * size)..][..size]).ToArray();
            Assert.Equal(expected, Bytes(source, "w"));
            for (var start = 0; start < expected.Length; start += size)
            {
                var part = new byte[Math.Min(expected.Length - start, 3 * size)];
                source.ReadPart("w", start, part);
                Assert.Equal(expected[start..(start + part.Length)], part);
            }
        }
    }

    [Fact]
    public void Files_of_python_2_with_parameters_are_read()
    {
        // As the weights of 2017 are: short texts, an ordered dictionary made of lists, parameters around tensors.
        var script = new PickleScript().Global("collections", "OrderedDict").Op(']').Op('(');
        foreach (var (name, offset) in new[] { ("features.0.weight", 0L), ("features.0.bias", 2L) })
        {
            script.Op(']').Op('(').Raw(Short(name)).Global("torch.nn.parameter", "Parameter").Global("torch._utils", "_rebuild_tensor").Op('(').Op('(')
                .Raw(Short("storage")).Global("torch", "FloatStorage").Raw(Short("94117")).Raw(Short("cpu")).Raw(0x8A, 1, 4).Op('N').Op('t').Op('Q')
                .Integer(offset).Integers(2).Integers(1).Op('t').Op('R').Raw(0x85).Op('R')
                .Op('(').Raw(0x88).Raw(0x89).Global("collections", "OrderedDict").Op(']').Raw(0x85).Op('R').Op('t').Op('b').Op('e');
        }
        script.Op('e').Raw(0x85).Op('R').Op('}').Raw(Short("_metadata")).Op('}').Op('s').Op('b');
        var names = new PickleScript().Op(']').Raw(Short("94117")).Op('a').End();
        using var source = Open(LegacyFile.Of(script.End(), ("94117", 4, TorchLayoutTests.Numbers(4))) with { Names = names });
        Assert.Equal(["features.0.weight", "features.0.bias"], source.Tensors.Keys);
        Assert.Equal([0f, 1], SafetensorsTests.Floats(source, "features.0.weight"));
        Assert.Equal([2f, 3], SafetensorsTests.Floats(source, "features.0.bias"));
    }

    [Fact]
    public void Tensors_that_are_made_empty_and_filled_later_are_read()
    {
        var script = new PickleScript().Op('}').Op('(').Text("plain");
        Filled(script, 0);
        script.Text("variable").Global("torch.nn.parameter", "Parameter").Op(')').Raw(0x81).Raw((byte)'q', 9).Op('(');
        Filled(script, 1).Op('N').Op('N').Raw(0x88).Raw(0x89).Op('t').Op('b').Text("tied").Raw((byte)'h', 9).Op('u');
        using var source = Open(LegacyFile.Of(script.End(), ("0", 4, TorchLayoutTests.Numbers(4))));
        Assert.Equal([0f, 1, 2], SafetensorsTests.Floats(source, "plain"));
        Assert.Equal([1f, 2, 3], SafetensorsTests.Floats(source, "variable"));
        Assert.Equal([1f, 2, 3], SafetensorsTests.Floats(source, "tied"));

        static PickleScript Filled(PickleScript p, long offset) =>
            p.Global("torch.cuda", "FloatTensor").Op(')').Raw(0x81).Op('(').OldStorage("FloatStorage", "0", 4).Integer(offset).Integers(3).Integers(1).Op('t').Op('b');
    }

    [Fact]
    public void Newer_protocols_with_frames_and_what_follows_the_last_storage_are_no_matter()
    {
        var old = LegacyFile.Of(TorchLayoutTests.Flat(static p => p.Text("w").OldTensor("FloatStorage", "0", 2, 0, [2], [1])), ("0", 4, TorchLayoutTests.Numbers(2)));
        var framed = old with { Mark = Framed(old.Mark), Version = Framed(old.Version), Machine = Framed(old.Machine), Object = Framed(old.Object), Names = Framed(old.Names), Storages = [.. old.Storages, 1, 2, 3] };
        using var source = Open(framed);
        Assert.Equal([0f, 1], SafetensorsTests.Floats(source, "w"));

        static byte[] Framed(byte[] pickle) => [0x80, 4, 0x95, .. BitConverter.GetBytes(pickle.Length - 2L), .. pickle[2..]];
    }

    [Fact]
    public void Pickles_longer_than_what_is_held_of_them_are_read()
    {
        var storages = Enumerable.Range(0, 3000).Select(static i => ($"{94_000_000 + i}", 4, TorchLayoutTests.Numbers(i % 129))).ToArray();
        var pickle = TorchLayoutTests.Flat(p =>
        {
            p.Text("source").Text(new string('x', 200_000)).Text("notes").Raw((byte)'B', 0x40, 0x0D, 3, 0).Raw(new byte[200_000]);
            for (var i = 0; i < storages.Length; i++)
                p.Text($"blocks.{i}.attention.query.bias").OldTensor("FloatStorage", storages[i].Item1, i % 129, 0, [i % 129], [1]);
            return p;
        });
        using var source = Open(LegacyFile.Of(pickle, storages));
        Assert.Equal(storages.Length, source.Tensors.Count);
        Assert.Equal(["source", "notes"], source.Ignored);
        for (var i = 0; i < storages.Length; i++)
            Assert.Equal(storages[i].Item3, Bytes(source, $"blocks.{i}.attention.query.bias"));
    }

    [Fact]
    public void A_checkpoint_of_torch_is_the_same_in_both_formats()
    {
        // Torch's own pickle and storages, put together in the other way.
        var parts = new Dictionary<string, byte[]>();
        using (var zip = ZipFile.OpenRead(TestFiles.Vector("gpt.pt")))
        {
            foreach (var entry in zip.Entries)
            {
                var bytes = new MemoryStream();
                using (var stream = entry.Open())
                    stream.CopyTo(bytes);
                parts.Add(entry.FullName[(entry.FullName.IndexOf('/') + 1)..], bytes.ToArray());
            }
        }
        using var expected = TorchCheckpoint.Open(TestFiles.Vector("gpt.pt"));
        Assert.All(expected.Tensors.Values, static t => Assert.Equal(TensorType.Float32, t.Type));
        var storages = parts.Where(static p => p.Key.StartsWith("data/", StringComparison.Ordinal)).OrderBy(static p => p.Key, StringComparer.Ordinal)
            .Select(static p => (p.Key["data/".Length..], 4, p.Value)).ToArray();
        using var source = Open(LegacyFile.Of(parts["data.pkl"], storages));
        Assert.Equal(expected.Section, source.Section);
        Assert.Equal(expected.Tensors.Values, source.Tensors.Values);
        Assert.Equal(expected.Summary.Arguments, source.Summary.Arguments);
        Assert.All(expected.Tensors.Keys, name => Assert.Equal(Bytes(expected, name), Bytes(source, name)));
    }

    [Fact]
    public void What_it_holds_is_told_and_sections_are_chosen()
    {
        var script = new PickleScript().Op('}').Op('(').Text("epoch").Integer(90)
            .Text("state_dict").Op('}').Text("w").OldTensor("FloatStorage", "0", 2, 0, [2], [1]).Op('s').Op('u');
        using var source = Open(LegacyFile.Of(script.End(), ("0", 4, TorchLayoutTests.Numbers(2))));
        Assert.Equal("state_dict", source.Section);
        Assert.Equal(["epoch", "state_dict"], TorchCheckpoint.Describe(_folder["a.pth"]).Items.Select(static i => i.Name));
        Assert.Contains("no moving average", Assert.Throws<CheckpointException>(() => WeightFile.Open(_folder["a.pth"], WeightSection.Ema).Dispose()).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Short(string text) => [(byte)'U', (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Bytes(TorchCheckpoint source, string name)
    {
        var bytes = new byte[source.Tensors[name].ByteLength];
        source.Read(name, bytes);
        return bytes;
    }

    private TorchCheckpoint Open(LegacyFile file)
    {
        File.WriteAllBytes(_folder["a.pth"], file.ToBytes());
        return Assert.IsType<TorchCheckpoint>(WeightFile.Open(_folder["a.pth"]));
    }
}
