using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Data;
using Hita.Data.Sources;
using Hita.Evaluation.Classification;
using Hita.Evaluation.Protocols;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>The images that an evaluation was given.</summary>
internal static class EvaluationData
{
    /// <summary>What a data argument may be.</summary>
    public const string Help = "A set of images: a folder of class folders or images, a tar archive, Parquet file, LMDB folder, or the built-in set (materials, materials:SEED, materials:SEED:FIRST..END).";

    /// <summary>The built-in set's name.</summary>
    public const string Materials = "materials";

    /// <summary>Opens images.</summary>
    /// <param name="host">The command's host.</param>
    /// <param name="path">As <see cref="Help"/> says.</param>
    /// <param name="protocol">Says how they are decoded.</param>
    /// <param name="size">The side of the images of the built-in set in pixels.</param>
    /// <exception cref="HitaException">There are none.</exception>
    public static IImageSource Open(CommandHost host, string path, EvaluationProtocol protocol, int size) => ImageSources.Open(
        path,
        new ImageSourceOptions { Decoding = protocol.PlainDecoding ? ImageDecodeOptions.Plain : ImageDecodeOptions.Photo, MaterialsSize = size },
        host.Cancellation);

    /// <summary>The images that a classifier is trained on.</summary>
    /// <param name="host">The command's host.</param>
    /// <param name="path">As <see cref="Help"/> says; of the built-in set there is no end where only its seed is named.</param>
    /// <param name="heldOut">The images that judge it, named likewise; a tenth of the others where null.</param>
    /// <exception cref="HitaException">There are none, or the two do not fit each other.</exception>
    public static ClassifierImages OpenForClassifier(CommandHost host, string path, string? heldOut)
    {
        var isEndless = path == Materials;
        ulong seed = 0;
        if (path.StartsWith(Materials + ":", StringComparison.Ordinal))
            isEndless = ulong.TryParse(path[(Materials.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out seed);
        if (isEndless)
        {
            return heldOut is null
                ? new ClassifierImages(ClassifierData.Materials(ImageClassifier.InputSize, seed), [])
                : throw new HitaException($"--held-out does not go with {path}, of which scenes of another seed are held out; leave it out.");
        }
        var opened = new List<IImageSource>();
        try
        {
            foreach (var set in heldOut is null ? (ReadOnlySpan<string>)[path] : [path, heldOut])
                opened.Add(Open(host, set, EvaluationProtocols.Hita, ImageClassifier.InputSize));
            var data = heldOut is null
                ? ClassifierData.From(opened[0], ImageClassifier.InputSize)
                : ClassifierData.From(opened[0], opened[1], ImageClassifier.InputSize);
            return new ClassifierImages(data, opened);
        }
        catch
        {
            opened.ForEach(static s => s.Dispose());
            throw;
        }
    }
}
