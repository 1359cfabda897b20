using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

// B batch, M holistic tokens, N = H·W patches, D width, k shift.

/// <summary>Holistic and patch codes become the feature map that the CNN decoder takes.</summary>
internal sealed class CodeFusion : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "slot_position_embedding")] private readonly Parameter _holisticPositions;
    [ComponentName(Name = "position_embedding")] private readonly Parameter _positions;
    [ComponentName(Name = "norm")] private readonly Layers.LayerNorm _norm;
    [ComponentName(Name = "transformer")] private readonly CausalTransformer _transformer;
    [ComponentName(Name = "mask_embedding")] private readonly Parameter? _maskEmbedding;
    [ComponentName(Name = "norm_vfm")] private readonly Layers.LayerNorm? _semanticNorm;
    [ComponentName(Name = "proj")] private readonly Layers.Linear? _semanticProjection;
    private readonly HolisticConfig _config;

    public CodeFusion(TokenizerConfig config, double dropout, Placement placement)
        : base(nameof(CodeFusion))
    {
        _config = config.Holistic!;
        _holisticPositions = placement.NewParameter(1, _config.TokenCount, _config.Width);
        _positions = placement.NewParameter(1, config.GridSide * config.GridSide, _config.Width);
        _norm = new Layers.LayerNorm(_config.Width, placement);
        _transformer = new CausalTransformer(_config, dropout, placement);
        if (_config is { SemanticReconstruction: true, SemanticEncoder: { } semantic })
        {
            _maskEmbedding = placement.NewParameter(1, 1, _config.Width);
            _semanticNorm = new Layers.LayerNorm(_config.Width, placement);
            _semanticProjection = new Layers.Linear(_config.Width, semantic.TokenWidth, hasBias: true, placement);
        }
        RegisterComponents();
    }

    /// <summary>Fuses holistic features [B, M, D] and patch features [B, D, H, W] into [B, D, H, W].</summary>
    /// <remarks>
    /// The map consists of the outputs at positions M − k … M − k + N − 1: the last k holistic outputs come first, so that the
    /// decoder depends on the holistic codes directly. The last k patch codes reach no pixel.
    /// </remarks>
    public override Tensor forward(Tensor holistic, Tensor patches)
    {
        using var scope = NewDisposeScope();
        long height = patches.size(2), width = patches.size(3);
        var positions = PositionTable.Resize(_positions, height, width).to(patches.dtype);
        var x = cat([holistic.Plus(_holisticPositions), patches.ToSequence().Plus(positions)], 1); // [B, M + N, D]
        x = _transformer.call(_norm.call(x), null);
        return x.narrow(1, _config.TokenCount - _config.Shift, height * width).ToGrid(height, width).MoveToOuterDisposeScope();
    }

    /// <summary>Reconstructs the semantic encoder's patch features from the holistic features alone; used in training.</summary>
    /// <param name="holistic">Quantized holistic features [B, M, D], without positions.</param>
    /// <returns>[B, T, semantic width], T being the patches of the semantic encoder.</returns>
    /// <exception cref="InvalidOperationException">The tokenizer has no such head.</exception>
    public Tensor ReconstructSemantics(Tensor holistic)
    {
        if (_maskEmbedding is null || _semanticNorm is null || _semanticProjection is null)
            throw new InvalidOperationException("This tokenizer has no semantic reconstruction head.");
        using var scope = NewDisposeScope();
        long side = _config.SemanticEncoder!.GridSide, count = side * side, queryCount = holistic.size(1);
        var masks = _maskEmbedding.Plus(PositionTable.Resize(_positions, side, side)).to(holistic.dtype);
        var x = cat([holistic, masks.expand(holistic.size(0), -1, -1)], 1); // [B, M + T, D]
        x = _transformer.call(_semanticNorm.call(x), Mask(queryCount, count, holistic.device));
        return _semanticProjection.call(x.narrow(1, queryCount, count)).MoveToOuterDisposeScope();
    }

    // Holistic tokens are causal among themselves and see no mask token; mask tokens see everything.
    private static Tensor Mask(long queryCount, long maskCount, Device device)
    {
        using var scope = NewDisposeScope();
        var total = queryCount + maskCount;
        var visible = ones(total, total, dtype: ScalarType.Bool, device: device);
        return cat([visible.narrow(0, 0, queryCount).tril(), visible.narrow(0, queryCount, maskCount)], 0).MoveToOuterDisposeScope();
    }
}
