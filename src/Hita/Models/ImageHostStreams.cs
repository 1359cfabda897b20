using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>What a hosted image looks like on its way: a preview, or in the end the image.</summary>
/// <param name="Tokens">Codes that are sampled.</param>
/// <param name="TotalTokens">Codes of the whole image.</param>
/// <param name="Image">What they look like.</param>
/// <param name="Result">The finished image; null for a preview.</param>
public sealed record HostedImageStage(int Tokens, int TotalTokens, Image Image, GeneratedImage? Result);

/// <summary>Hosted images as streams.</summary>
public static class ImageHostStreams
{
    /// <summary>Makes an image and gives its previews as they are decoded, and the image last. Who stops asking for more takes it out of the batch.</summary>
    /// <param name="host">The host.</param>
    /// <param name="request">The image, with the number of previews that are wanted.</param>
    /// <param name="cancellation">Takes the image out of the batch before its next token.</param>
    /// <returns>Previews, as many as were not left out, and the image.</returns>
    /// <inheritdoc cref="IImageHost.GenerateAsync" path="/exception"/>
    public static async IAsyncEnumerable<HostedImageStage> StreamAsync(
        this IImageHost host, HostedImageRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(request);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // A preview that nobody has looked at yet is replaced by the next one: the image waits for no one.
        var stages = Channel.CreateBounded<HostedImageStage>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        var total = 0;
        var work = Make();
        try
        {
            await foreach (var stage in stages.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return stage;
            var image = await work.ConfigureAwait(false);
            yield return new HostedImageStage(total, total, image.Image, image);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task<GeneratedImage> Make()
        {
            try
            {
                return await host.GenerateAsync(request, new DirectProgress<HostedImageProgress>(Report), ending.Token).ConfigureAwait(false);
            }
            finally
            {
                stages.Writer.Complete();
            }
        }

        void Report(HostedImageProgress progress)
        {
            total = progress.TotalTokens;
            if (progress.Preview is { } preview)
                stages.Writer.TryWrite(new HostedImageStage(progress.Tokens, progress.TotalTokens, preview, Result: null));
        }
    }
}
