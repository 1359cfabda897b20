using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Runtime;

namespace Hita.Evaluation.Features;

/// <summary>
/// Compares a set of images with a reference by a network's features: Fréchet distance, precision and recall, and, where the
/// network has classes, the class score, which is computed as the Inception score is.
/// </summary>
public static class FeatureEvaluation
{
    /// <summary>Runs, or goes on with, an evaluation, and writes its report and page.</summary>
    /// <param name="samples">What is judged; images of one size, which the network resizes to its own.</param>
    /// <param name="reference">What it is compared with; meant to have the samples' size, so that sharpness alone tells nothing apart.</param>
    /// <param name="network">The network; it stays the caller's.</param>
    /// <param name="options">How; its protocol is the network's.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">The options are at fault, too many images cannot be read, or a set has fewer than two images.</exception>
    public static EvaluationReport Run(
        SampleOrigin samples, ImageSeries reference, FeatureNetwork network, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options.Protocol != network.Protocol)
            throw new HitaException($"The protocol '{options.Protocol.Name}' is not that of {network.Name}, which is '{network.Protocol.Name}'.");
        return EvaluationDriver.Run(Plan(samples, reference, network, options), options, progress, cancellation);
    }

    /// <summary>As <see cref="Run"/>, on another thread.</summary>
    /// <inheritdoc cref="Run" path="/param"/>
    /// <inheritdoc cref="Run" path="/exception"/>
    public static Task<EvaluationReport> RunAsync(
        SampleOrigin samples, ImageSeries reference, FeatureNetwork network, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Run(samples, reference, network, options, progress, cancellation), cancellation);

    private static EvaluationPlan Plan(SampleOrigin samples, ImageSeries reference, FeatureNetwork network, EvaluationOptions options)
    {
        var against = new ReferenceFeatures(network);
        var first = new EvaluationPass("Reading the reference", "reference-hash", reference.Description, reference.Count, reference.Read, [against]);
        var judged = new EvaluationPass(
            "Measuring", "hash", samples.Description, samples.Count, samples.Read,
            [new FeatureMetrics(network, options, samples.Count, against.Measured), new SampleSheet()]);
        return new EvaluationPlan
        {
            Kind = samples.Kind,
            Key = ConfigJson.Write(new
            {
                samples.Kind,
                samples.Description,
                samples.Count,
                Models = samples.Models.Select(static m => m.Hash),
                samples.Settings,
                options.Protocol,
                Reference = reference.Description,
                ReferenceCount = reference.Count,
                network.Fingerprint,
            }),
            Passes = [first, judged],
            Reference = first.ToSet,
            Models = samples.Models,
            Weights = new Dictionary<string, string> { [network.Name] = network.Fingerprint },
            Settings = samples.Settings,
        };
    }
}
