using Hita.Runtime;
using Hita.Tokenization.Model;
using Hita.Training.Discriminators;
using Hita.Training.Losses;
using Hita.Training.Optimization;

namespace Hita.Training;

/// <summary>Which weights of a tokenizer are trained.</summary>
public enum TokenizerScope
{
    /// <summary>All but the semantic encoder, which is frozen by definition.</summary>
    All,

    /// <summary>Only what turns codes into images: codes keep their meaning, and a generator trained on them stays usable.</summary>
    Decoder,
}

/// <summary>Everything that a tokenizer's training can be told; the defaults are the published recipe's.</summary>
public sealed record TokenizerTrainingOptions
{
    /// <summary>The difference between the pixels of an image and its reconstruction.</summary>
    public ReconstructionLoss Reconstruction { get; init; } = ReconstructionLoss.TwiceSquared;

    /// <summary>Weight of <see cref="Reconstruction"/>. Default 1.</summary>
    public double ReconstructionWeight { get; init; } = 1;

    /// <summary>The perceptual loss, which needs weight files (LPIPS unless it says otherwise); null trains without.</summary>
    public PerceptualOptions? Perceptual { get; init; } = new();

    /// <summary>The discriminator; null trains without.</summary>
    public DiscriminatorOptions? Discriminator { get; init; } = new();

    /// <summary>Weight of the semantic reconstruction, of tokenizers that have the head (Hita-U). Default 1.</summary>
    public double SemanticWeight { get; init; } = 1;

    /// <summary>Teaches the decoder to take colours from the holistic tokens; null, the default, trains as published.</summary>
    public StyleSeparationOptions? StyleSeparation { get; init; }

    /// <summary>Both codebooks.</summary>
    public CodebookOptions Codebook { get; init; } = new();

    /// <summary>The tokenizer's optimiser; the published warm-up is four epochs, which a recipe turns into steps.</summary>
    public OptimizerOptions Optimizer { get; init; } = new();

    /// <summary>The exponential moving average of the weights.</summary>
    public AverageOptions Average { get; init; } = new();

    /// <summary>Probability of dropping, in the transformers (published 0.1).</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>
    /// The type of matrix products and convolutions: float32, or bfloat16 where the processor or GPU is faster at it. Weights,
    /// losses and code distances stay float32. Default float32; the published runs used bfloat16.
    /// </summary>
    public Precision Precision { get; init; }

    /// <summary>Which weights are trained. Default all.</summary>
    public TokenizerScope Scope { get; init; }

    /// <summary>
    /// A file with the frozen semantic encoder, for tokenizers that have one; null where the weights that training starts from hold it,
    /// and for ResNet-18, which is found by itself.
    /// </summary>
    public string? SemanticEncoderFile { get; init; }

    /// <summary>Checks every field.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public TokenizerTrainingOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Range(ReconstructionWeight, 0, 1e6, "reconstruction_weight");
        faults.Range(SemanticWeight, 0, 1e6, "semantic_weight");
        faults.Below(Dropout, 0, 1, "dropout");
        faults.Require(Precision is Precision.Float32 or Precision.BFloat16, $"precision is {EnumWords.Of(Precision)}, training runs in float32 or bfloat16");
        faults.OneOf(Reconstruction, "reconstruction");
        faults.OneOf(Scope, "scope");
        faults.Require(
            Scope != TokenizerScope.Decoder || ReconstructionWeight > 0 || Perceptual is not null,
            $"reconstruction_weight is 0 and perceptual is null, so that nothing teaches the decoder, which scope trains alone");
        Perceptual?.CollectFaults(faults.Within("perceptual."));
        Discriminator?.CollectFaults(faults.Within("discriminator."));
        StyleSeparation?.CollectFaults(faults.Within("style_separation."));
        Codebook.CollectFaults(faults.Within("codebook."));
        Optimizer.CollectFaults(faults.Within("optimizer."));
        Average.CollectFaults(faults.Within("average."));
        return faults.Checked(this, "The tokenizer's training");
    }

    /// <summary>Checks that they are possible for an architecture.</summary>
    /// <param name="config">The tokenizer's.</param>
    /// <exception cref="ConfigException">They are not.</exception>
    public void CheckFor(TokenizerConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (StyleSeparation is not null && config.Holistic is null)
            throw new ConfigException("The tokenizer's training", ["style_separation needs holistic tokens to put colours in, and this tokenizer has patch tokens only"]);
    }
}
