using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Generation;

/// <summary>
/// Samples the unknown codes of images: a generator by itself, or something that lets many callers share one. Edits take either.
/// </summary>
public interface ICodeSampler
{
    /// <summary>The architecture.</summary>
    GeneratorConfig Config { get; }

    /// <summary>Samples the unknown codes of images; known ones are fed to the model as if it had sampled them.</summary>
    /// <param name="request">Classes, seed and settings. <see cref="GenerationRequest.UnseenPatches"/> are not sampled.</param>
    /// <param name="known">What is known of each image, or of all of them where there is one.</param>
    /// <param name="score">Whether the likelihood of the known codes is computed, which takes a step for each of them.</param>
    /// <param name="progress">Told now and then; may be null.</param>
    /// <param name="cancellation">Stops between two positions.</param>
    /// <returns>The images, in the order of the request's classes.</returns>
    /// <remarks>An image's sampled codes depend on its known ones, its number and the seed, and not on its neighbours.</remarks>
    /// <exception cref="ConfigException">The request or the known codes do not fit this generator.</exception>
    IReadOnlyList<CompletedCodes> Complete(
        GenerationRequest request,
        IReadOnlyList<PartialCodes> known,
        bool score = false,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken cancellation = default);
}
