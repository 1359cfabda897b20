using Hita.Runtime;

namespace Hita.Generation.Sampling;

/// <summary>Everything besides the model, the class and the seed that an image depends on.</summary>
public sealed record SamplingOptions
{
    /// <summary>How the holistic tokens are sampled.</summary>
    public TokenSampling Holistic { get; init; } = new();

    /// <summary>How the patch tokens are sampled; in the vanilla family, all tokens.</summary>
    public TokenSampling Patches { get; init; } = new();

    /// <summary>Classifier-free guidance; by default none.</summary>
    public GuidanceOptions Guidance { get; init; } = new();

    /// <summary>The same settings for both kinds of token.</summary>
    /// <param name="tokens">How every token is sampled.</param>
    /// <param name="guidance">Classifier-free guidance; null for none.</param>
    public static SamplingOptions Same(TokenSampling tokens, GuidanceOptions? guidance = null) =>
        new() { Holistic = tokens, Patches = tokens, Guidance = guidance ?? new() };

    /// <summary>The settings for one token.</summary>
    /// <param name="token">The token, 0 for the first one of the image.</param>
    /// <param name="holisticTokenCount">Holistic tokens M that precede the patches.</param>
    public TokenSampling For(int token, int holisticTokenCount) => token < holisticTokenCount ? Holistic : Patches;

    /// <summary>Checks every setting.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public SamplingOptions Validate()
    {
        var faults = new FaultCollector();
        Holistic.AddFaults(faults.Within("the holistic "));
        Patches.AddFaults(faults.Within("the patch "));
        Guidance.AddFaults(faults.Within("the guidance "));
        return faults.Checked(this, "The sampling settings");
    }
}
