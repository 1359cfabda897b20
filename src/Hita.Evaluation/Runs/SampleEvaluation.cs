using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Runtime;

namespace Hita.Evaluation.Runs;

/// <summary>Judges samples by comparing them with a reference: FID, sFID, Inception score, precision, recall, code usage.</summary>
public static class SampleEvaluation
{
    /// <summary>Runs, or goes on with, an evaluation, and writes its report and page.</summary>
    /// <param name="origin">The samples.</param>
    /// <param name="reference">What to compare them with; null for nothing, which leaves the Inception score.</param>
    /// <param name="features">The measures' weights.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">The samples, the reference or the options are at fault, or too many images cannot be read.</exception>
    public static EvaluationReport Run(
        SampleOrigin origin, ReferenceInput? reference, FeatureSource features, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Prepare(origin, reference, features, options).Run(progress, cancellation);

    /// <summary>An evaluation that can be shared out to several processes.</summary>
    /// <param name="origin">The samples.</param>
    /// <param name="reference">What to compare them with; null for nothing, which leaves the Inception score.</param>
    /// <param name="features">The measures' weights.</param>
    /// <param name="options">How.</param>
    /// <exception cref="HitaException">The options are at fault.</exception>
    public static SharedEvaluation Prepare(SampleOrigin origin, ReferenceInput? reference, FeatureSource features, EvaluationOptions options)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new SharedEvaluation(() => Plan(origin, reference, features, options), options);
    }

    /// <summary>As <see cref="Run"/>, on another thread.</summary>
    /// <inheritdoc cref="Run" path="/param"/>
    /// <inheritdoc cref="Run" path="/exception"/>
    public static Task<EvaluationReport> RunAsync(
        SampleOrigin origin, ReferenceInput? reference, FeatureSource features, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Run(origin, reference, features, options, progress, cancellation), cancellation);

    private static EvaluationPlan Plan(SampleOrigin origin, ReferenceInput? reference, FeatureSource features, EvaluationOptions options)
    {
        var comparable = features.IsPresent && reference is not null;
        var keep = comparable && options.PrecisionRecall && reference!.Images is not null;
        var against = comparable ? new ReferenceMetrics(reference!, features, keep) : null;
        var samples = new EvaluationPass(
            "Measuring", "hash", origin.Description, origin.Count, origin.Read,
            [new SampleMetrics(features, options, origin.Count, against, keep), new CodebookMetrics(origin.Tokenizer), new SampleSheet()]);
        return new EvaluationPlan
        {
            Kind = origin.Kind,
            Key = ConfigJson.Write(new
            {
                origin.Kind,
                origin.Description,
                origin.Count,
                Models = origin.Models.Select(static m => m.Hash),
                origin.Settings,
                options.Protocol,
                Reference = reference?.Description,
                ReferenceHash = reference?.Hash,
                ReferenceCount = reference?.Images?.Count,
                Keep = keep,
                Weights = features.Fingerprint,
            }),
            Passes = against?.Pass is { } first ? [first, samples] : [samples],
            Reference = () => against?.ToSet(),
            Models = origin.Models,
            Weights = features.Fingerprint is { } print ? new Dictionary<string, string> { ["inception"] = print } : [],
            Settings = origin.Settings,
        };
    }
}
