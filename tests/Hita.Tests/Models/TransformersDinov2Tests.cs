using System.Text.RegularExpressions;
using Hita.Checkpoints;
using Hita.Models;
using Hita.Tests.Support;

namespace Hita.Tests.Models;

/// <summary>DINOv2 files as the transformers library writes them.</summary>
public sealed class TransformersDinov2Tests
{
    private static readonly (string Own, string Theirs)[] Names =
    [
        ("cls_token", "embeddings.cls_token"), ("mask_token", "embeddings.mask_token"), ("register_tokens", "embeddings.register_tokens"), ("pos_embed", "embeddings.position_embeddings"),
        ("patch_embed.proj", "embeddings.patch_embeddings.projection"), ("attn.proj", "attention.output.dense"), ("ls1.gamma", "layer_scale1.lambda1"), ("ls2.gamma", "layer_scale2.lambda1"),
    ];

    [Fact]
    public void They_are_the_authors_own_file_to_the_bit()
    {
        using var folder = new TemporaryFolder();
        using var own = WeightFile.Open(TestFiles.Vector("tokenizer-vanilla.dinov2.pth"));
        Write(own, folder["model.safetensors"]);
        using var theirs = WeightFile.Open(folder["model.safetensors"]);
        Assert.Equal(ModelKind.SemanticEncoder, ModelKinds.Of(theirs));
        Assert.Equal(own.Tensors.Keys.Order(StringComparer.Ordinal), theirs.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var entry in own.Tensors.Values)
        {
            Assert.Equal(entry, theirs.Tensors[entry.Name]);
            Assert.Equal(Bytes(own, entry), Bytes(theirs, entry));
        }
        // Across the seam of what is one matrix here and three there.
        var qkv = own.Tensors["blocks.0.attn.qkv.weight"];
        var part = new byte[qkv.ByteLength - 8];
        theirs.ReadPart(qkv.Name, 4, part);
        Assert.Equal(Bytes(own, qkv)[4..^4], part);
        Assert.Contains(theirs.Notes, static n => n.Contains("transformers library", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_lacks_a_part_is_told_by_the_parts_name()
    {
        using var folder = new TemporaryFolder();
        using var own = WeightFile.Open(TestFiles.Vector("tokenizer-vanilla.dinov2.pth"));
        Write(own, folder["model.safetensors"], except: "encoder.layer.1.attention.attention.key.weight");
        using var theirs = WeightFile.Open(folder["model.safetensors"]);
        Assert.DoesNotContain("blocks.1.attn.qkv.weight", theirs.Tensors.Keys);
        Assert.Contains("encoder.layer.1.attention.attention.query.weight", theirs.Tensors.Keys);
        Assert.Contains("blocks.0.attn.qkv.weight", theirs.Tensors.Keys);
    }

    /// <summary>Writes a file of the authors under the other names.</summary>
    internal static void Write(ITensorSource own, string path, string? except = null)
    {
        List<(TensorEntry Entry, byte[] Bytes)> tensors = [.. own.Tensors.Values.SelectMany(e => Renamed(own, e)).Where(t => t.Entry.Name != except)];
        using var writer = new SafetensorsWriter(path, tensors.Select(static t => t.Entry));
        foreach (var (entry, bytes) in tensors)
            writer.Write(entry.Name, bytes);
        writer.Complete();
    }

    private static IEnumerable<(TensorEntry Entry, byte[] Bytes)> Renamed(ITensorSource own, TensorEntry entry)
    {
        var bytes = Bytes(own, entry);
        var name = Regex.Replace(entry.Name, "^norm\\.", "layernorm.");
        foreach (var (mine, theirs) in Names)
            name = name.Replace(mine, theirs, StringComparison.Ordinal);
        name = name.Replace("blocks.", "encoder.layer.", StringComparison.Ordinal);
        if (!name.Contains("attn.qkv", StringComparison.Ordinal))
            return [(entry with { Name = name }, bytes)];
        var third = bytes.Length / 3;
        return ((string[])["query", "key", "value"]).Select((part, i) => (
            entry with { Name = name.Replace("attn.qkv", $"attention.attention.{part}", StringComparison.Ordinal), Shape = [entry.Shape[0] / 3, .. entry.Shape.Skip(1)] },
            bytes[(i * third)..((i + 1) * third)]));
    }

    private static byte[] Bytes(ITensorSource source, TensorEntry entry)
    {
        var bytes = new byte[entry.ByteLength];
        source.Read(entry.Name, bytes);
        return bytes;
    }
}
