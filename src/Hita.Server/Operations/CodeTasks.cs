using Hita.Imaging;
using Hita.Runtime;
using Hita.Server.Jobs;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Server.Operations;

/// <summary>How an image is brought to a size that a tokenizer takes.</summary>
public enum FitMode
{
    /// <summary>The size is filled and the rest cut off.</summary>
    Crop,

    /// <summary>All of it is shown, with white bars.</summary>
    Pad,

    /// <summary>The image keeps its shape, at about the size's area.</summary>
    Shape,
}

/// <summary>A size to bring images to, and how.</summary>
/// <param name="Width">In pixels; null for the model's own.</param>
/// <param name="Height">In pixels; null for the model's own.</param>
/// <param name="Mode">How.</param>
public sealed record ImageFitting(int? Width = null, int? Height = null, FitMode Mode = FitMode.Crop)
{
    internal void Check(TokenizerConfig config) => ImageShape.Check(Height ?? config.ImageSize, Width ?? config.ImageSize, config);

    internal Image Apply(Image image, TokenizerConfig config)
    {
        var (width, height) = (Width ?? config.ImageSize, Height ?? config.ImageSize);
        return Mode switch
        {
            FitMode.Pad => ImageFit.Contain(image, width, height),
            FitMode.Shape => ImageFit.ToMultiple(image, config.PatchSize, (int)Math.Round(Math.Sqrt((double)width * height))),
            _ => ImageFit.Cover(image, width, height),
        };
    }
}

/// <summary>Turns an image into codes; where wanted, back into an image.</summary>
/// <param name="image">The image.</param>
/// <param name="fitting">How it is brought to size.</param>
/// <param name="reconstruct">Whether the codes are decoded again.</param>
public sealed class EncodeTask(InputImage image, ImageFitting fitting, bool reconstruct) : EditTask
{
    /// <inheritdoc/>
    public override string Kind => reconstruct ? "reconstruct" : "encode";

    /// <inheritdoc/>
    public override long InputBytes => image.Bytes;

    /// <inheritdoc/>
    public override void Check(ServedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        fitting.Check(model.Pipeline.Tokenizer.Config);
        NeedsEncoder.Check(model);
    }

    internal override IReadOnlyList<JobResult> Run(ServedModel model, EditContext context)
    {
        var tokenizer = model.Pipeline.Tokenizer;
        var fitted = fitting.Apply(image.Image, tokenizer.Config);
        var codes = tokenizer.Encode([fitted], cancellation: context.Cancellation)[0];
        context.Report(1, reconstruct ? 2 : 1);
        if (!reconstruct)
            return [Codes(tokenizer, codes, [])];
        var back = tokenizer.Decode([codes], cancellation: context.Cancellation)[0];
        var psnr = ImageComparison.Psnr(fitted, back);
        return
        [
            EditRecord.Result("image", back, Kind, model, generated: false, [image], fitting),
            new JobResult { Name = "original", Image = fitted },
            Codes(tokenizer, codes, new() { ["psnr"] = double.IsFinite(psnr) ? psnr : null }),
        ];
    }

    private static JobResult Codes(ImageTokenizer tokenizer, ImageCodes codes, Dictionary<string, object?> facts)
    {
        facts["tokenizer"] = tokenizer.ModelHash;
        facts["grid_height"] = codes.GridHeight;
        facts["grid_width"] = codes.GridWidth;
        facts["holistic"] = codes.Holistic;
        facts["patches"] = codes.Patches;
        return new JobResult { Name = "codes", Facts = facts };
    }
}

/// <summary>Turns codes into an image.</summary>
/// <param name="codes">The codes.</param>
/// <param name="tokenizer">The hash of the tokenizer that made them, which is checked; null where that is not known.</param>
public sealed class DecodeTask(ImageCodes codes, string? tokenizer) : EditTask
{
    /// <inheritdoc/>
    public override string Kind => "decode";

    /// <inheritdoc/>
    public override void Check(ServedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        codes.CheckFor(model.Pipeline.Tokenizer.Config);
        if (tokenizer is not null && tokenizer != model.Pipeline.Tokenizer.ModelHash)
            throw new HitaException($"The codes were made by the tokenizer {PrintableText.Escape(tokenizer)}, and this model's is {model.Pipeline.Tokenizer.ModelHash}; name that model, or leave the tokenizer out to decode all the same.");
    }

    internal override IReadOnlyList<JobResult> Run(ServedModel model, EditContext context) =>
        [new JobResult { Name = "image", Image = model.Pipeline.Tokenizer.Decode([codes], cancellation: context.Cancellation)[0] }];
}

/// <summary>Refuses a model that was loaded for generating alone.</summary>
internal static class NeedsEncoder
{
    public static void Check(ServedModel model)
    {
        if (model.MissesEncoder)
            throw new HitaException($"This server cannot read images with '{model.Id}', whose encoder needs weights that are not on the server's machine; the server's log says how to get them.");
        if (!model.Pipeline.Tokenizer.CanEncode)
            throw new HitaException($"This server has loaded '{model.Id}' for generating and decoding only; it cannot read images.");
    }
}
