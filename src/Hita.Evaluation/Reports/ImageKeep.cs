using Hita.Imaging;
using Hita.Metrics;

namespace Hita.Evaluation.Reports;

/// <summary>An image, or a pair of them, that is kept to be shown.</summary>
/// <param name="Number">Its place among the samples.</param>
/// <param name="Value">A number that goes with it, for example a class or a PSNR.</param>
/// <param name="Image">The image.</param>
/// <param name="Other">The other one of a pair, of the same size; null for a single image.</param>
public sealed record KeptImage(long Number, double Value, Image Image, Image? Other = null);

/// <summary>Keeps a few images for the page; they survive an interruption with the rest of the state.</summary>
public sealed class ImageKeep : IAccumulator<ImageKeep>
{
    private readonly List<KeptImage> _kept = [];

    /// <inheritdoc/>
    public long Count => _kept.Count;

    /// <summary>The images.</summary>
    public IReadOnlyList<KeptImage> Kept => _kept;

    /// <summary>Keeps an image.</summary>
    /// <param name="image">The image.</param>
    public void Add(KeptImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        _kept.Add(image);
    }

    /// <summary>Keeps an image if it is one of those with the least values.</summary>
    /// <param name="image">The image.</param>
    /// <param name="maxCount">How many are kept.</param>
    public void AddLeast(KeptImage image, int maxCount)
    {
        ArgumentNullException.ThrowIfNull(image);
        var at = _kept.FindIndex(k => image.Value < k.Value);
        _kept.Insert(at < 0 ? _kept.Count : at, image);
        if (_kept.Count > maxCount)
            _kept.RemoveAt(_kept.Count - 1);
    }

    /// <inheritdoc/>
    public void Merge(ImageKeep other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _kept.AddRange(other._kept);
    }

    IEnumerable<StatePart> IAccumulator<ImageKeep>.Capture()
    {
        yield return StatePart.Of<long>(
            "sizes", _kept.SelectMany(static k => new long[] { k.Number, k.Image.Width, k.Image.Height, k.Other is null ? 0 : 1 }).ToArray(), _kept.Count, 4);
        yield return StatePart.Of<double>("values", _kept.Select(static k => k.Value).ToArray());
        yield return StatePart.Of<byte>("pixels", _kept.SelectMany(static k => (byte[])[.. k.Image.Pixels, .. k.Other is null ? [] : k.Other.Pixels]).ToArray());
    }

    static ImageKeep IAccumulator<ImageKeep>.Restore(StateSource source)
    {
        var (sizes, values, pixels) = (source.Read<long>("sizes"), source.Read<double>("values"), source.Read<byte>("pixels"));
        source.Require(sizes.Length == 4 * values.Length, "sizes");
        var keep = new ImageKeep();
        var at = 0L;
        for (var i = 0; i < values.Length; i++)
        {
            var (number, width, height, pair) = (sizes[4 * i], sizes[(4 * i) + 1], sizes[(4 * i) + 2], sizes[(4 * i) + 3] == 1);
            source.Require(width is > 0 and <= 16384 && height is > 0 and <= 16384, "sizes");
            keep.Add(new KeptImage(number, values[i], Next(), pair ? Next() : null));

            Image Next()
            {
                var size = width * height * Image.Channels;
                source.Require(at + size <= pixels.Length, "pixels");
                var image = new Image((int)width, (int)height, pixels.AsSpan((int)at, (int)size).ToArray());
                at += size;
                return image;
            }
        }
        return keep;
    }
}
