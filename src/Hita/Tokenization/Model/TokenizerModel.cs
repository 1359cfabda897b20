using Hita.Layers;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

// B batch, H W patch grid, M holistic tokens, D = z channels.

/// <summary>Which parts of a tokenizer are built.</summary>
internal enum TokenizerParts
{
    /// <summary>Everything.</summary>
    All,

    /// <summary>What turns codes into images; no encoder and no semantic encoder.</summary>
    Decoder,
}

/// <summary>The features on the way from an image to its codes.</summary>
/// <param name="Cnn">[B, D, H, W], from the CNN.</param>
/// <param name="SemanticInput">[B, 3, size, size] in [0, 1]; null without a semantic encoder.</param>
/// <param name="Semantic">[B, 1 + T, semantic width]; null without a semantic encoder.</param>
/// <param name="Holistic">[B, M, D]; null in the vanilla family.</param>
/// <param name="Patches">[B, D, H, W], after mixing.</param>
/// <param name="HolisticPrequant">[B, M, code dimensions]; null in the vanilla family.</param>
/// <param name="PatchPrequant">[B, code dimensions, H, W].</param>
internal sealed record EncodedFeatures(
    Tensor Cnn, Tensor? SemanticInput, Tensor? Semantic, Tensor? Holistic, Tensor Patches, Tensor? HolisticPrequant, Tensor PatchPrequant);

/// <summary>The tokenizer's network. Its names are those of the published checkpoints.</summary>
internal sealed class TokenizerModel : nn.Module
{
    [ComponentName(Name = "encoder")] private readonly CnnEncoder? _encoder;
    [ComponentName(Name = "encode_transformer")] private readonly HolisticMixing? _mixing;
    [ComponentName(Name = "quant_conv")] private readonly Conv2d? _toPatchCode;
    [ComponentName(Name = "pre_slots_quant")] private readonly Linear? _toHolisticCode;
    [ComponentName(Name = "quantize")] private readonly VectorQuantizer _patchQuantizer;
    [ComponentName(Name = "slot_quantize")] private readonly VectorQuantizer? _holisticQuantizer;
    [ComponentName(Name = "post_quant_conv")] private readonly Conv2d _fromPatchCode;
    [ComponentName(Name = "post_slots_quant")] private readonly Linear? _fromHolisticCode;
    [ComponentName(Name = "decode_transformer")] private readonly CodeFusion? _fusion;
    [ComponentName(Name = "decoder")] private readonly CnnDecoder _decoder;
    private readonly ScalarType _encoderType;

    /// <param name="config">The architecture.</param>
    /// <param name="parts">What of it.</param>
    /// <param name="placement">Where its weights are, and of which type.</param>
    /// <param name="dropout">The probability in its transformers, while it is trained.</param>
    /// <param name="encoding">The type of what comes before the quantizers; null for that of the others.</param>
    public TokenizerModel(TokenizerConfig config, TokenizerParts parts, Placement placement, double dropout = 0.1, ScalarType? encoding = null)
        : base(nameof(TokenizerModel))
    {
        Config = config.Validate();
        var holistic = config.Holistic;
        _encoderType = encoding ?? placement.Type;
        // What decodes keeps the library's product: the same codes give the same image whatever was measured.
        var before = placement with { Type = _encoderType, MeasuredLinear = true };
        if (parts == TokenizerParts.All)
        {
            _encoder = new CnnEncoder(config, before);
            _toPatchCode = new Conv2d(config.LatentChannels, config.PatchCodeDimensions, 1, before);
        }
        _patchQuantizer = new VectorQuantizer(config.CodebookSize, config.PatchCodeDimensions, placement);
        _fromPatchCode = new Conv2d(config.PatchCodeDimensions, config.LatentChannels, 1, placement);
        if (holistic is not null)
        {
            if (parts == TokenizerParts.All)
            {
                _mixing = new HolisticMixing(config, dropout, before);
                _toHolisticCode = new Linear(holistic.Width, holistic.CodeDimensions, hasBias: true, before);
            }
            _holisticQuantizer = new VectorQuantizer(config.CodebookSize, holistic.CodeDimensions, placement);
            _fromHolisticCode = new Linear(holistic.CodeDimensions, holistic.Width, hasBias: true, placement);
            _fusion = new CodeFusion(config, dropout, placement);
        }
        _decoder = new CnnDecoder(config, placement);
        RegisterComponents();
        eval();
    }

    /// <summary>The architecture.</summary>
    public TokenizerConfig Config { get; }

    /// <summary>Whether images can be encoded.</summary>
    public bool CanEncode => _encoder is not null;

    /// <summary>The quantizer of patches.</summary>
    public VectorQuantizer PatchQuantizer => _patchQuantizer;

    /// <summary>The quantizer of holistic features; null in the vanilla family.</summary>
    public VectorQuantizer? HolisticQuantizer => _holisticQuantizer;

    /// <summary>The frozen semantic encoder; null where there is none.</summary>
    public SemanticEncoder? SemanticEncoder => _mixing?.SemanticEncoder;

    /// <summary>Everything up to the quantizers for images [B, 3, H, W] in [-1, 1].</summary>
    public EncodedFeatures Features(Tensor images)
    {
        if (_encoder is null || _toPatchCode is null)
            throw new InvalidOperationException("This tokenizer was loaded for decoding only.");
        using var scope = NewDisposeScope();
        // The semantic encoder's input is computed from the image as it is; only the CNN's takes the weights' type.
        var cnn = _encoder.call(images.to(_encoderType));
        if (_mixing is null)
            return Keep(new EncodedFeatures(cnn, null, null, null, cnn.alias(), null, _toPatchCode.call(cnn)));

        Tensor? input = null, semantic = null;
        if (_mixing.SemanticEncoder is { } encoder)
        {
            using var frozen = no_grad();
            input = SemanticInput.Resize(images, Config.Holistic!.SemanticEncoder!.InputSize);
            semantic = encoder.Tokens(input, cnn.dtype);
        }
        var (holistic, patches) = _mixing.call(cnn, semantic);
        return Keep(new EncodedFeatures(
            cnn, input, semantic, holistic, patches, _toHolisticCode!.call(holistic), _toPatchCode.call(patches)));
    }

    /// <summary>How much each learned query attends to each patch: [B, M, N].</summary>
    public Tensor QueryWeights(EncodedFeatures features)
    {
        if (_mixing is null)
            throw new InvalidOperationException("This tokenizer has no learned queries.");
        using var scope = NewDisposeScope();
        return _mixing.QueryWeights(features.Cnn, features.Semantic).MoveToOuterDisposeScope();
    }

    /// <summary>The codes of features: holistic int64 [B, M] (null in the vanilla family) and patches int64 [B, H·W].</summary>
    public (Tensor? Holistic, Tensor Patches) Quantize(EncodedFeatures features)
    {
        using var scope = NewDisposeScope();
        var patches = _patchQuantizer.Encode(features.PatchPrequant.ToSequence());
        var holistic = features.HolisticPrequant is null ? null : _holisticQuantizer!.Encode(features.HolisticPrequant);
        return (holistic?.MoveToOuterDisposeScope(), patches.MoveToOuterDisposeScope());
    }

    /// <summary>The nearest codes of vectors [B, M, d] and [B, N, d]: int64 [B, M] (null in the vanilla family) and [B, N].</summary>
    public (Tensor? Holistic, Tensor Patches) Nearest(Tensor? holistic, Tensor patches)
    {
        using var scope = NewDisposeScope();
        var nearest = _patchQuantizer.Encode(patches);
        var nearestHolistic = holistic is null ? null : _holisticQuantizer!.Encode(holistic);
        return (nearestHolistic?.MoveToOuterDisposeScope(), nearest.MoveToOuterDisposeScope());
    }

    /// <summary>The quantized vectors of codes: holistic [B, M, d] (null in the vanilla family) and patches [B, d, H, W].</summary>
    public (Tensor? Holistic, Tensor Patches) Dequantize(Tensor? holistic, Tensor patches, long height, long width)
    {
        using var scope = NewDisposeScope();
        var grid = _patchQuantizer.Decode(patches).ToGrid(height, width);
        var sequence = holistic is null ? null : _holisticQuantizer!.Decode(holistic);
        return (sequence?.MoveToOuterDisposeScope(), grid.MoveToOuterDisposeScope());
    }

    /// <summary>The decoder's input for quantized vectors: [B, D, H, W].</summary>
    public Tensor Fuse(Tensor? holistic, Tensor patches)
    {
        using var scope = NewDisposeScope();
        var grid = _fromPatchCode.call(patches);
        if (_fusion is not null && holistic is not null)
            grid = _fusion.call(_fromHolisticCode!.call(holistic), grid);
        return grid.MoveToOuterDisposeScope();
    }

    /// <summary>Decodes [B, D, H, W] as an image [B, 3, H·p, W·p], not clamped.</summary>
    public Tensor Decode(Tensor fused) => _decoder.call(fused);

    /// <summary>The semantic encoder's patch features, reconstructed from quantized holistic vectors [B, M, d].</summary>
    public Tensor ReconstructSemantics(Tensor holistic)
    {
        if (_fusion is null || _fromHolisticCode is null)
            throw new InvalidOperationException("This tokenizer has no holistic branch.");
        using var scope = NewDisposeScope();
        return _fusion.ReconstructSemantics(_fromHolisticCode.call(holistic)).MoveToOuterDisposeScope();
    }

    private static EncodedFeatures Keep(EncodedFeatures features)
    {
        foreach (var tensor in (Tensor?[])
                 [
                     features.Cnn, features.SemanticInput, features.Semantic, features.Holistic, features.Patches,
                     features.HolisticPrequant, features.PatchPrequant,
                 ])
        {
            tensor?.MoveToOuterDisposeScope();
        }
        return features;
    }
}
