using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Editing;

/// <summary>
/// Renders the content of one image in the style of another, without any training for it: the holistic codes, which describe
/// an image as a whole, are taken from the style image, the patch codes from the content.
/// </summary>
/// <param name="tokenizer">A tokenizer with holistic codes and its encoder; still the caller's to dispose.</param>
public sealed class StyleTransfer(ImageTokenizer tokenizer)
{
    private readonly ImageTokenizer _tokenizer = EditChecks.Holistic(tokenizer, "Style transfer");

    /// <summary>Transfers the style.</summary>
    /// <param name="content">The image to keep, of any size.</param>
    /// <param name="style">The image to take the style of, of any size; its centre square counts.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="wholeShape">
    /// Work on all of the content in its own shape, at about the model's area, instead of its largest centre square.
    /// </param>
    /// <param name="cancellation">Stops soon.</param>
    /// <returns>An image of the content's size; outside the centre square it is the content.</returns>
    /// <exception cref="HitaException">A setting is impossible, or the content's shape cannot be encoded.</exception>
    public Image Apply(
        Image content, Image style, StyleOptions? options = null, bool wholeShape = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(style);
        options = (options ?? new()).Validate();
        var config = _tokenizer.Config;
        var window = wholeShape ? Whole(content) : EditWindow.Centre(content, config.ImageSize, config.ImageSize);
        var features = _tokenizer.Features([window.Cut(content), ImageFit.Square(style, config.ImageSize)], cancellation: cancellation);
        return window.Paste(content, _tokenizer.Decode([Codes(features[0], features[1], options)], cancellation: cancellation)[0]);
    }

    /// <summary>As <see cref="Apply"/>, on another thread.</summary>
    /// <inheritdoc cref="Apply" path="/param"/>
    /// <inheritdoc cref="Apply" path="/exception"/>
    public Task<Image> ApplyAsync(
        Image content, Image style, StyleOptions? options = null, bool wholeShape = false, CancellationToken cancellation = default) =>
        Background.Run(() => Apply(content, style, options, wholeShape, cancellation), cancellation);

    /// <summary>The codes of a content in a style.</summary>
    /// <param name="content">The content's features.</param>
    /// <param name="style">The style's features; the grids may differ.</param>
    /// <param name="options">How.</param>
    /// <exception cref="HitaException">A setting is impossible, or the features are another model's.</exception>
    public ImageCodes Codes(ImageFeatures content, ImageFeatures style, StyleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var original = _tokenizer.Quantize(content);
        var holistic = _tokenizer.Config.Holistic!;
        if (options.Method == StyleMethod.Interpolate)
        {
            var blend = ImageFeatures.Blend(content, style, options.Strength, 0, (holistic.CodeDimensions, _tokenizer.Config.PatchCodeDimensions));
            var codes = _tokenizer.Quantize(blend).Holistic.ToArray();
            if (options.KeepOpening)
                original.Holistic.Skip(codes.Length - holistic.Shift).ToArray().CopyTo(codes, codes.Length - holistic.Shift);
            return new ImageCodes(codes, original.Patches, original.GridHeight, original.GridWidth);
        }
        var other = _tokenizer.Quantize(style);
        var mixed = original.Holistic.ToArray();
        foreach (var index in Swapped(content, style, options))
            mixed[index] = other.Holistic[index];
        return new ImageCodes(mixed, original.Patches, original.GridHeight, original.GridWidth);
    }

    // The numbers of the codes that are taken from the style.
    private IEnumerable<int> Swapped(ImageFeatures content, ImageFeatures style, StyleOptions options)
    {
        var holistic = _tokenizer.Config.Holistic!;
        var candidates = holistic.TokenCount - (options.KeepOpening ? holistic.Shift : 0);
        var count = (int)Math.Round(options.Strength * candidates);
        var all = Enumerable.Range(0, candidates);
        return options.Order switch
        {
            StyleOrder.Last => all.Skip(candidates - count),
            StyleOrder.Spread => Enumerable.Range(0, count).Select(i => (int)((((2L * i) + 1) * candidates) / (2L * count))),
            StyleOrder.ByDifference => all.OrderBy(i => Likeness(content, style, i, holistic.CodeDimensions)).Take(count),
            _ => all.Take(count),
        };
    }

    private static double Likeness(ImageFeatures a, ImageFeatures b, int index, int dimensions)
    {
        double sum = 0;
        for (var i = index * dimensions; i < (index + 1) * dimensions; i++)
            sum += (double)a.Holistic[i] * b.Holistic[i];
        return sum;
    }

    private EditWindow Whole(Image content)
    {
        var config = _tokenizer.Config;
        var (width, height) = ImageFit.SizeFor(content.Width, content.Height, config.PatchSize, config.ImageSize);
        // Beyond four to one the shape is limited, and what is too long stays as it is.
        var boxWidth = Math.Min(content.Width, Math.Max((int)Math.Round((double)content.Height * width / height), 1));
        var boxHeight = Math.Min(content.Height, Math.Max((int)Math.Round((double)content.Width * height / width), 1));
        if (Math.Abs(boxWidth - content.Width) * config.PatchSize < content.Width * 8)
            boxWidth = content.Width;
        if (Math.Abs(boxHeight - content.Height) * config.PatchSize < content.Height * 8)
            boxHeight = content.Height;
        return new EditWindow(
            new PixelBox((content.Width - boxWidth) / 2, (content.Height - boxHeight) / 2, boxWidth, boxHeight), width, height);
    }
}
