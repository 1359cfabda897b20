using System.Text.RegularExpressions;
using Hita.Checkpoints;

namespace Hita.Models;

/// <summary>
/// A DINOv2 file as the hub's <c>transformers</c> library writes it, under the names that its authors' own file has: what is one
/// matrix there (queries, keys and values of a block) is three here, one after the other.
/// </summary>
internal sealed partial class TransformersDinov2 : TensorSource
{
    private const string Mark = "encoder.layer.0.attention.attention.query.weight";

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["embeddings.cls_token"] = "cls_token",
        ["embeddings.mask_token"] = "mask_token",
        ["embeddings.register_tokens"] = "register_tokens",
        ["embeddings.position_embeddings"] = "pos_embed",
        ["embeddings.patch_embeddings.projection.weight"] = "patch_embed.proj.weight",
        ["embeddings.patch_embeddings.projection.bias"] = "patch_embed.proj.bias",
        ["layernorm.weight"] = "norm.weight",
        ["layernorm.bias"] = "norm.bias",
    };

    private static readonly (string Theirs, string Own)[] BlockNames =
    [
        ("attention.output.dense.", "attn.proj."),
        ("layer_scale1.lambda1", "ls1.gamma"),
        ("layer_scale2.lambda1", "ls2.gamma"),
        ("mlp.weights_in.", "mlp.w12."),
        ("mlp.weights_out.", "mlp.w3."),
    ];

    private static readonly string[] Joined = ["query", "key", "value"];

    private readonly ITensorSource _inner;
    private readonly OrderedDictionary<string, TensorEntry> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string[]> _original = new(StringComparer.Ordinal);

    private TransformersDinov2(ITensorSource inner)
        : base(inner.Path)
    {
        _inner = inner;
        foreach (var entry in inner.Tensors.Values)
        {
            var match = JoinedName().Match(entry.Name);
            if (!match.Success)
                Add(entry with { Name = OwnName(entry.Name) }, entry.Name);
            else if (match.Groups["part"].Value == Joined[0])
                AddJoined(entry, match);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata => _inner.Metadata;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes => [.. _inner.Notes, $"The names of {_tensors.Count} tensors are those of DINOv2's authors; the file has them as the transformers library writes them."];

    /// <summary>The file itself where it is no such one, else the file under the authors' names; it owns the file.</summary>
    public static ITensorSource Of(ITensorSource file) => file.Tensors.ContainsKey(Mark) && file.Tensors.ContainsKey("embeddings.cls_token") ? new TransformersDinov2(file) : file;

    /// <inheritdoc/>
    protected override void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination)
    {
        var parts = _original[entry.Name];
        var partBytes = entry.ByteLength / parts.Length;
        while (destination.Length > 0)
        {
            var part = (int)(byteOffset / partBytes);
            var within = byteOffset % partBytes;
            var count = (int)Math.Min(destination.Length, partBytes - within);
            _inner.ReadPart(parts[part], within, destination[..count]);
            destination = destination[count..];
            byteOffset += count;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inner.Dispose();
        base.Dispose(disposing);
    }

    private void AddJoined(TensorEntry query, Match match)
    {
        string[] names = [.. Joined.Select(part => $"{match.Groups["before"]}{part}{match.Groups["after"]}")];
        // A file that lacks one, or has another shape of it, is told by the name that it has.
        if (query.Shape.Count == 0 || names.Any(n => !_inner.Tensors.TryGetValue(n, out var other) || other.Type != query.Type || !other.HasShape([.. query.Shape])))
        {
            Add(query, query.Name);
            return;
        }
        var name = $"blocks.{match.Groups["block"]}.attn.qkv{match.Groups["after"]}";
        Add(query with { Name = name, Shape = [query.Shape[0] * names.Length, .. query.Shape.Skip(1)] }, names);
    }

    private void Add(TensorEntry entry, params string[] original)
    {
        _tensors[entry.Name] = entry;
        _original[entry.Name] = original;
    }

    private static string OwnName(string name)
    {
        if (Names.TryGetValue(name, out var own))
            return own;
        var match = BlockName().Match(name);
        if (!match.Success)
            return name;
        var rest = match.Groups["rest"].Value;
        foreach (var (theirs, ours) in BlockNames)
        {
            if (rest.StartsWith(theirs, StringComparison.Ordinal))
                rest = ours + rest[theirs.Length..];
        }
        return $"blocks.{match.Groups["block"]}.{rest}";
    }

    [GeneratedRegex(@"^encoder\.layer\.(?<block>[0-9]{1,4})\.(?<rest>.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex BlockName();

    [GeneratedRegex(@"^(?<before>encoder\.layer\.(?<block>[0-9]{1,4})\.attention\.attention\.)(?<part>query|key|value)(?<after>\.(weight|bias))$", RegexOptions.CultureInvariant)]
    private static partial Regex JoinedName();
}
