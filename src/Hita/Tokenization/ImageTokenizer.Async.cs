using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Tokenization;

/// <content>The asynchronous forms.</content>
public sealed partial class ImageTokenizer
{
    /// <summary>As <see cref="Load"/>, on another thread.</summary>
    /// <param name="folder">A tokenizer's folder, or a pipeline's with one inside.</param>
    /// <param name="options">How; null for everything in float32 on the CPU.</param>
    /// <param name="progress">Told about bytes as they are read; may be null.</param>
    /// <param name="cancellation">Stops between two tensors.</param>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static Task<ImageTokenizer> LoadAsync(
        string folder, TokenizerOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => LoadFrom(TokenizerFolder.Open(folder), options, progress, cancellation), cancellation);

    /// <summary>As <see cref="Encode(IReadOnlyList{Image}, int, CancellationToken)"/>, on another thread.</summary>
    /// <param name="images">RGB images whose sides are multiples of the patch.</param>
    /// <param name="batchSize">Images encoded together at most.</param>
    /// <param name="progress">Told how many images are encoded; may be null.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <inheritdoc cref="Encode(IReadOnlyList{Image}, int, CancellationToken)" path="/exception"/>
    public Task<IReadOnlyList<ImageCodes>> EncodeAsync(
        IReadOnlyList<Image> images, int batchSize = 4, IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Background.Run<IReadOnlyList<ImageCodes>>(() => EncodeAll(images, batchSize, progress, cancellation), cancellation);

    /// <summary>As <see cref="Decode(IReadOnlyList{ImageCodes}, int, CancellationToken)"/>, on another thread.</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="batchSize">Images decoded together at most.</param>
    /// <param name="progress">Told how many images are decoded; may be null.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <inheritdoc cref="Decode(IReadOnlyList{ImageCodes}, int, CancellationToken)" path="/exception"/>
    public Task<IReadOnlyList<Image>> DecodeAsync(
        IReadOnlyList<ImageCodes> codes, int batchSize = 4, IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Background.Run<IReadOnlyList<Image>>(() => DecodeAll(codes, batchSize, progress, cancellation), cancellation);

    /// <summary>As <see cref="Reconstruct"/>, on another thread.</summary>
    /// <param name="image">An RGB image whose sides are multiples of the patch.</param>
    /// <param name="cancellation">Stops between encoding and decoding.</param>
    /// <inheritdoc cref="Reconstruct" path="/exception"/>
    public Task<(ImageCodes Codes, Image Image)> ReconstructAsync(Image image, CancellationToken cancellation = default) =>
        Background.Run(
            () =>
            {
                var codes = Encode([image], cancellation: cancellation)[0];
                return (codes, Decode([codes], cancellation: cancellation)[0]);
            },
            cancellation);

    /// <summary>As <see cref="Features"/>, on another thread.</summary>
    /// <param name="images">RGB images whose sides are multiples of the patch.</param>
    /// <param name="batchSize">Images encoded together at most.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <inheritdoc cref="Features" path="/exception"/>
    public Task<IReadOnlyList<ImageFeatures>> FeaturesAsync(IReadOnlyList<Image> images, int batchSize = 4, CancellationToken cancellation = default) =>
        Background.Run(() => Features(images, batchSize, cancellation), cancellation);
}
