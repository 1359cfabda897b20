using Hita.Editing;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Server.Jobs;

namespace Hita.Server.Operations;

/// <summary>Regenerates a part of an image, or extends it beyond its edges.</summary>
public sealed class InpaintTask : EditTask
{
    private readonly InputImage _image;
    private readonly IReadOnlyList<InputImage> _inputs;
    private readonly object _settings;
    private readonly Func<Inpainter, IProgress<EditProgress>, CancellationToken, InpaintResult> _edit;

    private InpaintTask(
        string kind, InputImage image, IReadOnlyList<InputImage> inputs, InpaintOptions options, object settings,
        Func<Inpainter, IProgress<EditProgress>, CancellationToken, InpaintResult> edit)
    {
        (Kind, _image, _inputs, Options, _settings, _edit) = (kind, image, inputs, options, settings, edit);
        options.Validate();
    }

    /// <inheritdoc/>
    public override string Kind { get; }

    /// <summary>Its candidates, which are sampled as images are.</summary>
    public override int Images => Options.Candidates;

    /// <inheritdoc/>
    public override long InputBytes => _inputs.Sum(static i => i.Bytes);

    /// <summary>How.</summary>
    public InpaintOptions Options { get; }

    /// <summary>Fills the marked pixels.</summary>
    /// <param name="image">The image.</param>
    /// <param name="mask">What is to be regenerated, of the image's size or shape.</param>
    /// <param name="maskImage">The image that the mask was read from, for the record; null where it was none.</param>
    /// <param name="options">How.</param>
    /// <exception cref="HitaException">The mask marks nothing or has another shape, or a setting is impossible.</exception>
    public static InpaintTask Fill(InputImage image, ImageMask mask, InputImage? maskImage, InpaintOptions options)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(mask);
        var fitted = mask.For(image.Image.Width, image.Image.Height);
        if (fitted.Bounds is not { } bounds)
            throw new HitaException("The mask marks no pixel, so there is nothing to regenerate.");
        return new InpaintTask(
            "inpaint", image, maskImage is null ? [image] : [image, maskImage], options, new FillSettings(bounds.ToString(), options),
            (inpainter, progress, cancellation) => inpainter.Fill(image.Image, fitted, options, progress, cancellation));
    }

    /// <summary>Regenerates a box as part of another class.</summary>
    /// <param name="image">The image.</param>
    /// <param name="box">The part; what lies outside the image is cut off.</param>
    /// <param name="options">How, with the class.</param>
    /// <exception cref="HitaException">The box lies outside the image, or a setting is impossible.</exception>
    public static InpaintTask EditClass(InputImage image, PixelBox box, InpaintOptions options)
    {
        ArgumentNullException.ThrowIfNull(image);
        var part = box.ClipTo(image.Image.Width, image.Image.Height);
        return new InpaintTask(
            "edit-class", image, [image], options, new BoxSettings(part, options),
            (inpainter, progress, cancellation) => inpainter.EditClass(image.Image, part, options, progress, cancellation));
    }

    /// <summary>Extends an image beyond its edges.</summary>
    /// <param name="image">The image.</param>
    /// <param name="margins">How many pixels are added at each edge.</param>
    /// <param name="options">How.</param>
    /// <exception cref="HitaException">No margin is given or one is negative, or a setting is impossible.</exception>
    public static InpaintTask Extend(InputImage image, Margins margins, InpaintOptions options)
    {
        ArgumentNullException.ThrowIfNull(image);
        margins.Check(image.Image);
        return new InpaintTask(
            "outpaint", image, [image], options, new MarginSettings(margins, options),
            (inpainter, progress, cancellation) => inpainter.Extend(image.Image, margins, options, progress, cancellation));
    }

    /// <inheritdoc/>
    public override void Check(ServedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        NeedsEncoder.Check(model);
        var classes = model.Pipeline.Generator.Config.ClassCount;
        if (Options.Sampling.Class is { } number && (number < 0 || number >= classes))
            throw new HitaException($"There is no class {number}: this generator's classes run from 0 to {classes - 1}.");
    }

    internal override IReadOnlyList<JobResult> Run(ServedModel model, EditContext context)
    {
        var result = _edit(
            new Inpainter(model.Pipeline, context.Sampler), new DirectProgress<EditProgress>(p => context.Report(p.Done, p.Total)), context.Cancellation);
        var facts = new Dictionary<string, object?>
        {
            ["seed"] = Options.Sampling.Seed,
            ["windows"] = result.Windows.Select(static w => new { box = w.Box.ToString(), scored_codes = w.ScoredCodes }).ToList(),
        };
        // Candidates of the last window; with one window, which is usual, all there are.
        return
        [
            EditRecord.Result("image", result.Image, Kind, model, generated: true, _inputs, _settings, facts),
            .. result.Windows[^1].Candidates.Where(static c => c.Image is not null).Select(c => EditRecord.Result(
                "candidate", c.Image!, Kind, model, generated: true, _inputs, _settings,
                new Dictionary<string, object?> { ["image"] = c.Number, ["log_likelihood"] = c.LogLikelihood })),
        ];
    }

    private sealed record FillSettings(string Where, InpaintOptions Options);

    private sealed record BoxSettings(PixelBox Box, InpaintOptions Options);

    private sealed record MarginSettings(Margins Margins, InpaintOptions Options);
}
