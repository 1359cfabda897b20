using Hita.Generation;
using Hita.Models;

namespace Hita.Extensions.Hosting;

/// <summary>The host as the program's services give it out: usable before the pipeline is loaded, and disposed of with them.</summary>
internal sealed class SharedHost(PipelineHost shared) : IImageHost, IDisposable
{
    private static readonly ImageHostStatus Loading = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <inheritdoc/>
    public ImagePipeline Pipeline => shared.Host.GetAwaiter().GetResult().Pipeline;

    /// <inheritdoc/>
    public ImageHostStatus Status => shared.Loaded?.Status ?? Loading;

    /// <inheritdoc/>
    public async Task<GeneratedImage> GenerateAsync(
        HostedImageRequest request, IProgress<HostedImageProgress>? progress = null, CancellationToken cancellation = default) =>
        await (await Host(cancellation).ConfigureAwait(false)).GenerateAsync(request, progress, cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<CompletedCodes> CompleteAsync(
        HostedImageRequest request, bool score = false, IProgress<HostedImageProgress>? progress = null, CancellationToken cancellation = default) =>
        await (await Host(cancellation).ConfigureAwait(false)).CompleteAsync(request, score, progress, cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task WarmUpAsync(CancellationToken cancellation = default) => Host(cancellation);

    /// <inheritdoc/>
    public async Task DrainAsync(CancellationToken cancellation = default)
    {
        if (shared.Loaded is { } host)
            await host.DrainAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Nothing: the services own what is shared.</summary>
    public void Dispose()
    {
    }

    /// <summary>Nothing: the services own what is shared.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<ImageHost> Host(CancellationToken cancellation) => shared.Host.WaitAsync(cancellation);
}
