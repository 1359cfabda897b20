using Hita.Cli.Hosting;
using Hita.Data;
using Hita.Data.Sources;
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
}
