using Hita.Checkpoints;
using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Models;
using Hita.Tokenization.Model;
using Hita.Training.Discriminators;

namespace Hita.Training;

/// <summary>The networks that a tokenizer is trained with; the trainer that gets them frees them.</summary>
/// <param name="Perceptual">The perceptual distance; null for none.</param>
/// <param name="Discriminator">The discriminator; null for none.</param>
internal sealed record TokenizerAssets(LpipsModel? Perceptual, IDiscriminator? Discriminator) : IDisposable
{
    /// <summary>Builds what the options ask for and loads its files.</summary>
    /// <exception cref="Runtime.HitaException">A file is not there or does not fit.</exception>
    public static TokenizerAssets Load(TokenizerTrainingOptions options, Placement placement, ulong seed)
    {
        LpipsModel? perceptual = null;
        try
        {
            if (options.Perceptual is { } lpips)
                perceptual = LpipsWeights.Load(lpips.VggFile, lpips.HeadsFile, placement);
            var discriminator = options.Discriminator is { } wanted ? DiscriminatorFactory.Create(wanted, placement, seed) : null;
            return new TokenizerAssets(perceptual, discriminator);
        }
        catch
        {
            perceptual?.Dispose();
            throw;
        }
    }

    /// <summary>Fills a tokenizer's semantic encoder from a DINOv2 file.</summary>
    /// <exception cref="Runtime.HitaException">The tokenizer has none, or the file does not fit.</exception>
    public static void LoadSemanticEncoder(TokenizerModel model, string file)
    {
        if (model.SemanticEncoder is not { } encoder)
            throw new Runtime.HitaException($"The tokenizer has no semantic encoder that {file} could fill; leave the file out, or choose an architecture with one.");
        using var source = WeightFile.Open(file);
        StrictLoader.Load(source, encoder.Parameters(), new LoadOptions
        {
            NameMap = static name => name.StartsWith(TokenizerNames.SemanticEncoderPrefix, StringComparison.Ordinal)
                ? name[TokenizerNames.SemanticEncoderPrefix.Length..]
                : name,
        });
    }

    public void Dispose()
    {
        Perceptual?.Dispose();
        Discriminator?.Dispose();
    }
}
