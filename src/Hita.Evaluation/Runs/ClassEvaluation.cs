using Hita.Evaluation.Classification;
using Hita.Evaluation.Reports;
using Hita.Runtime;

namespace Hita.Evaluation.Runs;

/// <summary>How many images the copy check looks at.</summary>
public sealed record CopyCheckOptions
{
    /// <summary>Training images, from the first on; 0 leaves the check out.</summary>
    public int TrainingCount { get; init; } = 10_000;

    /// <summary>Held-out images that say what distance is usual without copying.</summary>
    public int HeldOutCount { get; init; } = 1000;
}

/// <summary>
/// Judges generated images by whether a classifier that was trained on true ones recognises their classes, and whether they are
/// copies of training images.
/// </summary>
public static class ClassEvaluation
{
    /// <summary>Runs, or goes on with, an evaluation, and writes its report and page.</summary>
    /// <param name="origin">The samples of a generator; their classes are known.</param>
    /// <param name="classNames">The generator's classes by number; null where they have no names.</param>
    /// <param name="classifier">Recognises them.</param>
    /// <param name="data">The true images that it was trained on.</param>
    /// <param name="copies">How far the copy check goes; null for the defaults.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">The classes do not fit each other, or the options are at fault.</exception>
    public static EvaluationReport Run(
        SampleOrigin origin, IReadOnlyList<string>? classNames, ImageClassifier classifier, ClassifierData data, CopyCheckOptions? copies,
        EvaluationOptions options, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Prepare(origin, classNames, classifier, data, copies, options).Run(progress, cancellation);

    /// <summary>
    /// An evaluation whose samples can be shared out to several processes, all of which need the same classifier
    /// (<see cref="ClassifierCache.GetShared"/>). Copies are looked for when the parts are merged.
    /// </summary>
    /// <param name="origin">The samples of a generator; their classes are known.</param>
    /// <param name="classNames">The generator's classes by number; null where they have no names.</param>
    /// <param name="classifier">Recognises them.</param>
    /// <param name="data">The true images that it was trained on.</param>
    /// <param name="copies">How far the copy check goes; null for the defaults.</param>
    /// <param name="options">How.</param>
    /// <exception cref="HitaException">The classes do not fit each other, or the options are at fault.</exception>
    public static SharedEvaluation Prepare(
        SampleOrigin origin, IReadOnlyList<string>? classNames, ImageClassifier classifier, ClassifierData data, CopyCheckOptions? copies,
        EvaluationOptions options)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        Check(origin, classNames, data);
        options.Validate();
        return new SharedEvaluation(() => Plan(origin, classifier, data, copies ?? new CopyCheckOptions(), options), options);
    }

    /// <summary>As <see cref="Run"/>, on another thread.</summary>
    /// <inheritdoc cref="Run" path="/param"/>
    /// <inheritdoc cref="Run" path="/exception"/>
    public static Task<EvaluationReport> RunAsync(
        SampleOrigin origin, IReadOnlyList<string>? classNames, ImageClassifier classifier, ClassifierData data, CopyCheckOptions? copies,
        EvaluationOptions options, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Run(origin, classNames, classifier, data, copies, options, progress, cancellation), cancellation);

    /// <summary>Checks that a generator and true images have the same classes, before a classifier is trained.</summary>
    /// <param name="origin">The samples.</param>
    /// <param name="classNames">The generator's classes by number; null where they have no names.</param>
    /// <param name="data">The true images.</param>
    /// <exception cref="HitaException">They have not.</exception>
    public static void Check(SampleOrigin origin, IReadOnlyList<string>? classNames, ClassifierData data)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(data);
        var (names, count) = (classNames, origin.ClassCount);
        if (count != data.ClassNames.Count)
            throw new HitaException($"The generator has {count} classes and {data.Description} has {data.ClassNames.Count}; name the data that it was trained on with --data.");
        var differing = names is null ? -1 : Enumerable.Range(0, count).FirstOrDefault(i => names[i] != data.ClassNames[i], -1);
        if (differing >= 0)
            throw new HitaException($"Class {differing} is '{names![differing]}' to the generator and '{data.ClassNames[differing]}' in {data.Description}; name the data that it was trained on with --data.");
    }

    private static EvaluationPlan Plan(
        SampleOrigin origin, ImageClassifier classifier, ClassifierData data, CopyCheckOptions copies, EvaluationOptions options)
    {
        var samples = new EvaluationPass(
            "Measuring", "hash", origin.Description, origin.Count, origin.Read,
            [new ClassifierMetrics(classifier, data, new CopyMetrics(origin, classifier, data, copies)), new CodebookMetrics(origin.Tokenizer), new SampleSheet()]);
        return new EvaluationPlan
        {
            Kind = EvaluationKind.Classes,
            Key = ConfigJson.Write(new
            {
                EvaluationKind.Classes,
                origin.Description,
                origin.Count,
                Models = origin.Models.Select(static m => m.Hash),
                origin.Settings,
                options.Protocol,
                Classifier = classifier.Fingerprint,
                copies,
            }),
            Passes = [samples],
            Reference = () => new MeasuredSet(data.Description, data.Identity, null),
            Models = origin.Models,
            Weights = new Dictionary<string, string> { ["classifier"] = classifier.Fingerprint },
            Settings = new Dictionary<string, string>(origin.Settings) { ["classifier"] = classifier.Card.ToString() },
            HasSlowResults = true,
        };
    }
}
