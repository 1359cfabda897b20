using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Editing;

/// <summary>Which codes of an image its variations keep.</summary>
public enum VariationKeep
{
    /// <summary>The holistic codes: the same look and light in another arrangement.</summary>
    Holistic,

    /// <summary>The patch codes: the same arrangement in another look.</summary>
    Patches,
}

/// <summary>A variation of an image.</summary>
/// <param name="Number">Its number under the seed.</param>
/// <param name="Image">The image, of the original's size; outside the model's square it is the original.</param>
/// <param name="LogLikelihood">With the patches kept, the natural logarithm of their likelihood after the codes that were sampled; else 0.</param>
public sealed record Variation(long Number, Image Image, double LogLikelihood);

/// <summary>Generates images that share one kind of codes with an image.</summary>
/// <param name="pipeline">The models, the tokenizer with its encoder; still the caller's to dispose.</param>
/// <param name="sampler">What samples the codes, for example a host's loop; null for the pipeline's generator by itself.</param>
public sealed class Variations(ImagePipeline pipeline, ICodeSampler? sampler = null)
{
    private readonly ImagePipeline _pipeline = EditChecks.WithEncoder(pipeline);
    private readonly ICodeSampler _sampler = sampler ?? pipeline.Generator;

    /// <summary>Generates variations.</summary>
    /// <param name="image">The image, of any size; its largest centre window of the model's shape is varied.</param>
    /// <param name="keep">What stays; the rest is sampled.</param>
    /// <param name="count">How many, 1 or more.</param>
    /// <param name="sampling">Class, seed and settings of the sampling; null for the defaults.</param>
    /// <param name="progress">Told how many codes are sampled; may be null.</param>
    /// <param name="cancellation">Stops soon.</param>
    /// <returns>Variations in the order of their numbers.</returns>
    /// <exception cref="HitaException">The model has no holistic codes, or a setting is impossible.</exception>
    public IReadOnlyList<Variation> Generate(
        Image image, VariationKeep keep, int count = 1, EditSamplingOptions? sampling = null,
        IProgress<EditProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        EditChecks.Holistic(_pipeline.Tokenizer, "A variation");
        sampling ??= new EditSamplingOptions();
        var config = _pipeline.Generator.Config;
        if (sampling.Class is { } number && (number < 0 || number >= config.ClassCount))
            throw new HitaException($"There is no class {number}: this generator's classes run from 0 to {config.ClassCount - 1}.");

        var window = EditWindow.Centre(image, _pipeline.Width, _pipeline.Height);
        var codes = _pipeline.Tokenizer.Encode([window.Cut(image)], cancellation: cancellation)[0];
        var nothing = PartialCodes.Nothing(config);
        var known = keep == VariationKeep.Holistic ? nothing with { Holistic = codes.Holistic } : nothing with { Patches = codes.Patches };
        var unseen = config.UnseenPatchesOf(_pipeline.Tokenizer.Config);
        var sampled = _sampler.Complete(
            sampling.Request(config, count, 0, unseen), [known], score: keep == VariationKeep.Patches && count > 1,
            new EditProgressCounter(progress).ForOne(), cancellation);
        var variations = new List<Variation>();
        foreach (var sample in sampled)
        {
            var decoded = _pipeline.Tokenizer.Decode([sample.Codes], cancellation: cancellation)[0];
            variations.Add(new Variation(sampling.FirstImage + variations.Count, window.Paste(image, decoded), sample.LogLikelihood));
        }
        return variations;
    }

    /// <summary>As <see cref="Generate"/>, on another thread.</summary>
    /// <inheritdoc cref="Generate" path="/param"/>
    /// <inheritdoc cref="Generate" path="/exception"/>
    public Task<IReadOnlyList<Variation>> GenerateAsync(
        Image image, VariationKeep keep, int count = 1, EditSamplingOptions? sampling = null, IProgress<EditProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Background.Run(() => Generate(image, keep, count, sampling, progress, cancellation), cancellation);
}
