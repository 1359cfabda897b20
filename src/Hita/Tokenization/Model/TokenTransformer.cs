using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

/// <summary>Pre-norm layers in which every token sees every other.</summary>
internal sealed class BidirectionalTransformer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "layers")] private readonly ModuleList<BidirectionalLayer> _layers;

    public BidirectionalTransformer(HolisticConfig config, double dropout, Placement placement)
        : base(nameof(BidirectionalTransformer))
    {
        _layers = [];
        for (var i = 0; i < config.Depth; i++)
            _layers.Add(new BidirectionalLayer(config, dropout, placement));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        foreach (var layer in _layers)
            x = layer.call(x);
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>How much the first tokens attend to each token, the mean over layers and heads: [B, T, D] → [B, rows, T].</summary>
    public Tensor Weights(Tensor x, long rows)
    {
        using var scope = NewDisposeScope();
        var weights = new List<Tensor>();
        foreach (var layer in _layers)
        {
            weights.Add(layer.Weights(x, rows));
            x = layer.call(x);
        }
        return stack(weights).mean([0]).MoveToOuterDisposeScope();
    }
}

/// <summary>Pre-norm layers in which a token sees those before it, or those that a mask allows.</summary>
internal sealed class CausalTransformer : nn.Module<Tensor, Tensor?, Tensor>
{
    [ComponentName(Name = "layers")] private readonly ModuleList<CausalLayer> _layers;

    public CausalTransformer(HolisticConfig config, double dropout, Placement placement)
        : base(nameof(CausalTransformer))
    {
        _layers = [];
        for (var i = 0; i < config.Depth; i++)
            _layers.Add(new CausalLayer(config, dropout, placement));
        RegisterComponents();
    }

    /// <summary>[B, T, D] → [B, T, D].</summary>
    /// <param name="x">The tokens.</param>
    /// <param name="mask">True where a token may be seen, [T, T]; null for causal order.</param>
    public override Tensor forward(Tensor x, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        foreach (var layer in _layers)
            x = layer.call(x, mask);
        return x.MoveToOuterDisposeScope();
    }
}

internal sealed class BidirectionalLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm1")] private readonly Layers.LayerNorm _norm1;
    [ComponentName(Name = "attn1")] private readonly BidirectionalAttention _attention;
    [ComponentName(Name = "norm2")] private readonly Layers.LayerNorm _norm2;
    [ComponentName(Name = "ffnet")] private readonly FusedSwiGlu _feedForward;

    public BidirectionalLayer(HolisticConfig config, double dropout, Placement placement)
        : base(nameof(BidirectionalLayer))
    {
        _norm1 = new Layers.LayerNorm(config.Width, placement);
        _attention = new BidirectionalAttention(config.Width, config.Heads, config.HeadWidth, dropout, placement);
        _norm2 = new Layers.LayerNorm(config.Width, placement);
        _feedForward = new FusedSwiGlu(config.Width, config.HiddenWidth, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(_attention.call(_norm1.call(x)));
        return x.Plus(_feedForward.call(_norm2.call(x))).MoveToOuterDisposeScope();
    }

    public Tensor Weights(Tensor x, long rows)
    {
        using var scope = NewDisposeScope();
        return _attention.Weights(_norm1.call(x), rows).MoveToOuterDisposeScope();
    }
}

internal sealed class CausalLayer : nn.Module<Tensor, Tensor?, Tensor>
{
    [ComponentName(Name = "norm1")] private readonly Layers.LayerNorm _norm1;
    [ComponentName(Name = "attn1")] private readonly CausalAttention _attention;
    [ComponentName(Name = "norm2")] private readonly Layers.LayerNorm _norm2;
    [ComponentName(Name = "ffnet")] private readonly FusedSwiGlu _feedForward;

    public CausalLayer(HolisticConfig config, double dropout, Placement placement)
        : base(nameof(CausalLayer))
    {
        _norm1 = new Layers.LayerNorm(config.Width, placement);
        _attention = new CausalAttention(config.Width, config.Heads, config.HeadWidth, dropout, placement);
        _norm2 = new Layers.LayerNorm(config.Width, placement);
        _feedForward = new FusedSwiGlu(config.Width, config.HiddenWidth, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(_attention.call(_norm1.call(x), mask));
        return x.Plus(_feedForward.call(_norm2.call(x))).MoveToOuterDisposeScope();
    }
}
