using Hita.Runtime;

namespace Hita.Models;

/// <summary>How an <see cref="ImageHost"/> runs.</summary>
public sealed record ImageHostOptions
{
    /// <summary>
    /// The most images sampled together, 1 to 4096. On the CPU engine each reserves twice the cache of a sequence, 2 · layers ·
    /// (M + N) · width values of 4 bytes (2 with bfloat16 and int8 weights), which becomes memory as places are used for the first
    /// time; a guided image uses both. Images do not depend on it. Default 16.
    /// </summary>
    public int MaxBatch { get; init; } = 16;

    /// <summary>The most images that wait for a place in the batch, 0 to 1,000,000; more are refused. Default 256.</summary>
    public int MaxQueue { get; init; } = 256;

    /// <summary>
    /// The share of the time, above 0 to 1, that previews may be decoded in while images are sampled; previews beyond it are left out, but
    /// rarely the first one of an image. Default 0.08.
    /// </summary>
    public double MaxPreviewShare { get; init; } = 0.08;

    /// <summary>Checks every setting.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public ImageHostOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Range(MaxBatch, 1, 4096, "the largest batch");
        faults.Range(MaxQueue, 0, 1_000_000, "the longest queue");
        faults.Require(MaxPreviewShare is > 0 and <= 1, $"the share of previews is {MaxPreviewShare}, above 0 to 1 is possible");
        return faults.Checked(this, "The host's settings");
    }
}
