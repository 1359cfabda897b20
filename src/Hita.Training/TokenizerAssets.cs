using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Runtime;
using Hita.Training.Discriminators;
using Hita.Training.Losses;

namespace Hita.Training;

/// <summary>The networks that a tokenizer is trained with; the trainer that gets them frees them.</summary>
/// <param name="Perceptual">The perceptual distance; null for none.</param>
/// <param name="Discriminator">The discriminator; null for none.</param>
internal sealed record TokenizerAssets(IPerceptualDistance? Perceptual, IDiscriminator? Discriminator) : IDisposable
{
    /// <summary>Builds what the options ask for and loads its files.</summary>
    /// <exception cref="HitaException">A file is not there or does not fit.</exception>
    public static TokenizerAssets Load(TokenizerTrainingOptions options, Placement placement, ulong seed)
    {
        IPerceptualDistance? perceptual = null;
        try
        {
            if (options.Perceptual is { } own)
            {
                perceptual = own.Kind == PerceptualKind.Lpips
                    ? LpipsWeights.Load(own.VggFile, own.HeadsFile, placement)
                    : ResNet18Stages.Load(own.Stages, own.ResnetFile, options.Precision == Precision.BFloat16, placement);
            }
            var discriminator = options.Discriminator is { } wanted ? DiscriminatorFactory.Create(wanted, placement, seed) : null;
            return new TokenizerAssets(perceptual, discriminator);
        }
        catch
        {
            perceptual?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Perceptual?.Dispose();
        Discriminator?.Dispose();
    }
}
