using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Models;

/// <summary>
/// Opens a model by folder, or an architecture by its preset's name. A preset has no trained weights: they are filled from the
/// tensors' names, so that every path can be tried and timed without a download.
/// </summary>
public static class NamedModel
{
    /// <summary>Whether a text is a preset's name and not a folder's.</summary>
    /// <param name="text">A folder or a preset.</param>
    public static bool IsPreset(string text) =>
        !Directory.Exists(text) && (TokenizerPresets.Names.Contains(text) || GeneratorPresets.Names.Contains(text));

    /// <summary>Opens a tokenizer.</summary>
    /// <param name="text">A tokenizer's or pipeline's folder, or a tokenizer preset.</param>
    /// <param name="options">How; null for everything in float32 on the CPU.</param>
    /// <exception cref="HitaException">There is no such folder or preset, or the model is broken.</exception>
    public static ImageTokenizer OpenTokenizer(string text, TokenizerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!IsPreset(text))
            return ImageTokenizer.Load(text, options);
        return TokenizerPresets.TryGet(text, out var config)
            ? ImageTokenizer.CreateByName(config, options: options)
            : throw new HitaException($"'{text}' is a generator's preset; a tokenizer is needed: {string.Join(", ", TokenizerPresets.Names)}.");
    }

    /// <summary>Opens a generator.</summary>
    /// <param name="text">A generator's or pipeline's folder, or a generator preset.</param>
    /// <param name="options">How; null for float32 on the CPU.</param>
    /// <exception cref="HitaException">There is no such folder or preset, or the model is broken.</exception>
    public static ImageGenerator OpenGenerator(string text, GeneratorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!IsPreset(text))
            return ImageGenerator.Load(text, options);
        return GeneratorPresets.TryGet(text, out var config)
            ? ImageGenerator.CreateByName(config, options: options)
            : throw new HitaException($"'{text}' is a tokenizer's preset; a generator is needed: {string.Join(", ", GeneratorPresets.Names)}.");
    }

    /// <summary>The classes of a generator, without its weights.</summary>
    /// <param name="text">A generator's or pipeline's folder, or a generator preset.</param>
    /// <exception cref="HitaException">There is no such folder or preset, or its configuration is broken.</exception>
    public static ClassNames ClassesOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!IsPreset(text))
        {
            var folder = GeneratorFolder.Find(text);
            return ClassNames.Load(folder, GeneratorFolder.ReadConfig(folder).ClassCount);
        }
        return GeneratorPresets.TryGet(text, out var config)
            ? ClassNames.Default(config.ClassCount)
            : throw new HitaException($"'{text}' is a tokenizer's preset; a generator is needed: {string.Join(", ", GeneratorPresets.Names)}.");
    }

    /// <summary>How the tokens of a generator are best sampled, without its weights.</summary>
    /// <param name="text">A generator's or pipeline's folder, or a generator preset, for which plain sampling is all there is.</param>
    /// <exception cref="HitaException">There is no such folder, or its settings are broken.</exception>
    public static SamplingOptions SamplingOf(string text) =>
        IsPreset(text) ? new SamplingOptions() : GeneratorFolder.ReadSampling(GeneratorFolder.Find(text));

    /// <summary>Opens a pipeline.</summary>
    /// <param name="generator">The generator's part: a folder or a preset.</param>
    /// <param name="tokenizer">The tokenizer's part: a folder or a preset; may be the same text.</param>
    /// <param name="options">How the generator is loaded, and the device for both.</param>
    /// <param name="withEncoder">Whether the tokenizer's encoder is loaded too, as editing needs it; decoding does not.</param>
    /// <param name="decoding">The type of the tokenizer's weights: float32 or bfloat16.</param>
    /// <exception cref="HitaException">A part is missing or broken, the parts do not fit each other, or a precision is not for its part.</exception>
    public static ImagePipeline OpenPipeline(
        string generator, string tokenizer, GeneratorOptions? options = null, bool withEncoder = false, Precision decoding = Precision.Float32)
    {
        if (!IsPreset(generator) && !IsPreset(tokenizer))
            return ImagePipeline.Load(generator, tokenizer, options, withEncoder, decoding);
        var decoder = OpenTokenizer(tokenizer, new TokenizerOptions { DecoderOnly = !withEncoder, Device = options?.Device ?? "cpu", Precision = decoding });
        try
        {
            return new ImagePipeline(OpenGenerator(generator, options), decoder);
        }
        catch
        {
            decoder.Dispose();
            throw;
        }
    }
}
