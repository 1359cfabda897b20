using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Generation;

/// <content>The asynchronous forms.</content>
public sealed partial class ImageGenerator
{
    /// <summary>As <see cref="Load"/>, on another thread.</summary>
    /// <param name="folder">A generator's folder, or a pipeline's with one inside.</param>
    /// <param name="options">How; null for float32 on the CPU.</param>
    /// <param name="progress">Told about bytes as they are read; may be null.</param>
    /// <param name="cancellation">Stops between two tensors.</param>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static Task<ImageGenerator> LoadAsync(
        string folder, GeneratorOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(
            () =>
            {
                var found = GeneratorFolder.Find(folder);
                var config = GeneratorFolder.ReadConfig(found);
                return LoadFrom(found, config, ClassNames.Load(found, config.ClassCount), GeneratorFolder.ReadSampling(found), options, progress, cancellation);
            },
            cancellation);

    /// <summary>As <see cref="Generate"/>, on another thread.</summary>
    /// <param name="request">What to sample.</param>
    /// <param name="progress">Told after every position of a batch; may be null.</param>
    /// <param name="onBatch">Given each batch as soon as it is sampled, with the index of its first image; may be null.</param>
    /// <param name="cancellation">Stops between two positions.</param>
    /// <inheritdoc cref="Generate" path="/exception"/>
    public Task<IReadOnlyList<Tokenization.ImageCodes>> GenerateAsync(
        GenerationRequest request,
        IProgress<GenerationProgress>? progress = null,
        Action<int, IReadOnlyList<Tokenization.ImageCodes>>? onBatch = null,
        CancellationToken cancellation = default) => Background.Run(() => Generate(request, progress, onBatch, cancellation), cancellation);

    /// <summary>As <see cref="Complete"/>, on another thread.</summary>
    /// <inheritdoc cref="Complete" path="/param"/>
    /// <inheritdoc cref="Complete" path="/exception"/>
    public Task<IReadOnlyList<CompletedCodes>> CompleteAsync(
        GenerationRequest request,
        IReadOnlyList<PartialCodes> known,
        bool score = false,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken cancellation = default) => Background.Run(() => Complete(request, known, score, progress, cancellation), cancellation);
}
