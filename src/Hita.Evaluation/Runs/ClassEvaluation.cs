using Hita.Evaluation.Classification;
using Hita.Evaluation.Reports;
using Hita.Imaging;
using Hita.Metrics;
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
    private const int NeighbourPairs = 12;

    /// <summary>Runs, or goes on with, an evaluation, and writes its report and page.</summary>
    /// <param name="origin">The samples; their classes are known.</param>
    /// <param name="classNames">The generator's classes by number; null where they have no names.</param>
    /// <param name="classifier">Recognises them.</param>
    /// <param name="data">The true images that it was trained on.</param>
    /// <param name="copies">How far the copy check goes; null for the defaults.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">The classes do not fit each other, or the options are at fault.</exception>
    public static EvaluationReport Run(
        GeneratorOrigin origin, IReadOnlyList<string>? classNames, ImageClassifier classifier, ClassifierData data, CopyCheckOptions? copies,
        EvaluationOptions options, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        Check(origin, classNames, data);
        return new Work(origin, classifier, data, copies ?? new CopyCheckOptions(), options.Validate(), progress, cancellation).Run();
    }

    /// <summary>Checks that a generator and true images have the same classes, before a classifier is trained.</summary>
    /// <param name="origin">The samples.</param>
    /// <param name="classNames">The generator's classes by number; null where they have no names.</param>
    /// <param name="data">The true images.</param>
    /// <exception cref="HitaException">They have not.</exception>
    public static void Check(GeneratorOrigin origin, IReadOnlyList<string>? classNames, ClassifierData data)
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

    private sealed class Work
    {
        private readonly GeneratorOrigin _origin;
        private readonly ImageClassifier _classifier;
        private readonly ClassifierData _data;
        private readonly CopyCheckOptions _copies;
        private readonly EvaluationOptions _options;
        private readonly IProgress<EvaluationProgress>? _progress;
        private readonly CancellationToken _cancellation;
        private readonly EvaluationRun _run;
        private readonly CodebookMetrics _codes;
        private ConfusionCounts _confusion;
        private FeatureBank _pixels = new(PixelVector.Width);
        private FeatureBank _features = new(ImageClassifier.FeatureWidth);
        private ImageHash _hash = new();
        private ImageKeep _sheet = new();

        public Work(
            GeneratorOrigin origin, ImageClassifier classifier, ClassifierData data, CopyCheckOptions copies, EvaluationOptions options,
            IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
        {
            (_origin, _classifier, _data, _copies, _options, _progress, _cancellation) = (origin, classifier, data, copies, options, progress, cancellation);
            _confusion = new ConfusionCounts(data.ClassNames.Count);
            _codes = new CodebookMetrics(origin.Tokenizer);
            _run = new EvaluationRun(options, Key(), progress);
        }

        public EvaluationReport Run()
        {
            Restore();
            var done = (int)_hash.Count;
            if (done < _origin.Count)
                _run.Go("Measuring", done, _origin.Count, _origin.Read(done, _options.BatchSize, _cancellation), Measure, Capture);
            _run.Save(Capture);
            var metrics = new List<Metric> { new("class_agreement", _confusion.Agreement), new("classifier_held_out", _classifier.Card.HeldOutAccuracy) };
            var unmeasured = new List<UnmeasuredMetrics>();
            var neighbours = Copies(metrics, unmeasured);
            metrics.AddRange(_codes.Metrics());
            var report = new EvaluationReport
            {
                Kind = EvaluationKind.Classes,
                Protocol = _options.Protocol,
                Samples = new MeasuredSet(_origin.Description, _hash.ToString(), _hash.Count),
                Reference = new MeasuredSet(_data.Description, _data.Identity, null),
                Models = _origin.Models,
                Weights = new Dictionary<string, string> { ["classifier"] = _classifier.Fingerprint },
                Settings = new Dictionary<string, string>(_origin.Settings) { ["classifier"] = _classifier.Card.ToString() },
                Metrics = metrics,
                Unmeasured = unmeasured,
                Classes = [.. Enumerable.Range(0, _data.ClassNames.Count).Select(ClassMetrics)],
                Environment = _run.Environment(),
            };
            report.Save(Path.Combine(_options.Folder, EvaluationReport.FileName));
            ReportPage.Save(Path.Combine(_options.Folder, ReportPage.FileName), report, new PageContent
            {
                Sheet = [.. _sheet.Kept.Take(SampleEvaluation.SheetCount).Select(static k => k.Image)],
                Neighbours = neighbours,
                HolisticUsage = _codes.Holistic,
                PatchUsage = _codes.Patches,
            });
            _run.Finish();
            return report;
        }

        private int Measure(IReadOnlyList<Sample> samples)
        {
            var found = _classifier.Classify([.. samples.Select(static s => s.Image)]);
            for (var i = 0; i < samples.Count; i++)
            {
                _confusion.Add(samples[i].Class!.Value, found.Classes[i]);
                _pixels.Add(PixelVector.Of(samples[i].Image));
                if (samples[i].Codes is { } codes)
                    _codes.Add(codes);
                if (_sheet.Count < SampleEvaluation.SheetCount)
                    _sheet.Add(new KeptImage(_hash.Count, samples[i].Class!.Value, samples[i].Image));
                _hash.Add(samples[i].Image);
            }
            _features.Add(found.Features);
            return samples.Count;
        }

        private List<KeptImage> Copies(List<Metric> metrics, List<UnmeasuredMetrics> unmeasured)
        {
            var training = (int)Math.Min(_copies.TrainingCount, _data.TrainingCount);
            var heldOut = (int)Math.Min(_copies.HeldOutCount, _data.HeldOutCount);
            if (training < 1 || heldOut < 1)
            {
                unmeasured.Add(new UnmeasuredMetrics("distances to training images", "They were left out as asked for."));
                return [];
            }
            var (pixels, features) = CopyCheck.Run(
                _pixels, _features, _classifier, _data, training, heldOut,
                new Counter(n => _progress?.Report(new EvaluationProgress("Looking for copies", n, training))), _cancellation);
            metrics.Add(new Metric("nearest_pixels_samples", NeighbourDistances.Median(pixels.SampleDistances)));
            metrics.Add(new Metric("nearest_pixels_held_out", NeighbourDistances.Median(pixels.HeldOutDistances)));
            metrics.Add(new Metric("copies_by_pixels", pixels.Suspicious));
            metrics.Add(new Metric("nearest_features_samples", NeighbourDistances.Median(features.SampleDistances)));
            metrics.Add(new Metric("nearest_features_held_out", NeighbourDistances.Median(features.HeldOutDistances)));
            metrics.Add(new Metric("copies_by_features", features.Suspicious));
            return Nearest(pixels);
        }

        // The samples nearest to a training image; they are made again, as an image is a function of its number.
        private List<KeptImage> Nearest(NeighbourDistances pixels)
        {
            var order = Enumerable.Range(0, pixels.SampleDistances.Count).OrderBy(i => pixels.SampleDistances[i]).Take(NeighbourPairs);
            var pairs = new List<KeptImage>();
            foreach (var i in order)
            {
                var sample = _origin.Read(i, 1, _cancellation).First()[0].Image;
                var training = _data.Training(pixels.SampleNeighbours[i]).Image;
                pairs.Add(new KeptImage(i, pixels.SampleDistances[i], sample, training.Resize(sample.Width, sample.Height)));
            }
            return pairs;
        }

        private ClassMetrics ClassMetrics(int c) => new(
            c, _data.ClassNames[c], (int)Enumerable.Range(0, _confusion.ClassCount).Sum(found => _confusion[c, found]), (int)_confusion[c, c],
            _confusion.ConfusedWith(c) is { } other ? _data.ClassNames[other] : null);

        private string Key() => ConfigJson.Write(new
        {
            EvaluationKind.Classes,
            _origin.Description,
            _origin.Count,
            Models = _origin.Models.Select(static m => m.Hash),
            _origin.Settings,
            _options.Protocol,
            Classifier = _classifier.Fingerprint,
        });

        private void Restore()
        {
            using var state = _run.Resume();
            if (state is null)
                return;
            _confusion = state.Read<ConfusionCounts>("confusion");
            (_pixels, _features) = (state.Read<FeatureBank>("pixels"), state.Read<FeatureBank>("features"));
            (_hash, _sheet) = (state.Read<ImageHash>("hash"), state.Read<ImageKeep>("sheet"));
            _codes.Restore(state);
        }

        private void Capture(AccumulatorWriter writer)
        {
            writer.Add("confusion", _confusion).Add("pixels", _pixels).Add("features", _features).Add("hash", _hash).Add("sheet", _sheet);
            _codes.Capture(writer);
        }

        private sealed class Counter(Action<int> report) : IProgress<int>
        {
            public void Report(int value) => report(value);
        }
    }
}
