using Hita.Generation;

namespace Hita.Models;

/// <summary>One image after the other.</summary>
/// <param name="pipeline">The models, owned from here on.</param>
/// <param name="options">How.</param>
public sealed class ImageHost(ImagePipeline pipeline, ImageHostOptions? options = null) : IImageHost
{
    private readonly SemaphoreSlim _turn = new(1);
    private int _waiting;
    private int _running;
    private long _tokens;

    /// <inheritdoc/>
    public ImagePipeline Pipeline => pipeline;

    /// <summary>How it runs.</summary>
    public ImageHostOptions Options { get; } = options ?? new();

    /// <inheritdoc/>
    public ImageHostStatus Status => new(_waiting, _running, _tokens);

    /// <inheritdoc/>
    public async Task<GeneratedImage> GenerateAsync(HostedImageRequest request, IProgress<HostedImageProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        Interlocked.Increment(ref _waiting);
        try
        {
            await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        Interlocked.Increment(ref _running);
        try
        {
            return await Task.Run(() => Generate(request, progress, cancellation), cancellation).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async Task DrainAsync(CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        _turn.Release();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        pipeline.Dispose();
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }

    private GeneratedImage Generate(HostedImageRequest request, IProgress<HostedImageProgress>? progress, CancellationToken cancellation)
    {
        GeneratedImage? image = null;
        pipeline.Generate(
            new GenerationRequest { Classes = [request.Class], Seed = request.Seed, FirstImage = request.Image, Sampling = request.Sampling, Boundary = request.Boundary },
            made => image = made,
            new Listener(this, progress),
            cancellation);
        return image!;
    }

    private sealed class Listener(ImageHost owner, IProgress<HostedImageProgress>? progress) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value)
        {
            Interlocked.Increment(ref owner._tokens);
            progress?.Report(new HostedImageProgress((int)value.Tokens, (int)value.TokenCount, null));
        }
    }
}
