namespace Hita.Tokenization.Model;

/// <summary>The named tokenizer architectures.</summary>
public static class TokenizerPresets
{
    private static readonly HolisticConfig Published = new()
    {
        TokenCount = 128,
        Width = 512,
        Depth = 3,
        Heads = 8,
        HeadWidth = 64,
        MlpWidth = 2048,
        Shift = 4,
        SemanticEncoder = SemanticEncoderPresets.Large,
    };

    private static readonly TokenizerConfig HitaV = new()
    {
        ImageSize = 336,
        BaseChannels = 128,
        ChannelMultipliers = [1, 1, 2, 2, 4],
        LatentChannels = 512,
        CodebookSize = 16384,
        Holistic = Published,
    };

    private static readonly TokenizerConfig Tiny = HitaV with
    {
        ImageSize = 64,
        BaseChannels = 32,
        LatentChannels = 64,
        CodebookSize = 256,
        Holistic = new HolisticConfig
        {
            TokenCount = 16,
            Width = 64,
            Depth = 2,
            Heads = 4,
            HeadWidth = 16,
            MlpWidth = 128,
            Shift = 4,
            SemanticEncoder = SemanticEncoderPresets.Tiny,
        },
    };

    private static readonly TokenizerConfig Vanilla16 = HitaV with { ImageSize = 256, LatentChannels = 256, Holistic = null };

    private static readonly Dictionary<string, TokenizerConfig> Table = new(StringComparer.Ordinal)
    {
        ["hita-v"] = HitaV,
        ["hita-u"] = HitaV with { Holistic = Published with { SemanticReconstruction = true } },
        ["llamagen-vq16"] = Vanilla16,
        ["llamagen-vq8"] = Vanilla16 with { ChannelMultipliers = [1, 2, 2, 4] },
        ["tiny"] = Tiny,
        ["tiny-ultra"] = Tiny with { Holistic = Tiny.Holistic! with { SemanticReconstruction = true } },
        ["tiny-llamagen"] = Tiny with { LatentChannels = 256, Holistic = null },
    };

    /// <summary>All names, in the order of the documentation.</summary>
    public static IReadOnlyCollection<string> Names => Table.Keys;

    /// <summary>Looks a preset up.</summary>
    /// <param name="name">Its name, for example <c>hita-v</c>.</param>
    /// <param name="config">The architecture, with <see cref="TokenizerConfig.Preset"/> set to the name.</param>
    /// <returns>False where no tokenizer has this name.</returns>
    public static bool TryGet(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TokenizerConfig? config)
    {
        config = Table.TryGetValue(name, out var found) ? found with { Preset = name } : null;
        return config is not null;
    }
}

/// <summary>The named DINOv2 sizes; each exists with 4 registers and without.</summary>
public static class SemanticEncoderPresets
{
    /// <summary>ViT-S/14.</summary>
    public static Dinov2Config Small { get; } = new() { Width = 384, Depth = 12, Heads = 6, HiddenWidth = 1536 };

    /// <summary>ViT-B/14.</summary>
    public static Dinov2Config Base { get; } = new() { Width = 768, Depth = 12, Heads = 12, HiddenWidth = 3072 };

    /// <summary>ViT-L/14, the one of Hita-V and Hita-U.</summary>
    public static Dinov2Config Large { get; } = new() { Width = 1024, Depth = 24, Heads = 16, HiddenWidth = 4096 };

    /// <summary>ViT-g/14, with gated feed-forward parts.</summary>
    public static Dinov2Config Giant { get; } =
        new() { Width = 1536, Depth = 40, Heads = 24, HiddenWidth = 4096, FeedForward = FeedForwardKind.SwiGlu };

    /// <summary>The small one of the test vectors.</summary>
    public static Dinov2Config Tiny { get; } = new() { Width = 48, Depth = 2, Heads = 4, HiddenWidth = 192 };
}
