using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Model;
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
    public static ImageTokenizer OpenTokenizer(string text, TokenizerOptions? options = null) => NamedTokenizer.Read(text).Load(options);

    /// <summary>Opens a generator.</summary>
    /// <param name="text">A generator's or pipeline's folder, or a generator preset.</param>
    /// <param name="options">How; null for float32 on the CPU.</param>
    /// <exception cref="HitaException">There is no such folder or preset, or the model is broken.</exception>
    public static ImageGenerator OpenGenerator(string text, GeneratorOptions? options = null) => NamedGenerator.Read(text).Load(options);

    /// <summary>Opens a pipeline.</summary>
    /// <param name="generator">The generator's part: a folder or a preset.</param>
    /// <param name="tokenizer">The tokenizer's part: a folder or a preset; may be the same text.</param>
    /// <param name="options">How the generator is loaded, and the device for both.</param>
    /// <param name="withEncoder">Whether the tokenizer's encoder is loaded too, as editing needs it; decoding does not.</param>
    /// <param name="decoding">The type of the tokenizer's weights: float32 or bfloat16.</param>
    /// <exception cref="HitaException">A part is missing or broken, the parts do not fit each other, or a precision is not for its part.</exception>
    public static ImagePipeline OpenPipeline(
        string generator, string tokenizer, GeneratorOptions? options = null, bool withEncoder = false, Precision decoding = Precision.Float32) =>
        OpenPipeline(NamedGenerator.Read(generator), NamedTokenizer.Read(tokenizer), options, withEncoder, decoding);

    /// <summary>Opens a pipeline of what has been read, before any weight.</summary>
    /// <param name="generator">The generator's part.</param>
    /// <param name="tokenizer">The tokenizer's part.</param>
    /// <param name="options">How the generator is loaded, and the device for both.</param>
    /// <param name="withEncoder">Whether the tokenizer's encoder is loaded too, as editing needs it; decoding does not.</param>
    /// <param name="decoding">The type of the tokenizer's weights: float32 or bfloat16.</param>
    /// <exception cref="HitaException">The weights are missing or broken, the parts do not fit each other, or a precision is not for its part.</exception>
    public static ImagePipeline OpenPipeline(
        NamedGenerator generator, NamedTokenizer tokenizer, GeneratorOptions? options = null, bool withEncoder = false, Precision decoding = Precision.Float32) =>
        OpenPipeline(generator, tokenizer, options, withEncoder, decoding, progress: null, CancellationToken.None);

    /// <summary>As <see cref="OpenPipeline(string, string, GeneratorOptions?, bool, Precision)"/>, on another thread.</summary>
    /// <param name="generator">The generator's part: a folder or a preset.</param>
    /// <param name="tokenizer">The tokenizer's part: a folder or a preset; may be the same text.</param>
    /// <param name="options">How the generator is loaded, and the device for both.</param>
    /// <param name="withEncoder">Whether the tokenizer's encoder is loaded too, as editing needs it; decoding does not.</param>
    /// <param name="decoding">The type of the tokenizer's weights: float32 or bfloat16.</param>
    /// <param name="progress">Told about bytes as they are read, of the tokenizer first and then of the generator, each with a total of its own; may be null.</param>
    /// <param name="cancellation">Stops between two tensors.</param>
    /// <inheritdoc cref="OpenPipeline(string, string, GeneratorOptions?, bool, Precision)" path="/exception"/>
    public static Task<ImagePipeline> OpenPipelineAsync(
        string generator, string tokenizer, GeneratorOptions? options = null, bool withEncoder = false, Precision decoding = Precision.Float32,
        IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => OpenPipeline(NamedGenerator.Read(generator), NamedTokenizer.Read(tokenizer), options, withEncoder, decoding, progress, cancellation), cancellation);

    /// <summary>
    /// Opens a pipeline that samples at once: the tokenizer, and the tensor library that it needs, are loaded meanwhile. So the first token is
    /// there before either, where the CPU engine samples; on other engines both parts are loaded before this returns.
    /// </summary>
    /// <param name="generator">The generator's part.</param>
    /// <param name="tokenizer">The tokenizer's part, of which the decoder is loaded.</param>
    /// <param name="options">How the generator is loaded, and the device for both.</param>
    /// <param name="decoding">The type of the tokenizer's weights: float32 or bfloat16.</param>
    /// <param name="beforeTensors">Called before anything that needs the tensor library, perhaps on another thread, such as to choose its threads; may be null.</param>
    /// <returns>The pipeline. What is wrong with the tokenizer's weights is thrown while it generates, or where its tokenizer is asked for.</returns>
    /// <exception cref="HitaException">The generator's weights are missing or broken, the parts do not fit each other, or a precision is not for its part.</exception>
    public static ImagePipeline OpenPipelineForSampling(
        NamedGenerator generator, NamedTokenizer tokenizer, GeneratorOptions? options = null, Precision decoding = Precision.Float32, Action? beforeTensors = null)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new GeneratorOptions();
        if (!options.UsesCpuEngine)
        {
            beforeTensors?.Invoke();
            return OpenPipeline(generator, tokenizer, options, withEncoder: false, decoding);
        }
        ImagePipeline.Check(generator.Config, tokenizer.Config);
        var decoder = Task.Factory.StartNew(
            () =>
            {
                beforeTensors?.Invoke();
                return tokenizer.Load(new TokenizerOptions { DecoderOnly = true, Device = options.Device, Precision = decoding });
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return new ImagePipeline(generator.Load(options), decoder, tokenizer.Config);
        }
        catch
        {
            ImagePipeline.DisposeOnceLoaded(decoder);
            throw;
        }
    }

    /// <summary>
    /// Opens a pipeline for a program that generates at any rate, and edits where it can: where the weights of the tokenizer's encoder are
    /// missing, it is opened without it, and only what reads images is refused.
    /// </summary>
    /// <param name="generator">The generator's part.</param>
    /// <param name="tokenizer">The tokenizer's part.</param>
    /// <param name="options">How the generator is loaded, and the device for both.</param>
    /// <param name="editing">Whether images are to be read at all.</param>
    /// <param name="decoding">The type of the tokenizer's weights: float32 or bfloat16.</param>
    /// <param name="tellAbsence">Told, before anything is loaded, why the encoder is missing and how to get it.</param>
    internal static ImagePipeline OpenToServe(
        NamedGenerator generator, NamedTokenizer tokenizer, GeneratorOptions options, bool editing, Precision decoding, Action<string> tellAbsence)
    {
        var absence = editing ? tokenizer.Config.EncoderAbsence : null;
        if (absence is not null)
            tellAbsence(absence);
        return OpenPipeline(generator, tokenizer, options, withEncoder: editing && absence is null, decoding);
    }

    /// <summary>Opens a pipeline of what has been read, which can be followed and stopped.</summary>
    internal static ImagePipeline OpenPipeline(
        NamedGenerator generator, NamedTokenizer tokenizer, GeneratorOptions? options, bool withEncoder, Precision decoding, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(tokenizer);
        // A mismatch should not cost a wait.
        ImagePipeline.Check(generator.Config, tokenizer.Config);
        options ??= new GeneratorOptions();
        var decoder = tokenizer.Load(new TokenizerOptions { DecoderOnly = !withEncoder, Device = options.Device, Precision = decoding }, progress, cancellation);
        try
        {
            return new ImagePipeline(generator.Load(options, progress, cancellation), decoder);
        }
        catch
        {
            decoder.Dispose();
            throw;
        }
    }
}
