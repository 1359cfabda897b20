using Hita.Data;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Metrics.Networks;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Evaluation.Runs;

/// <summary>
/// Judges a tokenizer by how well it gives images back: PSNR, SSIM, code usage and, with weights, rFID, rsFID and rIS against the
/// same crops of the originals.
/// </summary>
public static class ReconstructionEvaluation
{
    private const int SpreadPairs = 8;
    private const int WorstPairs = 4;

    /// <summary>Runs, or goes on with, an evaluation, and writes its report and page.</summary>
    /// <param name="tokenizer">The tokenizer, with its encoder.</param>
    /// <param name="name">What it was opened by, for the report.</param>
    /// <param name="source">The images; centre squares of the tokenizer's size are cut from them.</param>
    /// <param name="features">The Inception features, or none.</param>
    /// <param name="perceptual">LPIPS, or none.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">An image, the tokenizer or the options are at fault.</exception>
    public static EvaluationReport Run(
        ImageTokenizer tokenizer, string name, IImageSource source, FeatureSource features, PerceptualSource perceptual, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
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
        return new Work(tokenizer, name, source, features, perceptual, options, progress, cancellation).Run();
    }

    private sealed class Work
    {
        private readonly ImageTokenizer _tokenizer;
        private readonly string _name;
        private readonly FeatureSource _features;
        private readonly PerceptualSource _perceptual;
        private readonly EvaluationOptions _options;
        private readonly IProgress<EvaluationProgress>? _progress;
        private readonly CancellationToken _cancellation;
        private readonly ImageSeries _images;
        private readonly EvaluationRun _run;
        private readonly CodebookMetrics _codes;
        private readonly FidCurve _curve;
        private readonly int[]? _places;
        private readonly HashSet<long> _spreadPlaces;
        private ImageQualityStatistics _quality;
        private RunningMean _lpips = new();
        private SampleStatistics? _copies;
        private FeatureStatistics? _pool;
        private FeatureStatistics? _spatial;
        private ImageHash _hash = new();
        private ImageKeep _spread = new();
        private ImageKeep _worst = new();

        public Work(
            ImageTokenizer tokenizer, string name, IImageSource source, FeatureSource features, PerceptualSource perceptual, EvaluationOptions options,
            IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
        {
            (_tokenizer, _name, _features, _perceptual, _options, _progress, _cancellation) = (tokenizer, name, features, perceptual, options, progress, cancellation);
            _images = ImageSeries.Source(source, tokenizer.Config.ImageSize, 0, options.SampleCount);
            _codes = new CodebookMetrics(tokenizer.Config);
            _curve = new FidCurve(_images.Count);
            _places = LabelPlan.Places(options.Protocol, _images.Count);
            _spreadPlaces = [.. Enumerable.Range(0, SpreadPairs).Select(i => (long)i * _images.Count / SpreadPairs)];
            _quality = new ImageQualityStatistics(options.Protocol.SsimRange);
            if (features.IsPresent)
            {
                _copies = new SampleStatistics(keepFeatures: false, options.Protocol.SplitSize);
                (_pool, _spatial) = (new FeatureStatistics(InceptionFeatures.PoolWidth), new FeatureStatistics(InceptionFeatures.SpatialWidth));
            }
            _run = new EvaluationRun(options, Key(), progress);
        }

        public EvaluationReport Run()
        {
            Restore();
            var done = (int)_hash.Count;
            if (done < _images.Count)
                _run.Go("Reconstructing", done, _images.Count, _images.Read(done, _options.BatchSize, _cancellation), Measure, Capture);
            var report = Report();
            report.Save(Path.Combine(_options.Folder, EvaluationReport.FileName));
            ReportPage.Save(Path.Combine(_options.Folder, ReportPage.FileName), report, new PageContent
            {
                Pairs = [.. _spread.Kept],
                WorstPairs = [.. _worst.Kept],
                HolisticUsage = _codes.Holistic,
                PatchUsage = _codes.Patches,
            });
            _run.Finish();
            return report;
        }

        private int Measure(IReadOnlyList<Image> originals)
        {
            var codes = _tokenizer.Encode(originals, _options.BatchSize, _cancellation);
            var size = _options.Protocol.Size;
            Image[] before = [.. originals.Select(p => SampleDecoder.ToSize(p, size))];
            Image[] after = [.. _tokenizer.Decode(codes, _options.BatchSize, _cancellation).Select(p => SampleDecoder.ToSize(p, size))];
            var quality = new ImageQualityStatistics[originals.Count];
            Parallel.For(0, originals.Count, i =>
            {
                quality[i] = new ImageQualityStatistics(_options.Protocol.SsimRange);
                quality[i].Add(before[i], after[i]);
            });
            if (_copies is not null)
                Compare(before, after);
            if (_perceptual.IsPresent)
            {
                foreach (var distance in _perceptual.Distances(after, before))
                    _lpips.Add(distance);
            }
            for (var i = 0; i < originals.Count; i++)
            {
                Keep(before[i], after[i], quality[i]);
                // Merged in order, so that sums do not depend on which thread was first.
                _quality.Merge(quality[i]);
                _codes.Add(codes[i]);
                _hash.Add(before[i]);
            }
            return originals.Count;
        }

        private void Compare(Image[] before, Image[] after)
        {
            var (original, copy) = (_features.Extract(before), _features.Extract(after));
            _pool!.Add(original.Pool.Span);
            _spatial!.Add(original.Spatial.Span);
            if (_places is null)
                _copies!.Add(copy);
            else
                _copies!.Add(copy, _places.AsSpan((int)_hash.Count, after.Length));
            _curve.Visit(_copies.Pool, _pool.ToDistribution);
        }

        private void Keep(Image before, Image after, ImageQualityStatistics quality)
        {
            var psnr = quality.IdenticalCount > 0 ? double.PositiveInfinity : quality.Psnr.Mean;
            var kept = new KeptImage(_hash.Count, psnr, before, after);
            if (_spreadPlaces.Contains(_hash.Count))
                _spread.Add(kept);
            _worst.AddLeast(kept, WorstPairs);
        }

        private EvaluationReport Report()
        {
            var metrics = new List<Metric>();
            if (_quality.Psnr.Count > 0)
                metrics.Add(new Metric("psnr", _quality.Psnr.Mean, _quality.Psnr.StandardDeviation));
            if (_quality.IdenticalCount > 0)
                metrics.Add(new Metric("identical_images", _quality.IdenticalCount));
            metrics.Add(new Metric("ssim", _quality.Ssim.Mean, _quality.Ssim.StandardDeviation));
            metrics.Add(new Metric("mean_squared_error", _quality.MeanSquaredError.Mean));
            var unmeasured = new List<UnmeasuredMetrics>();
            if (_perceptual.IsPresent)
                metrics.Add(new Metric("lpips", _lpips.Mean, _lpips.StandardDeviation));
            else
                unmeasured.Add(new UnmeasuredMetrics("LPIPS", _perceptual.Absence!));
            if (_copies is null)
                unmeasured.Add(new UnmeasuredMetrics("rFID, rsFID and rIS", _features.Absence!));
            else if (_copies.Count < 2)
                unmeasured.Add(new UnmeasuredMetrics("rFID, rsFID and rIS", "They need two images or more."));
            else
                Distances(metrics);
            metrics.AddRange(_codes.Metrics());
            var measured = new MeasuredSet(_images.Description, _hash.ToString(), _hash.Count);
            return new EvaluationReport
            {
                Kind = EvaluationKind.Reconstruction,
                Protocol = _options.Protocol,
                Samples = measured,
                Reference = measured with { Description = "the same crops of the originals" },
                Models = [new MeasuredModel("tokenizer", _name, _tokenizer.ModelHash)],
                Weights = Weights(),
                Settings = new Dictionary<string, string> { ["crop"] = $"centre square of {_tokenizer.Config.ImageSize} px" },
                Metrics = metrics,
                Unmeasured = unmeasured,
                FidByCount = _curve.Points,
                Environment = _run.Environment(),
            };
        }

        private void Distances(List<Metric> metrics)
        {
            _progress?.Report(new EvaluationProgress("Computing", 0, 0));
            var fid = FrechetDistance.Between(_pool!, _copies!.Pool);
            _curve.End(_copies.Count, fid);
            metrics.Add(new Metric("fid", fid));
            metrics.Add(new Metric("sfid", FrechetDistance.Between(_spatial!, _copies.Spatial)));
            var score = _copies.Classes.ToScore();
            metrics.Add(new Metric("inception_score", score.Mean, score.StandardDeviation));
        }

        private Dictionary<string, string> Weights()
        {
            var weights = new Dictionary<string, string>();
            if (_features.Fingerprint is { } inception)
                weights.Add("inception", inception);
            if (_perceptual.Fingerprint is { } lpips)
                weights.Add("lpips", lpips);
            return weights;
        }

        private string Key() => ConfigJson.Write(new
        {
            EvaluationKind.Reconstruction,
            _images.Description,
            _images.Count,
            _tokenizer.ModelHash,
            _options.Protocol,
            Weights = Weights(),
        });

        private void Restore()
        {
            using var state = _run.Resume();
            if (state is null)
                return;
            _quality = state.Read<ImageQualityStatistics>("quality");
            _lpips = state.Read<RunningMean>("lpips");
            if (_copies is not null)
            {
                _copies = state.Read<SampleStatistics>("copies");
                (_pool, _spatial) = (state.Read<FeatureStatistics>("pool"), state.Read<FeatureStatistics>("spatial"));
            }
            _hash = state.Read<ImageHash>("hash");
            (_spread, _worst) = (state.Read<ImageKeep>("spread"), state.Read<ImageKeep>("worst"));
            _codes.Restore(state);
            _curve.Restore(state);
        }

        private void Capture(AccumulatorWriter writer)
        {
            writer.Add("quality", _quality).Add("lpips", _lpips).Add("hash", _hash).Add("spread", _spread).Add("worst", _worst);
            if (_copies is not null)
                writer.Add("copies", _copies).Add("pool", _pool!).Add("spatial", _spatial!);
            _codes.Capture(writer);
            _curve.Capture(writer);
        }
    }
}
