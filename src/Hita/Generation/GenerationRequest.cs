using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Generation;

/// <summary>What to generate. An image is a function of the weights, its class, the seed, its number and the settings.</summary>
public sealed record GenerationRequest
{
    /// <summary>The class of each image, by number; <see cref="GeneratorConfig.ClassCount"/> stands for no class.</summary>
    public required IReadOnlyList<int> Classes { get; init; }

    /// <summary>The seed. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>The number of the first image under the seed; the others follow. Default 0.</summary>
    public long FirstImage { get; init; }

    /// <summary>Temperature, filters and guidance. Default: the published test settings, without guidance.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>How the last holistic code is embedded. Default: as in training.</summary>
    public BoundaryMode Boundary { get; init; }

    /// <summary>Images sampled together; the images do not depend on it. Default 8.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>
    /// Patch tokens at the end that need not be sampled because the tokenizer's shift keeps them from every pixel; they are 0 in
    /// the result. Default 0.
    /// </summary>
    public int UnseenPatches { get; init; }

    /// <summary>Checks the request against a generator.</summary>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public void Validate(GeneratorConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var faults = new FaultCollector();
        foreach (var number in Classes.Where(c => c < 0 || c > config.ClassCount).Distinct())
            faults.Add($"class {number} does not exist, this generator knows the classes 0 to {config.ClassCount - 1}");
        faults.Require(Classes.Count > 0, $"no class is given");
        faults.Range(BatchSize, 1, 4096, "the batch size");
        faults.Require(FirstImage >= 0, $"the first image's number is {FirstImage}, it cannot be negative");
        faults.Range(UnseenPatches, 0, config.PatchTokenCount - 1, "the number of unseen patches");
        faults.OneOf(Boundary, "the boundary mode");
        faults.Throw("The request");
        Sampling.Validate();
    }
}

/// <summary>How far a generation has come.</summary>
/// <param name="Images">Images finished.</param>
/// <param name="ImageCount">Images in all.</param>
/// <param name="Tokens">Tokens sampled, over all images.</param>
/// <param name="TokenCount">Tokens in all.</param>
public readonly record struct GenerationProgress(int Images, int ImageCount, long Tokens, long TokenCount);
