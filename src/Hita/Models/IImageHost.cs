using Hita.Generation;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>Makes images for many callers at once, with one pipeline and one sampling loop. Safe to use from any thread.</summary>
public interface IImageHost : IAsyncDisposable
{
    /// <summary>The models; they stay the caller's, and must outlive the host.</summary>
    ImagePipeline Pipeline { get; }

    /// <summary>What the host is doing.</summary>
    ImageHostStatus Status { get; }

    /// <summary>Makes an image. It joins the running batch at the next step, or waits for a place, first come first served.</summary>
    /// <param name="request">The image.</param>
    /// <param name="progress">Told about tokens and previews, on threads of the pool and one report at a time; reports that it is too slow for
    /// are left out, previews are not. None comes after the task has ended. May be null.</param>
    /// <param name="cancellation">Takes the image out of the batch before its next token.</param>
    /// <returns>
    /// The image that <see cref="ImagePipeline.Generate(GenerationRequest, Action{GeneratedImage}, IProgress{GenerationProgress}, CancellationToken)"/>
    /// makes: on the CPU engine equal to the bit. With the framework's engine each sequence takes its steps alone, so that scores may differ
    /// in their last bits from those of a larger batch, and rarely a code with them.
    /// </returns>
    /// <exception cref="ConfigException">The request does not fit the models.</exception>
    /// <exception cref="HostBusyException">Too many images are waiting.</exception>
    /// <exception cref="HostStoppedException">The host is shutting down.</exception>
    Task<GeneratedImage> GenerateAsync(HostedImageRequest request, IProgress<HostedImageProgress>? progress = null, CancellationToken cancellation = default);

    /// <summary>Samples the unknown codes of an image in the same loop, without decoding them.</summary>
    /// <param name="request">The image; its previews are not made.</param>
    /// <param name="score">Whether the likelihood of the known codes is computed, which takes a step for each of them.</param>
    /// <param name="progress">As for <see cref="GenerateAsync"/>.</param>
    /// <param name="cancellation">As for <see cref="GenerateAsync"/>.</param>
    /// <returns>The codes that <see cref="ICodeSampler.Complete"/> of the generator makes, as near as with <see cref="GenerateAsync"/>.</returns>
    /// <inheritdoc cref="GenerateAsync" path="/exception"/>
    Task<CompletedCodes> CompleteAsync(
        HostedImageRequest request, bool score = false, IProgress<HostedImageProgress>? progress = null, CancellationToken cancellation = default);

    /// <summary>Pays what the first image would pay: memory, caches, the decoder's preparation. Takes a few tokens and one decoding.</summary>
    /// <param name="cancellation">Gives up.</param>
    Task WarmUpAsync(CancellationToken cancellation = default);

    /// <summary>Takes no more requests and waits until those it has are done.</summary>
    /// <param name="cancellation">Gives up waiting; the host goes on with what it has and still takes nothing new.</param>
    Task DrainAsync(CancellationToken cancellation = default);
}

/// <summary>What a host is doing and has done.</summary>
/// <param name="Running">Images being sampled.</param>
/// <param name="Rows">Sequences in the batch: one an image, two while it is guided.</param>
/// <param name="Waiting">Images that wait for a place in the batch.</param>
/// <param name="Decoding">Images that are sampled and wait to be decoded, or are being decoded.</param>
/// <param name="TokensPerSecond">Tokens a second over the last seconds, all images together; 0 while there is nothing to do.</param>
/// <param name="Steps">Steps of the loop so far, each a token of every running image.</param>
/// <param name="Done">Images finished.</param>
/// <param name="Cancelled">Images given up because their callers wanted it or the host ended.</param>
/// <param name="Failed">Images that failed after they were accepted.</param>
/// <param name="PreviewsDone">Previews decoded.</param>
/// <param name="PreviewsLeftOut">Previews left out because they would have taken too much of the time.</param>
public sealed record ImageHostStatus(
    int Running, int Rows, int Waiting, int Decoding, double TokensPerSecond, long Steps, long Done, long Cancelled, long Failed, long PreviewsDone, long PreviewsLeftOut);
