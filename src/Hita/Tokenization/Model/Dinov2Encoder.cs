using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

// B batch, T tokens, D width.

/// <summary>A DINOv2 vision transformer; its input is a normalised image, its output the class token and the patches.</summary>
internal sealed class Dinov2Encoder : SemanticEncoder
{
    [ComponentName(Name = "cls_token")] private readonly Parameter _classToken;
    [ComponentName(Name = "pos_embed")] private readonly Parameter _positions;
    [ComponentName(Name = "register_tokens")] private readonly Parameter? _registers;
    [ComponentName(Name = "mask_token")] private readonly Parameter _maskToken;
    [ComponentName(Name = "patch_embed")] private readonly PatchEmbedding _patches;
    [ComponentName(Name = "blocks")] private readonly ModuleList<VisionBlock> _blocks;
    [ComponentName(Name = "norm")] private readonly Layers.LayerNorm _norm;
    private readonly Dinov2Config _config;

    public Dinov2Encoder(Dinov2Config config, Placement placement)
        : base(nameof(Dinov2Encoder))
    {
        _config = config;
        _classToken = placement.NewParameter(1, 1, config.Width);
        _positions = placement.NewParameter(1, 1 + (config.TableSide * config.TableSide), config.Width);
        _registers = config.Registers > 0 ? placement.NewParameter(1, config.Registers, config.Width) : null;
        _maskToken = placement.NewParameter(1, config.Width);
        _patches = new PatchEmbedding(config.Width, config.PatchSize, placement);
        _blocks = [];
        for (var i = 0; i < config.Depth; i++)
            _blocks.Add(new VisionBlock(config, placement));
        _norm = new Layers.LayerNorm(config.Width, placement, eps: 1e-6);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor Tokens(Tensor image, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return call(SemanticInput.Normalize(image).to(type)).MoveToOuterDisposeScope();
    }

    /// <summary>[B, 3, size, size], normalised → [B, 1 + patches, D]: class token, then patches in raster order.</summary>
    public override Tensor forward(Tensor image)
    {
        using var scope = NewDisposeScope();
        var batch = image.size(0);
        var x = cat([_classToken.expand(batch, -1, -1), _patches.call(image)], 1); // [B, 1 + N, D]
        x = x.Plus(PositionsFor(image.size(2) / _config.PatchSize, image.size(3) / _config.PatchSize));
        if (_registers is not null)
            x = cat([x.narrow(1, 0, 1), _registers.expand(batch, -1, -1), x.narrow(1, 1, x.size(1) - 1)], 1);
        foreach (var block in _blocks)
            x = block.call(x);
        x = _norm.call(x);
        var firstPatch = 1 + _config.Registers;
        return cat([x.narrow(1, 0, 1), x.narrow(1, firstPatch, x.size(1) - firstPatch)], 1).MoveToOuterDisposeScope();
    }

    private Tensor PositionsFor(long height, long width)
    {
        using var scope = NewDisposeScope();
        var table = _positions.narrow(1, 1, _positions.size(1) - 1);
        // The first release of the models (without registers) interpolated without antialiasing and with an offset scale.
        var patches = _config.Registers > 0
            ? PositionTable.ResizeAntialiased(table, height, width)
            : PositionTable.Resize(table, height, width);
        return cat([_positions.narrow(1, 0, 1), patches.to(_positions.dtype)], 1).MoveToOuterDisposeScope();
    }
}

/// <summary>Cuts an image into patches and projects each.</summary>
internal sealed class PatchEmbedding : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "proj")] private readonly Layers.Conv2d _projection;

    public PatchEmbedding(long width, long patch, Placement placement)
        : base(nameof(PatchEmbedding))
    {
        _projection = new Layers.Conv2d(3, width, patch, placement, stride: patch);
        RegisterComponents();
    }

    public override Tensor forward(Tensor image)
    {
        using var scope = NewDisposeScope();
        return _projection.call(image).ToSequence().MoveToOuterDisposeScope(); // [B, N, D]
    }
}

/// <summary>A pre-norm block with a learned scale on each branch.</summary>
internal sealed class VisionBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm1")] private readonly Layers.LayerNorm _norm1;
    [ComponentName(Name = "attn")] private readonly VisionAttention _attention;
    [ComponentName(Name = "ls1")] private readonly LayerScale _scale1;
    [ComponentName(Name = "norm2")] private readonly Layers.LayerNorm _norm2;
    [ComponentName(Name = "mlp")] private readonly nn.Module<Tensor, Tensor> _feedForward;
    [ComponentName(Name = "ls2")] private readonly LayerScale _scale2;

    public VisionBlock(Dinov2Config config, Placement placement)
        : base(nameof(VisionBlock))
    {
        _norm1 = new Layers.LayerNorm(config.Width, placement, eps: 1e-6);
        _attention = new VisionAttention(config.Width, config.Heads, placement);
        _scale1 = new LayerScale(config.Width, placement);
        _norm2 = new Layers.LayerNorm(config.Width, placement, eps: 1e-6);
        _feedForward = config.FeedForward == FeedForwardKind.SwiGlu
            ? new FusedSwiGlu(config.Width, config.HiddenWidth, placement)
            : new GeluMlp(config.Width, config.HiddenWidth, placement);
        _scale2 = new LayerScale(config.Width, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(_scale1.call(_attention.call(_norm1.call(x))));
        return x.Plus(_scale2.call(_feedForward.call(_norm2.call(x)))).MoveToOuterDisposeScope();
    }
}

/// <summary>Attention with one fused projection.</summary>
internal sealed class VisionAttention : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "qkv")] private readonly Layers.Linear _qkv;
    [ComponentName(Name = "proj")] private readonly Layers.Linear _projection;
    private readonly long _heads;

    public VisionAttention(long width, long heads, Placement placement)
        : base(nameof(VisionAttention))
    {
        _heads = heads;
        _qkv = new Layers.Linear(width, 3 * width, hasBias: true, placement);
        _projection = new Layers.Linear(width, width, hasBias: true, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var width = x.size(2);
        var qkv = _qkv.call(x); // [B, T, 3·D]
        var y = Attention.Attend(qkv.narrow(2, 0, width), qkv.narrow(2, width, width), qkv.narrow(2, 2 * width, width), _heads);
        return _projection.call(y).MoveToOuterDisposeScope();
    }
}

/// <summary>A learned factor a channel.</summary>
internal sealed class LayerScale : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "gamma")] private readonly Parameter _gamma;

    public LayerScale(long width, Placement placement)
        : base(nameof(LayerScale))
    {
        _gamma = placement.NewParameter(width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => x.Times(_gamma);
}
