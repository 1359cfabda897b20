using Hita.Checkpoints;

namespace Hita.Tokenization.Model;

/// <summary>The names of a tokenizer's tensors in checkpoints. They are the network's own names.</summary>
internal static class TokenizerTensorNames
{
    /// <summary>Where the semantic encoder's tensors lie; published tokenizer checkpoints leave them out.</summary>
    public const string SemanticEncoderPrefix = "encode_transformer.backbone.pretrained_encoder.";

    // A sliding window of used codes that the published training keeps; of no effect on any result, and of any length.
    private static readonly string[] Counters = ["quantize.codebook_used", "slot_quantize.codebook_used"];

    // What only encoding needs.
    private static readonly string[] EncoderPrefixes = ["encoder.", "encode_transformer.", "quant_conv.", "pre_slots_quant."];

    /// <summary>Whether a tensor of a published checkpoint is dropped on purpose.</summary>
    public static bool IsDropped(string name) => Counters.Contains(name, StringComparer.Ordinal);

    /// <summary>Whether a tensor belongs to the semantic encoder.</summary>
    public static bool IsSemantic(string name) => name.StartsWith(SemanticEncoderPrefix, StringComparison.Ordinal);

    /// <summary>How a model folder is loaded.</summary>
    /// <param name="canEncode">Whether the encoder is wanted.</param>
    /// <param name="tensors">The folder's tensors, for advice.</param>
    /// <param name="config">The architecture; some semantic encoders are not stored with the tokenizer.</param>
    public static LoadOptions ForLoading(bool canEncode, IReadOnlyDictionary<string, TensorEntry> tensors, TokenizerConfig config) => new()
    {
        NameMap = name => IsDropped(name) || (!canEncode && IsForEncoding(name)) ? null : name,
        AllowedMissing = name => config.Holistic?.SemanticEncoder is { IsStored: false } && IsSemantic(name),
        Advice = faults => faults.Missing.Count > 0 && faults.Missing.TrueForAll(IsSemantic)
            ? "the folder was imported without its semantic encoder, so it can only decode: import it again with --semantic-encoder FILE (a DINOv2 file) to encode"
            : TokenizerShapes.Fitting(tensors) is { Count: > 0 } fitting
                ? $"they fit the preset {string.Join(" or ", fitting.Select(static c => c.Preset))}"
                : null,
    };

    /// <summary>
    /// Whether a tensor takes part in identifying a tokenizer: those that give codes their meaning. A tokenizer is the same with
    /// its encoder in memory or not, imported with its semantic encoder or without.
    /// </summary>
    public static bool IsIdentifying(string name) => !IsDropped(name) && !IsForEncoding(name);

    private static bool IsForEncoding(string name) =>
        Array.Exists(EncoderPrefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal));
}
