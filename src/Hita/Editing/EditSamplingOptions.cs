using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;

namespace Hita.Editing;

/// <summary>How new codes are sampled. A result is a function of the weights, the images, these settings and nothing else.</summary>
public sealed record EditSamplingOptions
{
    /// <summary>The class to sample for, by number; null for none. Default none.</summary>
    public int? Class { get; init; }

    /// <summary>The seed. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>The number of the first sampled image under the seed; the others follow. Default 0.</summary>
    public long FirstImage { get; init; }

    /// <summary>Temperature, filters and guidance; without a class there is nothing that guidance could lean to, and it rests.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>How the last holistic code is embedded. Default: as in training.</summary>
    public BoundaryMode Boundary { get; init; }

    /// <summary>Images sampled together; they do not depend on it. Default 8.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>The request for a number of images.</summary>
    /// <param name="config">The generator.</param>
    /// <param name="count">Images.</param>
    /// <param name="number">The first one's number, counted from <see cref="FirstImage"/>.</param>
    /// <param name="unseen">Patch codes that reach no pixel.</param>
    internal GenerationRequest Request(GeneratorConfig config, int count, long number, int unseen) => new()
    {
        Classes = [.. Enumerable.Repeat(Class ?? config.ClassCount, count)],
        Seed = Seed,
        FirstImage = FirstImage + number,
        Sampling = Class is null ? Sampling with { Guidance = new() } : Sampling,
        Boundary = Boundary,
        BatchSize = BatchSize,
        UnseenPatches = unseen,
    };
}
