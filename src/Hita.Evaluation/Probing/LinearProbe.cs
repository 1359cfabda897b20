using Hita.Data;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Evaluation.Probing;

/// <summary>
/// Measures what a linear classifier reads from a tokenizer's features before the quantizers: of the holistic tokens, of the
/// patches, of the patches before both are mixed, and of the semantic encoder; each the mean over its tokens.
/// </summary>
public static class LinearProbe
{
    /// <summary>Penalties that are tried; the one that does best on a tenth of the training images is used.</summary>
    public static IReadOnlyList<double> Penalties { get; } = [1e-4, 1e-3, 1e-2];

    /// <summary>Runs, or goes on with, a probe, and writes its report and page.</summary>
    /// <param name="tokenizer">The tokenizer, with its encoder.</param>
    /// <param name="name">What it was opened by, for the report.</param>
    /// <param name="source">Images with classes; every fifth, evenly chosen, is held out and judged.</param>
    /// <param name="options">How; the protocol matters for its name only.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">The source has no classes or too few images, too many of them cannot be read, or the tokenizer cannot encode.</exception>
    public static EvaluationReport Run(
        ImageTokenizer tokenizer, string name, IImageSource source, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Prepare(tokenizer, name, source, options).Run(progress, cancellation);

    /// <summary>A probe whose images can be shared out to several processes.</summary>
    /// <param name="tokenizer">The tokenizer, with its encoder.</param>
    /// <param name="name">What it was opened by, for the report.</param>
    /// <param name="source">Images with classes; every fifth, evenly chosen, is held out and judged.</param>
    /// <param name="options">How; the protocol matters for its name only.</param>
    /// <exception cref="HitaException">The source has no classes or too few images, or the tokenizer cannot encode.</exception>
    public static SharedEvaluation Prepare(ImageTokenizer tokenizer, string name, IImageSource source, EvaluationOptions options)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!tokenizer.CanEncode)
            throw new HitaException("This tokenizer was loaded for decoding only; load it whole to probe its features.");
        if (source.ClassNames.Count < 2)
            throw new HitaException($"A probe needs images of two classes or more, and {source.Description} has {source.ClassNames.Count}.");
        return new SharedEvaluation(() => Plan(tokenizer, name, source, options), options);
    }

    /// <summary>As <see cref="Run"/>, on another thread.</summary>
    /// <inheritdoc cref="Run" path="/param"/>
    /// <inheritdoc cref="Run" path="/exception"/>
    public static Task<EvaluationReport> RunAsync(
        ImageTokenizer tokenizer, string name, IImageSource source, EvaluationOptions options, IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Background.Run(() => Run(tokenizer, name, source, options, progress, cancellation), cancellation);

    private static EvaluationPlan Plan(ImageTokenizer tokenizer, string name, IImageSource source, EvaluationOptions options)
    {
        var (images, side) = (ImageSeries.Source(source, tokenizer.Config.ImageSize, 0, options.SampleCount), tokenizer.Config.ImageSize);
        if (images.Count < ProbeMetrics.MinCount)
            throw new HitaException($"A probe needs {ProbeMetrics.MinCount} images or more, and {source.Description} gives {images.Count}.");
        return new EvaluationPlan
        {
            Kind = EvaluationKind.Probe,
            Key = ConfigJson.Write(new { EvaluationKind.Probe, images.Description, images.Count, tokenizer.ModelHash, tokenizer.EncoderPrecision }),
            Passes = [new EvaluationPass("Encoding", "hash", images.Description, images.Count, images.Read, [new ProbeMetrics(tokenizer, source.ClassNames.Count)])],
            Models = [new MeasuredModel("tokenizer", name, tokenizer.ModelHash)],
            Settings = new Dictionary<string, string> { ["held out"] = "a fifth of the images, evenly chosen", ["crop"] = $"centre square of {side} px" },
            HasSlowResults = true,
        };
    }
}
