using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;
using static TorchSharp.torch;

namespace Hita.Evaluation.Protocols;

/// <summary>Decodes codes at the size and in the way that a protocol measures generated images.</summary>
/// <param name="tokenizer">The tokenizer; it must outlive the decoder.</param>
/// <param name="protocol">The protocol.</param>
public sealed class SampleDecoder(ImageTokenizer tokenizer, EvaluationProtocol protocol)
{
    /// <summary>Decodes codes, each by itself: then an image does not depend on its neighbours, and is what generating it gives.</summary>
    /// <param name="codes">The codes.</param>
    /// <returns>An image of each.</returns>
    /// <exception cref="HitaException">The codes come from another model, or a decoded value is not a number.</exception>
    public IReadOnlyList<Image> Decode(IReadOnlyList<ImageCodes> codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        return [.. codes.Select(c => NeedsFloats(c) ? DecodeFloats(c) : ToSize(tokenizer.Decode([c])[0], protocol.Size))];
    }

    /// <summary>Brings an 8-bit image to a size with Pillow's antialiased bicubic filter.</summary>
    /// <param name="image">The image.</param>
    /// <param name="size">The side in pixels; 0 leaves it as it is.</param>
    public static Image ToSize(Image image, int size)
    {
        ArgumentNullException.ThrowIfNull(image);
        return size == 0 || (image.Width == size && image.Height == size) ? image : image.Resize(size, size);
    }

    private bool NeedsFloats(ImageCodes codes) => protocol.Resize == SampleResize.FloatBicubic && protocol.Size > 0
        && (codes.GridWidth * tokenizer.Config.PatchSize, codes.GridHeight * tokenizer.Config.PatchSize) != (protocol.Size, protocol.Size);

    private Image DecodeFloats(ImageCodes codes)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        return ImageTensors.ToImages(Bicubic(tokenizer.DecodeFloats([codes]), protocol.Size))[0];
    }

    /// <summary>A bicubic filter (a = −¾) of two pixels to each side that does not widen when shrinking.</summary>
    internal static Tensor Bicubic(Tensor images, int size) =>
        nn.functional.interpolate(images, [size, size], mode: InterpolationMode.Bicubic, align_corners: false, antialias: false);
}
