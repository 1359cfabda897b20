using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;
using static TorchSharp.torch;

namespace Hita.Evaluation.Protocols;

/// <summary>Paints codes at the size and in the way that a protocol measures generated pictures.</summary>
/// <param name="tokenizer">The tokenizer; it must outlive the painter.</param>
/// <param name="protocol">The protocol.</param>
public sealed class SamplePainter(ImageTokenizer tokenizer, EvaluationProtocol protocol)
{
    /// <summary>Paints codes, each by itself: then a picture does not depend on its neighbours, and is what generating it gives.</summary>
    /// <param name="codes">The codes.</param>
    /// <returns>A picture of each.</returns>
    /// <exception cref="HitaException">The codes come from another model, or a painted value is not a number.</exception>
    public IReadOnlyList<Picture> Paint(IReadOnlyList<ImageCodes> codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        return [.. codes.Select(c => NeedsFloats(c) ? PaintFloats(c) : ToSize(tokenizer.Decode([c])[0], protocol.Size))];
    }

    /// <summary>Brings an 8-bit picture to a size with Pillow's antialiased bicubic filter.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="size">The side in pixels; 0 leaves it as it is.</param>
    public static Picture ToSize(Picture picture, int size)
    {
        ArgumentNullException.ThrowIfNull(picture);
        return size == 0 || (picture.Width == size && picture.Height == size) ? picture : picture.Resize(size, size);
    }

    private bool NeedsFloats(ImageCodes codes) => protocol.Resize == SampleResize.FloatBicubic && protocol.Size > 0
        && (codes.GridWidth * tokenizer.Config.PatchSize, codes.GridHeight * tokenizer.Config.PatchSize) != (protocol.Size, protocol.Size);

    private Picture PaintFloats(ImageCodes codes)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        return PictureTensors.ToPictures(Bicubic(tokenizer.PaintFloats([codes]), protocol.Size))[0];
    }

    /// <summary>A bicubic filter (a = −¾) of two pixels to each side that does not widen when shrinking.</summary>
    internal static Tensor Bicubic(Tensor pictures, int size) =>
        nn.functional.interpolate(pictures, [size, size], mode: InterpolationMode.Bicubic, align_corners: false, antialias: false);
}
