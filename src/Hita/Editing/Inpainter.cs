using Hita.Generation;
using Hita.Generation.Model;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Editing;

/// <summary>Regenerates parts of images: in-painting, out-painting and the change of a part's class.</summary>
/// <remarks>
/// Known patches keep their codes, masked ones are sampled, in raster order. The image is encoded with the masked
/// pixels filled smoothly from those around them, so that nothing of what is under the mask can leak into the result, and no colour of a
/// hole either.
/// </remarks>
/// <param name="pipeline">The models, the tokenizer with its encoder; still the caller's to dispose.</param>
/// <param name="sampler">What samples the codes, for example a host's loop; null for the pipeline's generator by itself.</param>
public sealed class Inpainter(ImagePipeline pipeline, ICodeSampler? sampler = null)
{
    private readonly ImagePipeline _pipeline = EditChecks.WithEncoder(pipeline);
    private readonly ICodeSampler _sampler = sampler ?? pipeline.Generator;

    private GeneratorConfig Config => _pipeline.Generator.Config;

    private int Shift => _pipeline.Tokenizer.Config.Holistic?.Shift ?? 0;

    /// <summary>Fills the marked pixels.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="mask">What is to be regenerated, of the image's size or shape.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told how many codes are sampled; may be null.</param>
    /// <param name="cancellation">Stops soon.</param>
    /// <exception cref="HitaException">The mask marks nothing or everything or has another shape, or a setting is impossible.</exception>
    public InpaintResult Fill(
        Image image, ImageMask mask, InpaintOptions? options = null,
        IProgress<EditProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(mask);
        options = (options ?? new()).Validate();
        mask = mask.For(image.Width, image.Height);
        var bounds = mask.Bounds ?? throw new HitaException("The mask marks no pixel, so there is nothing to regenerate.");
        if (!mask.Marks.Contains(false))
            throw new HitaException("The mask marks every pixel, so nothing of the image is left; 'hita generate' makes images from nothing.");
        var (width, height) = (_pipeline.Width, _pipeline.Height);
        var scale = options.WindowSide is { } side
            ? EditWindow.ScaleFor(image, width, height, side)
            // As much around the mask as in it, but never enlarged without need: an enlarged window shows the model less.
            : Math.Max(2 * Math.Max((double)bounds.Width / width, (double)bounds.Height / height), 1);
        return Fill(image, mask, EditWindow.SizeAt(image, width, height, scale), options, progress, cancellation);
    }

    /// <summary>Regenerates a box as part of another class.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="box">The part; what lies outside the image is cut off.</param>
    /// <param name="options">How; <see cref="EditSamplingOptions.Class"/> is the class wanted.</param>
    /// <param name="progress">Told how many codes are sampled; may be null.</param>
    /// <param name="cancellation">Stops soon.</param>
    /// <exception cref="HitaException">There is no class, the box lies outside the image, or a setting is impossible.</exception>
    public InpaintResult EditClass(
        Image image, PixelBox box, InpaintOptions options, IProgress<EditProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Sampling.Class is null)
            throw new HitaException("Changing the class of a part needs the new class.");
        return Fill(image, ImageMask.Box(image.Width, image.Height, box), options, progress, cancellation);
    }

    /// <summary>Extends an image beyond its edges, window by window.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="margins">How many pixels are added at each edge.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told how many codes are sampled; may be null.</param>
    /// <param name="cancellation">Stops soon.</param>
    /// <returns>A larger image that holds the original unchanged.</returns>
    /// <exception cref="HitaException">No margin is given or one is negative, the result is too large, or a setting is impossible.</exception>
    public InpaintResult Extend(
        Image image, Margins margins, InpaintOptions? options = null,
        IProgress<EditProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        options = (options ?? new()).Validate();
        var (canvas, mask) = margins.Around(image);
        var (width, height) = (_pipeline.Width, _pipeline.Height);
        // The whole image in view tells most about what lies beside it.
        var scale = options.WindowSide is { } side ? EditWindow.ScaleFor(canvas, width, height, side) : double.PositiveInfinity;
        var size = options.WindowSide is null ? EditWindow.SizeAt(image, width, height, scale) : EditWindow.SizeAt(canvas, width, height, scale);
        return Fill(canvas, mask, size, options, progress, cancellation);
    }

    /// <summary>As <see cref="Fill(Image, ImageMask, InpaintOptions?, IProgress{EditProgress}?, CancellationToken)"/>, on another thread.</summary>
    /// <inheritdoc cref="Fill(Image, ImageMask, InpaintOptions?, IProgress{EditProgress}?, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="Fill(Image, ImageMask, InpaintOptions?, IProgress{EditProgress}?, CancellationToken)" path="/exception"/>
    public Task<InpaintResult> FillAsync(
        Image image, ImageMask mask, InpaintOptions? options = null, IProgress<EditProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Fill(image, mask, options, progress, cancellation), cancellation);

    /// <summary>As <see cref="EditClass"/>, on another thread.</summary>
    /// <inheritdoc cref="EditClass" path="/param"/>
    /// <inheritdoc cref="EditClass" path="/exception"/>
    public Task<InpaintResult> EditClassAsync(
        Image image, PixelBox box, InpaintOptions options, IProgress<EditProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => EditClass(image, box, options, progress, cancellation), cancellation);

    /// <summary>As <see cref="Extend"/>, on another thread.</summary>
    /// <inheritdoc cref="Extend" path="/param"/>
    /// <inheritdoc cref="Extend" path="/exception"/>
    public Task<InpaintResult> ExtendAsync(
        Image image, Margins margins, InpaintOptions? options = null, IProgress<EditProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Extend(image, margins, options, progress, cancellation), cancellation);

    private InpaintResult Fill(
        Image image, ImageMask mask, (int Width, int Height) size, InpaintOptions options,
        IProgress<EditProgress>? progress, CancellationToken cancellation)
    {
        if (options.Sampling.Class is { } number && (number < 0 || number >= Config.ClassCount))
            throw new HitaException($"There is no class {number}: this generator's classes run from 0 to {Config.ClassCount - 1}.");
        var plain = MeanFill.Mean(image, mask) ?? (128, 128, 128);
        // From here on nothing has the pixels under the mask.
        var (canvas, rest) = (MeanFill.Fill(image, mask, plain), mask.Crop(new PixelBox(0, 0, mask.Width, mask.Height)));
        var windows = new List<InpaintedWindow>();
        var counter = new EditProgressCounter(progress);
        while (rest.Bounds is not null)
        {
            var window = new EditWindow(WindowPlan.Next(rest, size.Width, size.Height), _pipeline.Width, _pipeline.Height);
            var filling = new WindowFilling(_pipeline, _sampler, window, canvas, rest, plain, options, Shift);
            // Every window has random numbers of its own, so that the same noise does not come back from window to window.
            windows.Add(filling.Run((long)windows.Count * options.Passes * options.Candidates, counter, cancellation));
            for (var y = window.Box.Y; y < window.Box.Bottom; y++)
                rest.Row(y)[window.Box.X..window.Box.Right].Clear();
        }
        return new InpaintResult(canvas, windows);
    }
}
