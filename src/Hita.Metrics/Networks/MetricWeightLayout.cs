using Hita.Checkpoints;
using Hita.Layers;
using Hita.Models;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

/// <summary>The tensors that the weights of a metric consist of, under their published names and without memory for them.</summary>
/// <param name="Shapes">The tensors that are needed.</param>
/// <param name="IsCompared">Whether a tensor of the file must be one of these; the others say nothing about whether it fits.</param>
/// <param name="IsKept">Whether a tensor of the file goes into an imported one.</param>
internal sealed record MetricWeightLayout(IReadOnlyDictionary<string, long[]> Shapes, Func<string, bool> IsCompared, Func<string, bool> IsKept)
{
    /// <summary>The layout of a kind of weights.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The kind is a model's.</exception>
    public static MetricWeightLayout Of(ModelKind kind)
    {
        switch (kind)
        {
            case ModelKind.Inception:
                using (var model = new InceptionModel(Placement.Meta))
                {
                    // The counters of its training are no weights, but count in the fingerprint, by which reports compare.
                    return new(ShapesOf(model), static name => !name.EndsWith(InceptionExtractor.Counter, StringComparison.Ordinal), static _ => true);
                }
            case ModelKind.Vgg16:
                using (var model = new LpipsModel(Placement.Meta))
                {
                    var features = ShapesOf(model).Where(static s => s.Key.StartsWith("net.", StringComparison.Ordinal));
                    // net.slice3.14.weight is features.14.weight there. The classifier, nine tenths of the file, is not needed.
                    return Without(VggFeatures.NameOf, features.Select(static s => KeyValuePair.Create("features." + string.Join('.', s.Key.Split('.')[2..]), s.Value)));
                }
            case ModelKind.LpipsHeads:
                using (var model = new LpipsModel(Placement.Meta))
                    return Without(static name => name, ShapesOf(model).Where(static s => s.Key.StartsWith("lin", StringComparison.Ordinal)));
            case ModelKind.Dino:
                return Without(static name => name, DinoShapes());
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "These are not the weights of a metric.");
        }
    }

    private static MetricWeightLayout Without(Func<string, string?> nameOf, IEnumerable<KeyValuePair<string, long[]>> shapes) =>
        new(shapes.ToDictionary(StringComparer.Ordinal), name => nameOf(name) is not null, name => nameOf(name) is not null);

    private static Dictionary<string, long[]> ShapesOf(nn.Module model) =>
        model.Parameters().ToDictionary(static p => p.Key, static p => p.Value.shape, StringComparer.Ordinal);

    // ViT-S/16 for 224 pixels. The network itself belongs to training, which stands above the measures.
    private static IEnumerable<KeyValuePair<string, long[]>> DinoShapes()
    {
        const long Width = 384, Hidden = 4 * Width, Patches = 14 * 14;
        yield return new("cls_token", [1, 1, Width]);
        yield return new("pos_embed", [1, 1 + Patches, Width]);
        yield return new("patch_embed.proj.weight", [Width, 3, 16, 16]);
        yield return new("patch_embed.proj.bias", [Width]);
        for (var i = 0; i < 12; i++)
        {
            foreach (var (layer, output, input) in ((string, long, long)[])[("attn.qkv", 3 * Width, Width), ("attn.proj", Width, Width), ("mlp.fc1", Hidden, Width), ("mlp.fc2", Width, Hidden)])
            {
                yield return new($"blocks.{i}.{layer}.weight", [output, input]);
                yield return new($"blocks.{i}.{layer}.bias", [output]);
            }
            foreach (var norm in (string[])["norm1", "norm2"])
            {
                yield return new($"blocks.{i}.{norm}.weight", [Width]);
                yield return new($"blocks.{i}.{norm}.bias", [Width]);
            }
        }
        yield return new("norm.weight", [Width]);
        yield return new("norm.bias", [Width]);
    }
}
