using Hita.Generation;
using Hita.Models;
using Hita.Server.Settings;

namespace Hita.Server.Jobs;

/// <summary>A pipeline that is loaded and answers requests.</summary>
/// <param name="Source">What it was loaded from.</param>
/// <param name="Host">Generates images for many callers at once.</param>
/// <param name="Created">When it was loaded.</param>
public sealed record ServedModel(ServedPipeline Source, IImageHost Host, DateTimeOffset Created)
{
    /// <summary>
    /// Whether its encoder was wanted and its weights are not on this machine, so that it generates and decodes only. The log of the
    /// start says how to get them.
    /// </summary>
    public bool MissesEncoder { get; init; }

    /// <summary>The name by which requests ask for it.</summary>
    public string Id => Source.Id;

    /// <summary>The models.</summary>
    public ImagePipeline Pipeline => Host.Pipeline;

    /// <summary>The classes' names.</summary>
    public ClassNames Classes => Pipeline.Generator.Classes;
}
