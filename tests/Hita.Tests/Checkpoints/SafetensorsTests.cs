using System.Buffers.Binary;
using System.Text;
using Hita.Checkpoints;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints;

public sealed class SafetensorsTests
{
    [Fact]
    public void A_written_file_reads_back_with_types_shapes_texts_and_values()
    {
        using var folder = new TemporaryFolder();
        var path = folder["weights.safetensors"];
        TensorEntry[] entries =
        [
            new("flag", TensorType.Bool, [3]),
            new("weights", TensorType.Float32, [2, 3]),
            new("half", TensorType.Float16, [2]),
            new("brain", TensorType.BFloat16, [2]),
            new("step", TensorType.Int64, []),
            new("nothing", TensorType.Float64, [0, 4]),
        ];
        using (var writer = new SafetensorsWriter(path, entries, new Dictionary<string, string> { ["made by"] = "a \"test\" — é" }))
        {
            writer.Write("weights", MemoryBytes([1f, -2f, 3.5f]));
            writer.Write("flag", [1, 0, 1]);
            writer.Write("weights", MemoryBytes([4f, 5f, 6f]));
            writer.Write("half", [0x00, 0x3C, 0x00, 0xC0]);
            writer.Write("brain", [0x80, 0x3F, 0x20, 0xC0]);
            writer.Write("step", [7, 0, 0, 0, 0, 0, 0, 0]);
            Assert.False(File.Exists(path), "the file must not be seen before it is whole");
            writer.Complete();
        }

        using var source = WeightFile.Open(path);
        Assert.Equal("a \"test\" — é", source.Metadata["made by"]);
        Assert.Equal(entries.Length, source.Tensors.Count);
        foreach (var entry in entries)
            Assert.Equal(entry, source.Tensors[entry.Name]);
        Assert.Equal([1f, -2f, 3.5f, 4f, 5f, 6f], Floats(source, "weights"));
        Assert.Equal([1f, -2f], Floats(source, "half"));
        Assert.Equal([1f, -2.5f], Floats(source, "brain"));
        Assert.Equal([1, 0, 1], source.ReadInts("flag"));
        Assert.Equal([7], source.ReadInts("step"));
        Assert.Empty(Floats(source, "nothing"));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_part_of_a_tensor_equals_that_part_of_the_whole()
    {
        using var source = WeightFile.Open(TestFiles.Vector("gpt.safetensors"));
        var entry = source.Tensors.Values.MaxBy(e => e.ByteLength)!;
        var whole = new byte[entry.ByteLength];
        source.Read(entry.Name, whole);
        var part = new byte[400];
        source.ReadPart(entry.Name, 80, part);
        Assert.Equal(whole[80..480], part);
        Assert.Throws<ArgumentException>(() => source.ReadPart(entry.Name, entry.ByteLength - 4, new byte[8]));
    }

    [Fact]
    public void An_unfinished_file_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new SafetensorsWriter(folder["a.safetensors"], [new("x", TensorType.Float32, [2])]))
        {
            writer.Write("x", new byte[4]);
            Assert.Throws<InvalidOperationException>(writer.Complete);
        }
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}""", "twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "needs 12")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "not complete")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}}""", "no memory")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}""", "no memory")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "places")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,80]}}""", "places")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", "lacks")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"what":1}}""", "unknown")]
    [InlineData("""{"a":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}""", "something other")]
    [InlineData("""{"__metadata__":{"a":[]}}""", "not text")]
    [InlineData("""{"a":""", "JSON")]
    [InlineData("""[1]""", "not a JSON object")]
    public void A_header_that_lies_is_refused_in_one_sentence(string json, string reason)
    {
        using var folder = new TemporaryFolder();
        var path = WriteRaw(folder, json, 8);
        var fault = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path).Dispose());
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_length_beyond_the_file_is_refused_before_anything_is_allocated()
    {
        using var folder = new TemporaryFolder();
        var path = folder["a.safetensors"];
        foreach (var length in new[] { ulong.MaxValue, 1UL << 40, 99_000_000UL, 30UL })
        {
            var bytes = new byte[32];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
            bytes[8] = (byte)'{';
            File.WriteAllBytes(path, bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path).Dispose());
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        }
    }

    [Fact]
    public void A_type_that_cannot_be_read_is_listed_and_refused_only_when_read()
    {
        using var folder = new TemporaryFolder();
        var path = WriteRaw(folder, """{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8);
        using var source = SafetensorsFile.Open(path);
        Assert.Equal("F8_E4M3", source.Tensors["a"].TypeName);
        Assert.Equal(4, source.Tensors["a"].ByteLength);
        Assert.Equal([0f], Floats(source, "b"));
        Assert.Contains("F8_E4M3", Assert.Throws<CheckpointException>(() => source.Read("a", new byte[4])).Message, StringComparison.Ordinal);
        Assert.Contains("no tensor 'c'", Assert.Throws<CheckpointException>(() => source.ReadInts("c")).Message, StringComparison.Ordinal);
        Assert.Contains("integers", Assert.Throws<CheckpointException>(() => source.ReadInts("b")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wide_integers_are_read_and_refused_where_they_do_not_fit()
    {
        using var folder = new TemporaryFolder();
        var path = folder["a.safetensors"];
        using (var writer = new SafetensorsWriter(path, [new("fits", TensorType.Int64, [2]), new("wide", TensorType.UInt64, [1])]))
        {
            writer.Write("fits", [1, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
            writer.Write("wide", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
            writer.Complete();
        }
        using var source = SafetensorsFile.Open(path);
        Assert.Equal([1, -1], source.ReadInts("fits"));
        Assert.Contains("32 bits", Assert.Throws<CheckpointException>(() => source.ReadInts("wide")).Message, StringComparison.Ordinal);
    }

    private static string WriteRaw(TemporaryFolder folder, string json, int dataLength)
    {
        var text = Encoding.UTF8.GetBytes(json);
        var bytes = new byte[8 + text.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, text.Length);
        text.CopyTo(bytes, 8);
        File.WriteAllBytes(folder["raw.safetensors"], bytes);
        return folder["raw.safetensors"];
    }

    internal static byte[] MemoryBytes(float[] values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    internal static float[] Floats(ITensorSource source, string name)
    {
        var values = new float[source.Tensors[name].Count];
        source.ReadFloats(name, values);
        return values;
    }
}
