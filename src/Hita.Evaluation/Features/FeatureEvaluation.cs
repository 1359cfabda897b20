using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Metrics;
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
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Prepare(samples, reference, network, options).Run(progress, cancellation);

    /// <summary>As <see cref="Run(SampleOrigin, ImageSeries, FeatureNetwork, EvaluationOptions, IProgress{EvaluationProgress}?, CancellationToken)"/>, for one reference that many samples are compared with, one set after the other.</summary>
    /// <param name="samples">What is judged; images of one size, which the network resizes to its own.</param>
    /// <param name="reference">What it is compared with.</param>
    /// <param name="network">The network; it stays the caller's.</param>
    /// <param name="options">How; its protocol is the network's.</param>
    /// <param name="referenceFile">
    /// Where the reference's features are kept: they are taken from there where they are of this set by its description and this network,
    /// else measured and put there.
    /// </param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">The options are at fault, too many images cannot be read, or a set has fewer than two images.</exception>
    public static EvaluationReport Run(
        SampleOrigin samples, ImageSeries reference, FeatureNetwork network, EvaluationOptions options, string referenceFile,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(referenceFile);
        Check(network, options);
        return EvaluationDriver.Run(WithKeptReference(Plan(samples, reference, network, options), reference, network, referenceFile), options, progress, cancellation);
    }

    /// <summary>An evaluation that can be shared out to several processes.</summary>
    /// <param name="samples">What is judged; images of one size, which the network resizes to its own.</param>
    /// <param name="reference">What it is compared with; meant to have the samples' size, so that sharpness alone tells nothing apart.</param>
    /// <param name="network">The network; it stays the caller's.</param>
    /// <param name="options">How; its protocol is the network's.</param>
    /// <exception cref="HitaException">The options are at fault.</exception>
    public static SharedEvaluation Prepare(SampleOrigin samples, ImageSeries reference, FeatureNetwork network, EvaluationOptions options)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        Check(network, options);
        return new SharedEvaluation(() => Plan(samples, reference, network, options), options);
    }

    /// <summary>As <see cref="Run(SampleOrigin, ImageSeries, FeatureNetwork, EvaluationOptions, IProgress{EvaluationProgress}?, CancellationToken)"/>, on another thread.</summary>
    /// <inheritdoc cref="Run(SampleOrigin, ImageSeries, FeatureNetwork, EvaluationOptions, IProgress{EvaluationProgress}?, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="Run(SampleOrigin, ImageSeries, FeatureNetwork, EvaluationOptions, IProgress{EvaluationProgress}?, CancellationToken)" path="/exception"/>
    public static Task<EvaluationReport> RunAsync(
        SampleOrigin samples, ImageSeries reference, FeatureNetwork network, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Run(samples, reference, network, options, progress, cancellation), cancellation);

    private static void Check(FeatureNetwork network, EvaluationOptions options)
    {
        options.Validate();
        if (options.Protocol != network.Protocol)
            throw new HitaException($"The protocol '{options.Protocol.Name}' is not that of {network.Name}, which is '{network.Protocol.Name}'.");
    }

    // The reference is the first pass.
    private static EvaluationPlan WithKeptReference(EvaluationPlan plan, ImageSeries reference, FeatureNetwork network, string file)
    {
        var key = ConfigJson.Write(new { reference.Description, reference.Count, network.Name, network.Fingerprint });
        var pass = plan.Passes[0];
        if (File.Exists(file))
        {
            using var kept = AccumulatorReader.Open(file);
            if (kept.Note("key") == key)
            {
                pass.Restore(kept);
                return plan;
            }
        }
        return plan with
        {
            Reference = () =>
            {
                var state = new AccumulatorWriter().Note("key", key);
                pass.Capture(state);
                state.Save(file);
                return pass.ToSet();
            },
        };
    }

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
