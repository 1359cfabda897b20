using Hita.Data;
using Hita.Data.Sources;
using Hita.Evaluation.Runs;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Studies.Convergence;

/// <summary>True images that samples are compared with.</summary>
internal sealed class RealImages : IDisposable
{
    private readonly string _path;
    private IImageSource? _source;

    private RealImages(string path) => _path = path;

    /// <summary>Names a set; it is opened when it is asked for.</summary>
    /// <param name="path">A set of images as every command takes it.</param>
    public static RealImages Of(string path) => new(path);

    /// <summary>What distances are measured to.</summary>
    /// <param name="size">The samples' side.</param>
    /// <exception cref="HitaException">There are no images.</exception>
    public ImageSeries Series(int size) => ImageSeries.Source(Open(size), size, 0);

    /// <inheritdoc/>
    public void Dispose() => _source?.Dispose();

    private IImageSource Open(int size) => _source ??= ImageSources.Open(_path, new ImageSourceOptions { Decoding = ImageDecodeOptions.Photo, MaterialsSize = size }, CancellationToken.None);
}
