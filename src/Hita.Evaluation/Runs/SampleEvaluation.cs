using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Metrics;
using Hita.Metrics.Networks;
using Hita.Runtime;

namespace Hita.Evaluation.Runs;

/// <summary>Judges samples by comparing them with a reference: FID, sFID, Inception score, precision, recall, code usage.</summary>
public static class SampleEvaluation
{
    internal const int SheetCount = 64;

    /// <summary>Runs, or goes on with, an evaluation, and writes its report and page.</summary>
    /// <param name="origin">The samples.</param>
    /// <param name="reference">What to compare them with; null for nothing, which leaves the Inception score.</param>
    /// <param name="features">The measures' weights.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">An image, the reference or the options are at fault.</exception>
    public static EvaluationReport Run(
        SampleOrigin origin, ReferenceInput? reference, FeatureSource features, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(options);
        return new Work(origin, reference, features, options.Validate(), progress, cancellation).Run();
    }

    private sealed class Work
    {
        private readonly SampleOrigin _origin;
        private readonly FeatureSource _features;
        private readonly EvaluationOptions _options;
        private readonly IProgress<EvaluationProgress>? _progress;
        private readonly CancellationToken _cancellation;
        private readonly EvaluationRun _run;
        private readonly ReferenceMetrics? _reference;
        private readonly CodebookMetrics _codes;
        private readonly FidCurve _curve;
        private readonly int[]? _places;
        private readonly bool _keep;
        private SampleStatistics? _statistics;
        private ImageHash _hash = new();
        private ImageKeep _sheet = new();
        private ReferenceStatistics? _ready;

        public Work(
            SampleOrigin origin, ReferenceInput? reference, FeatureSource features, EvaluationOptions options,
            IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
        {
            (_origin, _features, _options, _progress, _cancellation) = (origin, features, options, progress, cancellation);
            var comparable = features.IsPresent && reference is not null;
            _keep = comparable && options.PrecisionRecall && reference!.Images is not null;
            _reference = comparable ? new ReferenceMetrics(reference!, _keep) : null;
            _codes = new CodebookMetrics(origin.Tokenizer);
            _curve = new FidCurve(origin.Count);
            _places = LabelPlan.Places(options.Protocol, origin.Count);
            _statistics = features.IsPresent ? new SampleStatistics(_keep, options.Protocol.SplitSize) : null;
            _run = new EvaluationRun(options, Key(reference), progress);
        }

        public EvaluationReport Run()
        {
            Restore();
            if (_reference is { } reference && reference.Done < reference.Total)
            {
                var images = ReferenceImages!.Read(reference.Done, _options.BatchSize, _cancellation);
                _run.Go("Reading the reference", reference.Done, reference.Total, images, batch => reference.Add(batch, _features), Capture);
            }
            var done = (int)_hash.Count;
            if (done < _origin.Count)
                _run.Go("Measuring", done, _origin.Count, _origin.Read(done, _options.BatchSize, _cancellation), Measure, Capture);
            var report = Report();
            report.Save(Path.Combine(_options.Folder, EvaluationReport.FileName));
            ReportPage.Save(Path.Combine(_options.Folder, ReportPage.FileName), report, new PageContent
            {
                Sheet = [.. _sheet.Kept.Select(static k => k.Image)],
                HolisticUsage = _codes.Holistic,
                PatchUsage = _codes.Patches,
            });
            _run.Finish();
            return report;
        }

        private ImageSeries? ReferenceImages { get; set; }

        private int Measure(IReadOnlyList<Sample> samples)
        {
            if (_statistics is { } statistics)
            {
                var features = _features.Extract([.. samples.Select(static s => s.Image)]);
                if (_places is null)
                    statistics.Add(features);
                else
                    statistics.Add(features, _places.AsSpan((int)_hash.Count, samples.Count));
            }
            foreach (var sample in samples)
            {
                if (_sheet.Count < SheetCount)
                    _sheet.Add(new KeptImage(_hash.Count, sample.Class ?? -1, sample.Image));
                if (sample.Codes is { } codes)
                    _codes.Add(codes);
                _hash.Add(sample.Image);
            }
            if (_reference is not null)
                _curve.Visit(_statistics!.Pool, () => (_ready ??= _reference.ToStatistics()).Pool);
            return samples.Count;
        }

        private EvaluationReport Report()
        {
            var metrics = new List<Metric>();
            var unmeasured = new List<UnmeasuredMetrics>();
            if (_statistics is { } statistics)
                Compare(statistics, metrics, unmeasured);
            else
                unmeasured.Add(new UnmeasuredMetrics("FID, sFID, the Inception score, precision and recall", _features.Absence!));
            metrics.AddRange(_codes.Metrics());
            return new EvaluationReport
            {
                Kind = _origin.Kind,
                Protocol = _options.Protocol,
                Samples = new MeasuredSet(_origin.Description, _hash.ToString(), _hash.Count),
                Reference = _reference?.ToSet(),
                Models = _origin.Models,
                Weights = _features.Fingerprint is { } print ? new Dictionary<string, string> { ["inception"] = print } : [],
                Settings = _origin.Settings,
                Metrics = metrics,
                Unmeasured = unmeasured,
                FidByCount = _curve.Points,
                Environment = _run.Environment(),
            };
        }

        private void Compare(SampleStatistics statistics, List<Metric> metrics, List<UnmeasuredMetrics> unmeasured)
        {
            _progress?.Report(new EvaluationProgress("Computing", 0, 0));
            if (_reference is not null)
            {
                var reference = _ready ?? _reference.ToStatistics();
                var fid = FrechetDistance.Between(reference.Pool, statistics.Pool.ToDistribution());
                metrics.Add(new Metric("fid", fid));
                _curve.End(statistics.Count, fid);
                if (reference.Spatial is { } spatial)
                    metrics.Add(new Metric("sfid", FrechetDistance.Between(spatial, statistics.Spatial.ToDistribution())));
                else
                    unmeasured.Add(new UnmeasuredMetrics("sFID", "The reference archive has no spatial statistics (mu_s, sigma_s)."));
            }
            else
            {
                unmeasured.Add(new UnmeasuredMetrics("FID, sFID, precision and recall", "No reference was given; name one with --reference."));
            }
            var score = statistics.Classes.ToScore();
            metrics.Add(new Metric("inception_score", score.Mean, score.StandardDeviation));
            if (_reference is not null)
                Neighbours(statistics, metrics, unmeasured);
        }

        private void Neighbours(SampleStatistics statistics, List<Metric> metrics, List<UnmeasuredMetrics> unmeasured)
        {
            var k = _options.Protocol.Neighbours;
            var reason = !_options.PrecisionRecall ? "They were left out as asked for."
                : _reference!.Features is null ? "The reference has no images (arr_0) to take neighbours from."
                : Math.Min(_reference.Features.Count, statistics.Count) <= k ? $"They need more than {k} images on both sides."
                : null;
            if (reason is not null)
            {
                unmeasured.Add(new UnmeasuredMetrics("precision and recall", reason));
                return;
            }
            var result = PrecisionRecall.Compute(
                _reference!.Features!, statistics.Features!,
                new PrecisionRecallOptions { Neighbours = k, Distances = _options.Protocol.Distances, Device = _options.Device },
                cancellation: _cancellation);
            metrics.Add(new Metric("precision", result.Precision));
            metrics.Add(new Metric("recall", result.Recall));
        }

        private string Key(ReferenceInput? reference)
        {
            ReferenceImages = reference?.Images;
            return ConfigJson.Write(new
            {
                _origin.Kind,
                _origin.Description,
                _origin.Count,
                Models = _origin.Models.Select(static m => m.Hash),
                _origin.Settings,
                _options.Protocol,
                Reference = reference?.Description,
                ReferenceHash = reference?.Hash,
                ReferenceCount = reference?.Images?.Count,
                Keep = _keep,
                Weights = _features.Fingerprint,
            });
        }

        private void Restore()
        {
            using var state = _run.Resume();
            if (state is null)
                return;
            _reference?.Restore(state);
            if (_statistics is not null)
                _statistics = state.Read<SampleStatistics>("samples");
            _hash = state.Read<ImageHash>("hash");
            _sheet = state.Read<ImageKeep>("sheet");
            _codes.Restore(state);
            _curve.Restore(state);
        }

        private void Capture(AccumulatorWriter writer)
        {
            _reference?.Capture(writer);
            if (_statistics is not null)
                writer.Add("samples", _statistics);
            writer.Add("hash", _hash).Add("sheet", _sheet);
            _codes.Capture(writer);
            _curve.Capture(writer);
        }
    }
}
