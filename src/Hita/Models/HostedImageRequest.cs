using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>One image to be made by an <see cref="IImageHost"/>. The same values give the same image as a <see cref="GenerationRequest"/> for it alone.</summary>
public sealed record HostedImageRequest
{
    /// <summary>The class, by number; <see cref="GeneratorConfig.ClassCount"/> stands for no class.</summary>
    public required int Class { get; init; }

    /// <summary>The seed. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>The image's number under the seed, from 0. Default 0.</summary>
    public long Image { get; init; }

    /// <summary>Temperature, filters and guidance. Default: plain sampling without guidance, not what the generator recommends.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>How the last holistic code is embedded. Default: as in training.</summary>
    public BoundaryMode Boundary { get; init; }

    /// <summary>Codes that are known and kept; null where all are sampled. Default null.</summary>
    public PartialCodes? Known { get; init; }

    /// <summary>
    /// How many previews are wanted, 0 to 1000, spread evenly over the patch codes; the first comes once the holistic codes are
    /// there. A busy host leaves out some, the first one last. Default 0.
    /// </summary>
    public int Previews { get; init; }

    /// <summary>The request that gives the same image without a host, for example for <see cref="ImagePipeline.SettingsOf"/>.</summary>
    public GenerationRequest ToGenerationRequest() => new()
    {
        Classes = [Class],
        Seed = Seed,
        FirstImage = Image,
        Sampling = Sampling,
        Boundary = Boundary,
        BatchSize = 1,
    };

    /// <summary>Checks the request against a generator.</summary>
    /// <exception cref="ConfigException">Lists all faults of the part that has any.</exception>
    public void Validate(GeneratorConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        ToGenerationRequest().Validate(config);
        var faults = new FaultCollector();
        faults.Range(Previews, 0, 1000, "the number of previews");
        Known?.AddFaults(config, faults);
        faults.Throw("The request");
    }
}

/// <summary>How far an image has come.</summary>
/// <param name="Tokens">Its tokens that are there, sampled or known.</param>
/// <param name="TotalTokens">Its tokens in all.</param>
/// <param name="Preview">What the image would be with the codes so far; null in most reports.</param>
public sealed record HostedImageProgress(int Tokens, int TotalTokens, Image? Preview);
