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
    /// <summary>Paints codes.</summary>
    /// <param name="codes">Codes of one grid, at least one.</param>
    /// <returns>A picture of each.</returns>
    /// <exception cref="HitaException">The codes come from another model, or a painted value is not a number.</exception>
    public IReadOnlyList<Picture> Paint(IReadOnlyList<ImageCodes> codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        var float32 = protocol.Resize == SampleResize.FloatBicubic && protocol.Size > 0
            && (codes[0].GridWidth * tokenizer.Config.PatchSize, codes[0].GridHeight * tokenizer.Config.PatchSize) != (protocol.Size, protocol.Size);
        return float32 ? PaintFloats(codes) : [.. tokenizer.Decode(codes, codes.Count).Select(p => ToSize(p, protocol.Size))];
    }

    /// <summary>Brings an 8-bit picture to a size with Pillow's antialiased bicubic filter.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="size">The side in pixels; 0 leaves it as it is.</param>
    public static Picture ToSize(Picture picture, int size)
    {
        ArgumentNullException.ThrowIfNull(picture);
        return size == 0 || (picture.Width == size && picture.Height == size) ? picture : picture.Resize(size, size);
    }

    private Picture[] PaintFloats(IReadOnlyList<ImageCodes> codes)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var floats = tokenizer.PaintFloats(codes);
        return PictureTensors.ToPictures(Bicubic(floats, protocol.Size));
    }

    /// <summary>A bicubic filter (a = −¾) of two pixels to each side that does not widen when shrinking.</summary>
    internal static Tensor Bicubic(Tensor pictures, int size) =>
        nn.functional.interpolate(pictures, [size, size], mode: InterpolationMode.Bicubic, align_corners: false, antialias: false);
}
