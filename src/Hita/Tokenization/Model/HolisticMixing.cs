using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

// B batch, M queries, N patches, D width, S semantic tokens.

/// <summary>Learned queries read the image: all tokens mix freely, then queries and patches mix causally.</summary>
internal sealed class HolisticMixing : nn.Module<Tensor, Tensor?, (Tensor Holistic, Tensor Patches)>
{
    [ComponentName(Name = "backbone")] private readonly SemanticBackbone? _backbone;
    [ComponentName(Name = "carrier_tokens")] private readonly Parameter _queries;
    [ComponentName(Name = "pos_embed")] private readonly Parameter _positions;
    [ComponentName(Name = "proj")] private readonly SemanticProjection? _projection;
    [ComponentName(Name = "norm_pre1")] private readonly Layers.LayerNorm _norm1;
    [ComponentName(Name = "transformer1")] private readonly BidirectionalTransformer _transformer1;
    [ComponentName(Name = "norm_pre2")] private readonly Layers.LayerNorm _norm2;
    [ComponentName(Name = "transformer2")] private readonly CausalTransformer _transformer2;

    public HolisticMixing(TokenizerConfig config, double dropout, Placement placement)
        : base(nameof(HolisticMixing))
    {
        var holistic = config.Holistic!;
        if (holistic.SemanticEncoder is { } semantic)
        {
            _backbone = new SemanticBackbone(semantic, placement);
            _projection = new SemanticProjection(semantic.TokenWidth, holistic.Width, placement);
        }
        _queries = placement.NewParameter(1, holistic.TokenCount, holistic.Width);
        _positions = placement.NewParameter(1, config.GridSide * config.GridSide, holistic.Width);
        _norm1 = new Layers.LayerNorm(holistic.Width, placement);
        _transformer1 = new BidirectionalTransformer(holistic, dropout, placement);
        _norm2 = new Layers.LayerNorm(holistic.Width, placement);
        _transformer2 = new CausalTransformer(holistic, dropout, placement);
        RegisterComponents();
    }

    /// <summary>The frozen semantic encoder, or null where the tokenizer was trained without one.</summary>
    public SemanticEncoder? SemanticEncoder => _backbone?.Encoder;

    /// <summary>Mixes patch features [B, D, H, W] with the semantic tokens [B, S, semantic width], where there are any.</summary>
    /// <returns>Holistic features [B, M, D] and patch features [B, D, H, W].</returns>
    public override (Tensor Holistic, Tensor Patches) forward(Tensor features, Tensor? semantic)
    {
        using var scope = NewDisposeScope();
        long height = features.size(2), width = features.size(3), queryCount = _queries.size(1);
        var x = _transformer1.call(Join(features, semantic));
        var patchCount = height * width;
        x = cat([x.narrow(1, 0, queryCount), x.narrow(1, x.size(1) - patchCount, patchCount)], 1); // [B, M + N, D]
        x = _transformer2.call(_norm2.call(x), null);
        var holistic = x.narrow(1, 0, queryCount).contiguous();
        var grid = x.narrow(1, queryCount, patchCount).ToGrid(height, width);
        return (holistic.MoveToOuterDisposeScope(), grid.MoveToOuterDisposeScope());
    }

    /// <summary>How much each query attends to each patch in the free mixing: [B, M, N], the mean over layers and heads.</summary>
    /// <remarks>A query's weights on the other queries and on the semantic tokens are left out, so that a row sums to less than 1.</remarks>
    public Tensor QueryWeights(Tensor features, Tensor? semantic)
    {
        using var scope = NewDisposeScope();
        var x = Join(features, semantic);
        var patchCount = features.size(2) * features.size(3);
        return _transformer1.Weights(x, _queries.size(1)).narrow(2, x.size(1) - patchCount, patchCount).contiguous().MoveToOuterDisposeScope();
    }

    // [queries, semantic tokens where there are any, patches], normed: [B, T, D].
    private Tensor Join(Tensor features, Tensor? semantic)
    {
        using var scope = NewDisposeScope();
        var positions = PositionTable.Resize(_positions, features.size(2), features.size(3)).to(features.dtype);
        var patches = features.ToSequence().Plus(positions); // [B, N, D]
        var queries = _queries.expand(features.size(0), -1, -1); // [B, M, D]
        var x = _projection is not null && semantic is not null
            ? cat([queries, _projection.call(semantic), patches], 1)
            : cat([queries, patches], 1);
        return _norm1.call(x).MoveToOuterDisposeScope();
    }
}

/// <summary>Holds the semantic encoder under the name it has in checkpoints.</summary>
internal sealed class SemanticBackbone : nn.Module
{
    [ComponentName(Name = "pretrained_encoder")] private readonly SemanticEncoder _encoder;

    public SemanticBackbone(SemanticEncoderConfig config, Placement placement)
        : base(nameof(SemanticBackbone))
    {
        _encoder = config.Create(placement);
        RegisterComponents();
        // Frozen by definition: its weights are never trained with a tokenizer.
        foreach (var parameter in _encoder.parameters())
            parameter.requires_grad_(false);
    }

    public SemanticEncoder Encoder => _encoder;
}

/// <summary>Semantic tokens [B, S, semantic width] → [B, S, D]: linear, norm, ReLU, linear, norm.</summary>
internal sealed class SemanticProjection : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "mlp")] private readonly ModuleList<nn.Module<Tensor, Tensor>> _layers;

    public SemanticProjection(long input, long width, Placement placement)
        : base(nameof(SemanticProjection))
    {
        _layers = new ModuleList<nn.Module<Tensor, Tensor>>(
            new Layers.Linear(input, width, hasBias: false, placement),
            new Layers.LayerNorm(width, placement),
            nn.ReLU(),
            new Layers.Linear(width, width, hasBias: false, placement),
            new Layers.LayerNorm(width, placement));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        foreach (var layer in _layers)
            x = layer.call(x);
        return x.MoveToOuterDisposeScope();
    }
}
