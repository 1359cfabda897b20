using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Imaging;

namespace Hita.Models;

/// <summary>How a host runs.</summary>
public sealed record ImageHostOptions
{
    /// <summary>Images sampled together at most. Default 16.</summary>
    public int MaxBatch { get; init; } = 16;

    /// <summary>Images that wait at most. Default 256.</summary>
    public int MaxQueue { get; init; } = 256;
}

/// <summary>One image to generate.</summary>
public sealed record HostedImageRequest
{
    /// <summary>The class, by number.</summary>
    public required int Class { get; init; }

    /// <summary>The seed.</summary>
    public ulong Seed { get; init; }

    /// <summary>The image's number under the seed.</summary>
    public long Image { get; init; }

    /// <summary>Temperature, filters and guidance.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>How the last holistic code is embedded.</summary>
    public BoundaryMode Boundary { get; init; }

    /// <summary>Codes that are known; null for none.</summary>
    public PartialCodes? Known { get; init; }

    /// <summary>Previews wanted on the way.</summary>
    public int Previews { get; init; }
}

/// <summary>How far an image has come.</summary>
/// <param name="Tokens">Tokens sampled.</param>
/// <param name="TotalTokens">Tokens in all.</param>
/// <param name="Preview">What is known so far, decoded; mostly null.</param>
public sealed record HostedImageProgress(int Tokens, int TotalTokens, Image? Preview);

/// <summary>What a host does at the moment.</summary>
/// <param name="Waiting">Images that wait.</param>
/// <param name="Running">Images in the batch.</param>
/// <param name="Tokens">Tokens sampled since the start.</param>
public sealed record ImageHostStatus(int Waiting, int Running, long Tokens);

/// <summary>Generates images for many callers at once.</summary>
public interface IImageHost : IAsyncDisposable
{
    /// <summary>The models.</summary>
    ImagePipeline Pipeline { get; }

    /// <summary>What it does at the moment.</summary>
    ImageHostStatus Status { get; }

    /// <summary>Generates an image.</summary>
    /// <param name="request">What.</param>
    /// <param name="progress">Told how far it has come; may be null.</param>
    /// <param name="cancellation">Stops within a token.</param>
    Task<GeneratedImage> GenerateAsync(HostedImageRequest request, IProgress<HostedImageProgress>? progress = null, CancellationToken cancellation = default);

    /// <summary>Takes no more and returns when all is done.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    Task DrainAsync(CancellationToken cancellation = default);
}
