using Hita.Generation;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>An image that was made a second time from the settings it carries.</summary>
/// <param name="File">The image's file.</param>
/// <param name="Settings">What it was made from.</param>
/// <param name="Before">The image in the file.</param>
/// <param name="Image">The image as it comes out now.</param>
/// <param name="Identical">Whether every pixel is the same.</param>
/// <param name="SameCodes">Whether the same codes were sampled; null where the image does not say which were sampled first.</param>
/// <param name="ChangedPixels">Pixels that differ; all where the size does.</param>
/// <param name="LargestDifference">The largest difference of a channel, 0 to 255; 255 where the size differs.</param>
public sealed record ReplayedImage(
    string File, ImageSettings Settings, Image Before, Image Image, bool Identical, bool? SameCodes, int ChangedPixels, int LargestDifference);

/// <summary>Makes generated images again and compares.</summary>
public static class ImageReplay
{
    /// <summary>Makes an image again.</summary>
    /// <param name="path">A PNG file that carries its settings.</param>
    /// <param name="pipeline">The models; loaded with the settings' precision and decoding.</param>
    /// <param name="progress">Told how far the sampling has come; may be null.</param>
    /// <param name="cancellation">Stops soon.</param>
    /// <exception cref="ImageException">The file carries no usable settings, or was made by other models or in another precision.</exception>
    public static ReplayedImage Replay(
        string path, ImagePipeline pipeline, IProgress<GenerationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        var settings = ImageSettings.Read(path);
        var before = ImageDecoder.Decode(path);
        CheckModels(path, settings, pipeline);
        GeneratedImage? image = null;
        try
        {
            pipeline.Generate(settings.ToRequest(), made => image = made, progress, cancellation);
        }
        catch (ConfigException e)
        {
            throw new ImageException(path, $"The settings it carries do not fit their model: {string.Join("; ", e.Faults)}.", e);
        }
        return Compare(path, settings, before, image!);
    }

    /// <summary>As <see cref="Replay"/>, on another thread.</summary>
    /// <inheritdoc cref="Replay" path="/param"/>
    /// <inheritdoc cref="Replay" path="/exception"/>
    public static Task<ReplayedImage> ReplayAsync(
        string path, ImagePipeline pipeline, IProgress<GenerationProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Replay(path, pipeline, progress, cancellation), cancellation);

    /// <summary>Compares an image with what its settings give now.</summary>
    /// <param name="path">The image's file, or a name for it.</param>
    /// <param name="settings">What it carries.</param>
    /// <param name="before">The image in the file.</param>
    /// <param name="again">The image that was made from the settings.</param>
    public static ReplayedImage Compare(string path, ImageSettings settings, Image before, GeneratedImage again)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(again);
        bool? sameCodes = settings.Codes is { } codes ? codes == ImageSettings.HashOf(again.Codes) : null;
        var (changed, largest) = Compare(before, again.Image);
        return new ReplayedImage(path, settings, before, again.Image, changed == 0, sameCodes, changed, largest);
    }

    /// <summary>Refuses models that are not those an image was made by.</summary>
    /// <param name="path">The image's file, or a name for it.</param>
    /// <param name="settings">What it carries.</param>
    /// <param name="pipeline">The models.</param>
    /// <exception cref="ImageException">They are others.</exception>
    public static void CheckModels(string path, ImageSettings settings, ImagePipeline pipeline)
    {
        Check("generator", settings.Generator, pipeline.Generator.ModelHash);
        Check("tokenizer", settings.Tokenizer, pipeline.Tokenizer.ModelHash);
        CheckPrecision("sampled", "generator", settings.Precision, pipeline.Generator.Precision);
        CheckPrecision("decoded", "tokenizer", settings.DecoderPrecision, pipeline.Tokenizer.Precision);

        void Check(string what, string wanted, string given)
        {
            if (wanted != given)
                throw new ImageException(path, $"It was made by the {what} {wanted}, and the {what} given is {given}; give the model that made it.");
        }

        void CheckPrecision(string how, string what, Precision wanted, Precision given)
        {
            if (wanted != given)
                throw new ImageException(path, $"It was {how} in {wanted}, and the {what} was loaded in {given}; load it in the same precision.");
        }
    }

    private static (int Changed, int Largest) Compare(Image before, Image after)
    {
        if (before.Width != after.Width || before.Height != after.Height)
            return (after.Width * after.Height, 255);
        ReadOnlySpan<byte> a = before.Pixels, b = after.Pixels;
        int changed = 0, largest = 0;
        for (var i = 0; i < a.Length; i += Image.Channels)
        {
            var difference = 0;
            for (var channel = 0; channel < Image.Channels; channel++)
                difference = Math.Max(difference, Math.Abs(a[i + channel] - b[i + channel]));
            changed += difference > 0 ? 1 : 0;
            largest = Math.Max(largest, difference);
        }
        return (changed, largest);
    }
}
