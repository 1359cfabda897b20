using Hita.Data;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Evaluation.Probing;

/// <summary>
/// Measures what a linear classifier reads from a tokenizer's features before the quantizers: of the holistic tokens, of the
/// patches, of the patches before both are mixed, and of the semantic encoder; each the mean over its tokens.
/// </summary>
public static class LinearProbe
{
    /// <summary>Penalties that are tried; the one that does best on a tenth of the training images is used.</summary>
    public static IReadOnlyList<double> Penalties { get; } = [1e-4, 1e-3, 1e-2];

    private static readonly string[] Kinds = ["holistic", "patch", "cnn", "semantic", "pixels"];

    /// <summary>Runs, or goes on with, a probe, and writes its report and page.</summary>
    /// <param name="tokenizer">The tokenizer, with its encoder.</param>
    /// <param name="name">What it was opened by, for the report.</param>
    /// <param name="source">Images with classes; every fifth, evenly chosen, is held out and judged.</param>
    /// <param name="options">How; the protocol matters for its name only.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">The source has no classes or too few images, or the tokenizer cannot encode.</exception>
    public static EvaluationReport Run(
        ImageTokenizer tokenizer, string name, IImageSource source, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!tokenizer.CanEncode)
            throw new HitaException("This tokenizer was loaded for decoding only; load it whole to probe its features.");
        if (source.ClassNames.Count < 2)
            throw new HitaException($"A probe needs images of two classes or more, and {source.Description} has {source.ClassNames.Count}.");
        return new Work(tokenizer, name, source, options, progress, cancellation).Run();
    }

    private sealed class Work
    {
        private const int TestEvery = 5;
        private const int ValidationEvery = 10;

        private readonly ImageTokenizer _tokenizer;
        private readonly string _name;
        private readonly IImageSource _source;
        private readonly EvaluationOptions _options;
        private readonly IProgress<EvaluationProgress>? _progress;
        private readonly CancellationToken _cancellation;
        private readonly int[] _chosen;
        private readonly ImageSeries _images;
        private readonly EvaluationRun _run;
        private Dictionary<string, FeatureBank> _features = [];
        private ImageHash _hash = new();

        public Work(
            ImageTokenizer tokenizer, string name, IImageSource source, EvaluationOptions options,
            IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
        {
            (_tokenizer, _name, _source, _options, _progress, _cancellation) = (tokenizer, name, source, options, progress, cancellation);
            _chosen = ImageStream.Choose(source, options.SampleCount ?? source.Count);
            if (_chosen.Length < 2 * TestEvery * ValidationEvery)
                throw new HitaException($"A probe needs {2 * TestEvery * ValidationEvery} images or more, and {source.Description} gives {_chosen.Length}.");
            _images = ImageSeries.Source(source, tokenizer.Config.ImageSize, 0, options.SampleCount);
            _run = new EvaluationRun(options, Key(), progress);
        }

        public EvaluationReport Run()
        {
            Restore();
            var done = (int)_hash.Count;
            if (done < _chosen.Length)
                _run.Go("Encoding", done, _chosen.Length, _images.Read(done, _options.BatchSize, _cancellation), Measure, Capture);
            _run.Save(Capture);
            var metrics = new List<Metric>();
            var settings = new Dictionary<string, string> { ["held out"] = "a fifth of the images, evenly chosen", ["crop"] = $"centre square of {_tokenizer.Config.ImageSize} px" };
            foreach (var kind in Kinds.Where(_features.ContainsKey))
            {
                _progress?.Report(new EvaluationProgress($"Fitting to {kind} features", 0, 0));
                var (accuracy, penalty) = Judge(_features[kind]);
                metrics.Add(new Metric($"probe_{kind}", accuracy));
                settings[$"penalty, {kind}"] = penalty.ToString("g1", System.Globalization.CultureInfo.InvariantCulture);
            }
            metrics.Add(new Metric("probe_chance", Chance()));
            var report = Report(metrics, settings);
            report.Save(Path.Combine(_options.Folder, EvaluationReport.FileName));
            ReportPage.Save(Path.Combine(_options.Folder, ReportPage.FileName), report, new PageContent());
            _run.Finish();
            return report;
        }

        private EvaluationReport Report(List<Metric> metrics, Dictionary<string, string> settings)
        {
            var unmeasured = new List<UnmeasuredMetrics>();
            if (_tokenizer.Config.Holistic is null)
                unmeasured.Add(new UnmeasuredMetrics("holistic features", "This tokenizer has no holistic codes."));
            else if (_tokenizer.Config.Holistic.SemanticEncoder is null)
                unmeasured.Add(new UnmeasuredMetrics("semantic features", "This tokenizer was made without a semantic encoder."));
            return new EvaluationReport
            {
                Kind = EvaluationKind.Probe,
                Protocol = _options.Protocol,
                Samples = new MeasuredSet(_images.Description, _hash.ToString(), _hash.Count),
                Models = [new MeasuredModel("tokenizer", _name, _tokenizer.ModelHash)],
                Weights = new Dictionary<string, string>(),
                Settings = settings,
                Metrics = metrics,
                Unmeasured = unmeasured,
                Environment = _run.Environment(),
            };
        }

        private int Measure(IReadOnlyList<Image> images)
        {
            using var frozen = inference_mode();
            using var scope = NewDisposeScope();
            var found = _tokenizer.AllFeatures(images);
            Add("holistic", found.Holistic?.mean([1]));
            Add("patch", found.Patches.mean([2, 3]));
            // The vanilla family mixes nothing.
            Add("cnn", found.Holistic is null ? null : found.Cnn.mean([2, 3]));
            if (found.Semantic is { } semantic)
                Add("semantic", semantic.narrow(1, 1, semantic.size(1) - 1).mean([1]));
            Add("pixels", ImageTensors.ToTensor(images).mean([2, 3]));
            foreach (var image in images)
                _hash.Add(image);
            return images.Count;
        }

        private void Add(string kind, Tensor? features)
        {
            if (features is null)
                return;
            if (!_features.TryGetValue(kind, out var bank))
                _features.Add(kind, bank = new FeatureBank((int)features.size(1)));
            bank.Add(features.ToFloats());
        }

        private (double Accuracy, double Penalty) Judge(FeatureBank bank)
        {
            var order = SampleOrder.Shuffled(_chosen.Length);
            var test = order[..(_chosen.Length / TestEvery)];
            var training = order[(_chosen.Length / TestEvery)..];
            var validation = training[..(training.Length / ValidationEvery)];
            var rest = training[(training.Length / ValidationEvery)..];
            var best = Penalties.Select(p => (Penalty: p, Accuracy: Fit(bank, rest, p).Accuracy(Rows(bank, validation), Labels(validation)))).MaxBy(static p => p.Accuracy);
            return (Fit(bank, training, best.Penalty).Accuracy(Rows(bank, test), Labels(test)), best.Penalty);
        }

        private LogisticRegression Fit(FeatureBank bank, int[] places, double penalty) =>
            LogisticRegression.Fit(Rows(bank, places), Labels(places), _source.ClassNames.Count, penalty, cancellation: _cancellation);

        private static FeatureBank Rows(FeatureBank bank, int[] places)
        {
            var rows = new FeatureBank(bank.Width);
            foreach (var place in places)
                rows.Add(bank.Row(place));
            return rows;
        }

        private int[] Labels(int[] places) => [.. places.Select(p => _source.ClassAt(_chosen[p]))];

        // What always naming the commonest class would reach.
        private double Chance() => (double)_chosen.CountBy(_source.ClassAt).Max(static c => c.Value) / _chosen.Length;

        private string Key() => ConfigJson.Write(new { EvaluationKind.Probe, _images.Description, _images.Count, _tokenizer.ModelHash });

        private void Restore()
        {
            using var state = _run.Resume();
            if (state is null)
                return;
            _hash = state.Read<ImageHash>("hash");
            _features = Kinds.Where(state.Has).ToDictionary(static k => k, k => state.Read<FeatureBank>(k));
        }

        private void Capture(AccumulatorWriter writer)
        {
            writer.Add("hash", _hash);
            foreach (var (kind, bank) in _features)
                writer.Add(kind, bank);
        }
    }
}
