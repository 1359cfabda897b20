using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Generation.Model;

// B batch (R rows when decoding), T positions, C width, H heads, D head width, M holistic tokens.

/// <summary>A pre-norm block: attention, then a gated feed-forward part.</summary>
internal sealed class GeneratorBlock : nn.Module
{
    // In the order of the published state dict, in which gradient and parameter norms are recorded.
    [ComponentName(Name = "attention")] private readonly GeneratorAttention _attention;
    [ComponentName(Name = "feed_forward")] private readonly SwiGlu _feedForward;
    [ComponentName(Name = "attention_norm")] private readonly RmsNorm _attentionNorm;
    [ComponentName(Name = "ffn_norm")] private readonly RmsNorm _feedForwardNorm;
    private readonly double _dropout;

    public GeneratorBlock(GeneratorConfig config, double dropout, Placement placement)
        : base(nameof(GeneratorBlock))
    {
        _dropout = dropout;
        _attentionNorm = new RmsNorm(config.Width, placement);
        _attention = new GeneratorAttention(config, placement);
        _feedForwardNorm = new RmsNorm(config.Width, placement);
        _feedForward = new SwiGlu(config.Width, config.HiddenWidth, placement);
        RegisterComponents();
    }

    /// <summary>All positions at once, [B, T, C] from position 0.</summary>
    public Tensor Forward(Tensor x, TokenPositions positions)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(Drop(_attention.Forward(_attentionNorm.call(x), positions)));
        return x.Plus(Drop(_feedForward.call(_feedForwardNorm.call(x)))).MoveToOuterDisposeScope();
    }

    /// <summary>One position of each row, [R, 1, C].</summary>
    public Tensor Step(Tensor x, TokenPositions positions, TensorKeyValueCache cache, int layer, long position)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(_attention.Step(_attentionNorm.call(x), positions, cache, layer, position));
        return x.Plus(_feedForward.call(_feedForwardNorm.call(x))).MoveToOuterDisposeScope();
    }

    private Tensor Drop(Tensor x) => training && _dropout > 0 ? nn.functional.dropout(x, _dropout) : x;
}

/// <summary>Causal attention with one fused projection and no biases.</summary>
internal sealed class GeneratorAttention : nn.Module
{
    [ComponentName(Name = "wqkv")] private readonly Linear _qkv;
    [ComponentName(Name = "wo")] private readonly Linear _out;
    private readonly long _heads;

    public GeneratorAttention(GeneratorConfig config, Placement placement)
        : base(nameof(GeneratorAttention))
    {
        _heads = config.Heads;
        _qkv = new Linear(config.Width, 3L * config.Width, hasBias: false, placement);
        _out = new Linear(config.Width, config.Width, hasBias: false, placement);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, TokenPositions positions)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = Project(x);
        var y = nn.functional.scaled_dot_product_attention(positions.EncodeQueries(q, 0), positions.EncodeKeys(k, 0), v, is_casual: true);
        return Join(y, x);
    }

    public Tensor Step(Tensor x, TokenPositions positions, TensorKeyValueCache cache, int layer, long position)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = Project(x);
        var (keys, values) = cache.Append(layer, position, positions.EncodeKeys(k, position), v);
        var y = nn.functional.scaled_dot_product_attention(positions.EncodeQueries(q, position), keys, values);
        return Join(y, x);
    }

    private (Tensor Q, Tensor K, Tensor V) Project(Tensor x)
    {
        long batch = x.size(0), count = x.size(1), headWidth = x.size(2) / _heads;
        var parts = _qkv.call(x).view(batch, count, 3, _heads, headWidth).permute(2, 0, 3, 1, 4).unbind(0); // 3 × [B, H, T, D]
        return (parts[0], parts[1], parts[2]);
    }

    private Tensor Join(Tensor y, Tensor x) => _out.call(y.transpose(1, 2).reshape(x.shape)).MoveToOuterDisposeScope();
}

/// <summary>How positions enter queries and keys: learned and added below M, rotary from M on.</summary>
/// <param name="ofQueries">The learned table as queries see it; null in the vanilla family.</param>
/// <param name="ofKeys">The same table as keys see it.</param>
/// <param name="rotary">The rotary table.</param>
/// <param name="holisticCount">M.</param>
internal sealed class TokenPositions(Tensor? ofQueries, Tensor? ofKeys, PatchRotary rotary, int holisticCount)
{
    /// <summary>Encodes queries [B, H, T, D] of the positions first … first + T − 1.</summary>
    public Tensor EncodeQueries(Tensor x, long first) => Encode(x, first, ofQueries);

    /// <summary>Encodes keys [B, H, T, D] of the positions first … first + T − 1.</summary>
    public Tensor EncodeKeys(Tensor x, long first) => Encode(x, first, ofKeys);

    private Tensor Encode(Tensor x, long first, Tensor? learned)
    {
        using var scope = NewDisposeScope();
        var count = x.size(2);
        var added = Math.Clamp(holisticCount - first, 0, count);
        if (added == 0)
            return rotary.Turn(x, first - holisticCount).MoveToOuterDisposeScope();
        var rows = learned!.narrow(0, first, added).view(added, x.size(1), x.size(3)).transpose(0, 1); // [H, added, D]
        var head = x.narrow(2, 0, added).Plus(rows); // [B, H, added, D]
        if (added == count)
            return head.MoveToOuterDisposeScope();
        return cat([head, rotary.Turn(x.narrow(2, added, count - added), 0)], 2).MoveToOuterDisposeScope();
    }
}
