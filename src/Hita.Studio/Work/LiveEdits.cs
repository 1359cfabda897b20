using Hita.Editing;
using Hita.Server.Jobs;
using Hita.Tokenization;

namespace Hita.Studio.Work;

/// <summary>Edits that answer a slider: what is read from the images is kept, so that each answer costs one decoding.</summary>
internal static class LiveEdits
{
    /// <summary>An image in the style of another, as a data address.</summary>
    public static string Style(ServedModel model, PickedImage content, PickedImage style, StyleOptions options, CancellationToken cancellation)
    {
        var tokenizer = model.Pipeline.Tokenizer;
        var codes = new StyleTransfer(tokenizer).Codes(content.Features(model, cancellation), style.Features(model, cancellation), options);
        var decoded = tokenizer.Decode([codes], cancellation: cancellation)[0];
        return DataAddress.Of(content.Window(model).Paste(content.Image, decoded));
    }

    /// <summary>Images on the way from one to another.</summary>
    /// <param name="shares">How far each is, 0 to 1.</param>
    public static IReadOnlyList<string> Morph(ServedModel model, PickedImage from, PickedImage to, MorphPatches patches, IReadOnlyList<double> shares, CancellationToken cancellation)
    {
        var tokenizer = model.Pipeline.Tokenizer;
        var morph = new ImageMorph(tokenizer);
        // The ends are what their codes decode to, as in the animation.
        var (start, end) = (Rounded(from), Rounded(to));
        return [.. shares.Select(share => DataAddress.Of(tokenizer.Decode([morph.Between(start, end, share, patches)], cancellation: cancellation)[0]))];

        ImageFeatures Rounded(PickedImage image) => tokenizer.Dequantize(tokenizer.Quantize(image.Features(model, cancellation)));
    }

    /// <summary>An image with some of its holistic codes replaced by those of another, as a data address.</summary>
    /// <param name="places">The places of the codes that are the other's.</param>
    public static string Swap(ServedModel model, PickedImage image, PickedImage other, IReadOnlyCollection<int> places, CancellationToken cancellation)
    {
        var tokenizer = model.Pipeline.Tokenizer;
        var own = tokenizer.Quantize(image.Features(model, cancellation));
        var foreign = tokenizer.Quantize(other.Features(model, cancellation));
        var mixed = own.Holistic.Select((code, i) => places.Contains(i) ? foreign.Holistic[i] : code).ToArray();
        var codes = new ImageCodes(mixed, own.Patches, own.GridHeight, own.GridWidth);
        return DataAddress.Of(tokenizer.Decode([codes], cancellation: cancellation)[0]);
    }
}
