using Hita.Data;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Evaluation.Runs;

/// <summary>
/// Judges a tokenizer by how well it gives images back: PSNR, SSIM, code usage and, with weights, rFID, rsFID and rIS against the
/// same crops of the originals.
/// </summary>
public static class ReconstructionEvaluation
{
    /// <summary>Runs, or goes on with, an evaluation, and writes its report and page.</summary>
    /// <param name="tokenizer">The tokenizer, with its encoder.</param>
    /// <param name="name">What it was opened by, for the report.</param>
    /// <param name="source">The images; centre squares of the tokenizer's size are cut from them.</param>
    /// <param name="features">The Inception features, or none.</param>
    /// <param name="perceptual">LPIPS, or none.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">The tokenizer or the options are at fault, or too many images cannot be read.</exception>
    public static EvaluationReport Run(
        ImageTokenizer tokenizer, string name, IImageSource source, FeatureSource features, PerceptualSource perceptual, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Prepare(tokenizer, name, source, features, perceptual, options).Run(progress, cancellation);

    /// <summary>An evaluation that can be shared out to several processes.</summary>
    /// <param name="tokenizer">The tokenizer, with its encoder.</param>
    /// <param name="name">What it was opened by, for the report.</param>
    /// <param name="source">The images; centre squares of the tokenizer's size are cut from them.</param>
    /// <param name="features">The Inception features, or none.</param>
    /// <param name="perceptual">LPIPS, or none.</param>
    /// <param name="options">How.</param>
    /// <exception cref="HitaException">The tokenizer or the options are at fault.</exception>
    public static SharedEvaluation Prepare(
        ImageTokenizer tokenizer, string name, IImageSource source, FeatureSource features, PerceptualSource perceptual, EvaluationOptions options)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(perceptual);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!tokenizer.CanEncode)
            throw new HitaException("This tokenizer was loaded for decoding only; load it whole to measure its reconstructions.");
        var size = options.Protocol.Size == 0 ? tokenizer.Config.ImageSize : options.Protocol.Size;
        if (size < ImageQuality.SsimWindow)
            throw new HitaException($"SSIM needs images of {ImageQuality.SsimWindow} pixels or more a side, and this tokenizer's have {size}.");
        return new SharedEvaluation(() => Plan(tokenizer, name, source, features, perceptual, options), options);
    }

    /// <summary>As <see cref="Run"/>, on another thread.</summary>
    /// <inheritdoc cref="Run" path="/param"/>
    /// <inheritdoc cref="Run" path="/exception"/>
    public static Task<EvaluationReport> RunAsync(
        ImageTokenizer tokenizer, string name, IImageSource source, FeatureSource features, PerceptualSource perceptual, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Run(tokenizer, name, source, features, perceptual, options, progress, cancellation), cancellation);

    private static EvaluationPlan Plan(
        ImageTokenizer tokenizer, string name, IImageSource source, FeatureSource features, PerceptualSource perceptual, EvaluationOptions options)
    {
        var (protocol, side) = (options.Protocol, tokenizer.Config.ImageSize);
        var images = ImageSeries.Source(source, side, 0, options.SampleCount);
        var weights = new Dictionary<string, string>();
        if (features.Fingerprint is { } inception)
            weights.Add("inception", inception);
        if (perceptual.Fingerprint is { } lpips)
            weights.Add("lpips", lpips);
        var pass = new EvaluationPass(
            "Reconstructing", "hash", images.Description, images.Count,
            (first, batchSize, cancellation) => images.Read(first, batchSize, cancellation).Select(b => Reconstruct(tokenizer, b, protocol.Size, batchSize, cancellation)),
            [
                new ImageQualityMetric(protocol.SsimRange, images.Count),
                new PerceptualMetric(perceptual),
                new ReconstructionMetrics(features, protocol, images.Count),
                new CodebookMetrics(tokenizer.Config),
            ]);
        return new EvaluationPlan
        {
            Kind = EvaluationKind.Reconstruction,
            Key = ConfigJson.Write(new
            {
                EvaluationKind.Reconstruction,
                images.Description,
                images.Count,
                tokenizer.ModelHash,
                tokenizer.Precision,
                tokenizer.EncoderPrecision,
                options.Protocol,
                Weights = weights,
            }),
            Passes = [pass],
            Reference = () => pass.ToSet() with { Description = "the same crops of the originals" },
            Models = [new MeasuredModel("tokenizer", name, tokenizer.ModelHash)],
            Weights = weights,
            Settings = new Dictionary<string, string> { ["crop"] = $"centre square of {side} px" },
        };
    }

    private static EvaluationBatch Reconstruct(ImageTokenizer tokenizer, EvaluationBatch batch, int size, int batchSize, CancellationToken cancellation)
    {
        if (batch.Images.Count == 0)
            return batch;
        var codes = tokenizer.Encode(batch.Images, batchSize, cancellation);
        Image[] before = [.. batch.Images.Select(p => SampleDecoder.ToSize(p, size))];
        Image[] after = [.. tokenizer.Decode(codes, batchSize, cancellation).Select(p => SampleDecoder.ToSize(p, size))];
        return batch with { Images = after, Originals = before, Codes = codes };
    }
}
