using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Editing;

/// <summary>Morphs one image into another through the tokenizer's features.</summary>
/// <param name="tokenizer">A tokenizer with holistic codes and its encoder; still the caller's to dispose.</param>
public sealed class ImageMorph(ImageTokenizer tokenizer)
{
    private readonly ImageTokenizer _tokenizer = EditChecks.Holistic(tokenizer, "A morph");

    /// <summary>Renders the frames from one image to the other.</summary>
    /// <param name="from">The start, of any size; its centre square counts.</param>
    /// <param name="to">The end, of any size; its centre square counts.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told how many frames are decoded; may be null.</param>
    /// <param name="cancellation">Stops between two frames.</param>
    /// <returns>Images of the model's size.</returns>
    /// <exception cref="HitaException">A setting is impossible.</exception>
    public IReadOnlyList<Image> Render(
        Image from, Image to, MorphOptions? options = null, IProgress<EditProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        options = (options ?? new()).Validate();
        var config = _tokenizer.Config;
        var ends = _tokenizer.Features(
            [ImageFit.Square(from, config.ImageSize), ImageFit.Square(to, config.ImageSize)], cancellation: cancellation);
        // The ends are what the codes decode to; on the way between their vectors nothing is rounded.
        if (!options.Quantize)
            ends = [.. ends.Select(e => _tokenizer.Dequantize(_tokenizer.Quantize(e)))];
        var frames = new List<Image>();
        for (var i = 0; i < options.Frames; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var frame = Between(ends[0], ends[1], i / (options.Frames - 1.0), options.Patches);
            frames.Add(options.Quantize
                ? _tokenizer.Decode([_tokenizer.Quantize(frame)], cancellation: cancellation)[0]
                : _tokenizer.Decode([frame], cancellation: cancellation)[0]);
            progress?.Report(new EditProgress(frames.Count, options.Frames));
        }
        return frames;
    }

    /// <summary>As <see cref="Render"/>, on another thread.</summary>
    /// <inheritdoc cref="Render" path="/param"/>
    /// <inheritdoc cref="Render" path="/exception"/>
    public Task<IReadOnlyList<Image>> RenderAsync(
        Image from, Image to, MorphOptions? options = null, IProgress<EditProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Render(from, to, options, progress, cancellation), cancellation);

    /// <summary>Features on the way between two.</summary>
    /// <param name="from">The start.</param>
    /// <param name="to">The end.</param>
    /// <param name="share">How far, 0 to 1.</param>
    /// <param name="patches">What the patch features are.</param>
    public ImageFeatures Between(ImageFeatures from, ImageFeatures to, double share, MorphPatches patches)
    {
        var dimensions = (_tokenizer.Config.Holistic!.CodeDimensions, _tokenizer.Config.PatchCodeDimensions);
        return ImageFeatures.Blend(from, to, share, patches switch
        {
            MorphPatches.First => 0,
            MorphPatches.Second => 1,
            _ => share,
        }, dimensions);
    }
}
