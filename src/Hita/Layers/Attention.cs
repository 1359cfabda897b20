using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Layers;

/// <summary>Multi-head attention over sequences [B, T, H·D], shared by the attention modules.</summary>
internal static class Attention
{
    /// <summary>softmax(q kᵀ / √D) v for each head.</summary>
    /// <param name="q">[B, T, H·D].</param>
    /// <param name="k">[B, S, H·D].</param>
    /// <param name="v">[B, S, H·D].</param>
    /// <param name="heads">H.</param>
    /// <param name="causal">Position t sees positions 0 … t only; T equals S then.</param>
    /// <param name="mask">True where a position may be seen, [T, S]; excludes <paramref name="causal"/>.</param>
    /// <param name="dropout">Probability of dropping an attention weight; 0 outside training.</param>
    /// <returns>[B, T, H·D].</returns>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, long heads, bool causal = false, Tensor? mask = null, double dropout = 0)
    {
        using var scope = NewDisposeScope();
        var y = nn.functional.scaled_dot_product_attention(
            Split(q, heads), Split(k, heads), Split(v, heads), mask!, dropout, causal); // [B, H, T, D]
        return y.transpose(1, 2).reshape(q.shape).MoveToOuterDisposeScope();
    }

    /// <summary>softmax(q kᵀ / √D), the mean over the heads.</summary>
    /// <param name="q">[B, T, H·D].</param>
    /// <param name="k">[B, S, H·D].</param>
    /// <param name="heads">H.</param>
    /// <returns>[B, T, S], float32.</returns>
    public static Tensor Weights(Tensor q, Tensor k, long heads)
    {
        using var scope = NewDisposeScope();
        long batch = q.size(0), width = q.size(2) / heads;
        var left = Split(q, heads).reshape(batch * heads, q.size(1), width); // [B·H, T, D]
        var right = Split(k, heads).reshape(batch * heads, k.size(1), width).transpose(1, 2); // [B·H, D, S]
        var scores = left.BatchedProduct(right).to(ScalarType.Float32).Times(1 / Math.Sqrt(width));
        return nn.functional.softmax(scores, -1).view(batch, heads, q.size(1), k.size(1)).mean([1]).MoveToOuterDisposeScope();
    }

    private static Tensor Split(Tensor x, long heads) =>
        x.view(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2); // [B, H, T, D]
}

/// <summary>Attention in which every position sees every other; projections without bias but the last.</summary>
internal sealed class BidirectionalAttention : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "to_q")] private readonly Linear _toQ;
    [ComponentName(Name = "to_k")] private readonly Linear _toK;
    [ComponentName(Name = "to_v")] private readonly Linear _toV;
    [ComponentName(Name = "to_out")] private readonly ModuleList<Linear> _toOut;
    private readonly long _heads;
    private readonly double _dropout;

    public BidirectionalAttention(long width, long heads, long headWidth, double dropout, Placement placement)
        : base(nameof(BidirectionalAttention))
    {
        _heads = heads;
        _dropout = dropout;
        _toQ = new Linear(width, heads * headWidth, hasBias: false, placement);
        _toK = new Linear(width, heads * headWidth, hasBias: false, placement);
        _toV = new Linear(width, heads * headWidth, hasBias: false, placement);
        _toOut = new ModuleList<Linear>(new Linear(heads * headWidth, width, hasBias: true, placement));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = _toOut[0].call(Attention.Attend(_toQ.call(x), _toK.call(x), _toV.call(x), _heads));
        if (training && _dropout > 0)
            y = nn.functional.dropout(y, _dropout);
        return y.MoveToOuterDisposeScope();
    }

    /// <summary>How much the first positions attend to each position: the mean over the heads, [B, T, C] → [B, rows, T].</summary>
    public Tensor Weights(Tensor x, long rows)
    {
        using var scope = NewDisposeScope();
        return Attention.Weights(_toQ.call(x.narrow(1, 0, rows)), _toK.call(x), _heads).MoveToOuterDisposeScope();
    }
}

/// <summary>Attention over earlier positions, or under a mask of the caller's; all projections have biases.</summary>
internal sealed class CausalAttention : nn.Module<Tensor, Tensor?, Tensor>
{
    [ComponentName(Name = "q_proj")] private readonly Linear _qProj;
    [ComponentName(Name = "k_proj")] private readonly Linear _kProj;
    [ComponentName(Name = "v_proj")] private readonly Linear _vProj;
    [ComponentName(Name = "out_proj")] private readonly Linear _outProj;
    private readonly long _heads;
    private readonly double _dropout;

    public CausalAttention(long width, long heads, long headWidth, double dropout, Placement placement)
        : base(nameof(CausalAttention))
    {
        _heads = heads;
        _dropout = dropout;
        _qProj = new Linear(width, heads * headWidth, hasBias: true, placement);
        _kProj = new Linear(width, heads * headWidth, hasBias: true, placement);
        _vProj = new Linear(width, heads * headWidth, hasBias: true, placement);
        _outProj = new Linear(heads * headWidth, width, hasBias: true, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var dropout = training ? _dropout : 0;
        var y = Attention.Attend(_qProj.call(x), _kProj.call(x), _vProj.call(x), _heads, causal: mask is null, mask, dropout);
        return _outProj.call(y).MoveToOuterDisposeScope();
    }
}
