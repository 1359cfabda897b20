using Hita.Layers;

namespace Hita.Training.Discriminators;

/// <summary>Makes discriminators.</summary>
internal static class DiscriminatorFactory
{
    /// <summary>A discriminator with fresh weights.</summary>
    /// <exception cref="Runtime.HitaException">It stands on a frozen network whose file is not there or does not fit.</exception>
    public static IDiscriminator Create(DiscriminatorOptions options, Placement placement, ulong seed) => options.Kind switch
    {
        DiscriminatorKind.Dino => DinoDiscriminator.Create(options.DinoFile, placement, seed),
        _ => PatchDiscriminator.Create(placement, seed, options.Width),
    };
}
