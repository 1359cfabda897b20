using System.Globalization;
using Hita.Evaluation.Runs;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Runtime;
using Hita.Tokenization;
using static TorchSharp.torch;

namespace Hita.Evaluation.Probing;

/// <summary>Keeps the mean features of each image and fits a linear classifier to each kind of them in the end.</summary>
/// <param name="tokenizer">Makes the features.</param>
/// <param name="classCount">Classes of the images.</param>
internal sealed class ProbeMetrics(ImageTokenizer tokenizer, int classCount) : IEvaluationMetric
{
    /// <summary>Images that a probe needs.</summary>
    public const int MinCount = 2 * TestEvery * ValidationEvery;

    private const int TestEvery = 5;
    private const int ValidationEvery = 10;
    private const string LabelState = "labels";
    private static readonly string[] Kinds = ["holistic", "patch", "cnn", "semantic", "pixels"];

    private Dictionary<string, FeatureBank> _features = [];

    // Classes as vectors of one number, which float32 holds exactly up to 16 million.
    private FeatureBank _labels = new(1);

    /// <inheritdoc/>
    public void Add(EvaluationBatch batch)
    {
        using var frozen = inference_mode();
        using var scope = NewDisposeScope();
        var found = tokenizer.AllFeatures(batch.Images);
        Add("holistic", found.Holistic?.mean([1]));
        Add("patch", found.Patches.mean([2, 3]));
        // The vanilla family mixes nothing.
        Add("cnn", found.Holistic is null ? null : found.Cnn.mean([2, 3]));
        if (found.Semantic is { } semantic)
            Add("semantic", semantic.narrow(1, 1, semantic.size(1) - 1).mean([1]));
        Add("pixels", ImageTensors.ToTensor(batch.Images).mean([2, 3]));
        _labels.Add([.. batch.Classes.Select(static c => (float)c)]);
    }

    /// <inheritdoc/>
    public void Report(EvaluationResults results)
    {
        foreach (var kind in Kinds.Where(_features.ContainsKey))
        {
            results.Tell($"Fitting to {kind} features");
            var (accuracy, penalty) = Judge(_features[kind], results.Cancellation);
            results.Add($"probe_{kind}", accuracy);
            results.Settings[$"penalty, {kind}"] = penalty.ToString("g1", CultureInfo.InvariantCulture);
        }
        results.Add("probe_chance", Chance());
        if (tokenizer.Config.Holistic is null)
            results.AddUnmeasured("holistic features", "This tokenizer has no holistic codes.");
        else if (tokenizer.Config.Holistic.SemanticEncoder is null)
            results.AddUnmeasured("semantic features", "This tokenizer was made without a semantic encoder.");
    }

    /// <inheritdoc/>
    public void Capture(AccumulatorWriter state)
    {
        state.Add(LabelState, _labels);
        foreach (var (kind, bank) in _features)
            state.Add(kind, bank);
    }

    /// <inheritdoc/>
    public void Restore(AccumulatorReader state)
    {
        _labels = state.Read<FeatureBank>(LabelState);
        _features = Kinds.Where(state.Has).ToDictionary(static k => k, k => state.Read<FeatureBank>(k));
    }

    /// <inheritdoc/>
    public void Merge(AccumulatorReader state)
    {
        _labels.Merge(state.Read<FeatureBank>(LabelState));
        foreach (var kind in Kinds.Where(state.Has))
        {
            var part = state.Read<FeatureBank>(kind);
            if (_features.TryGetValue(kind, out var bank))
                bank.Merge(part);
            else
                _features.Add(kind, part);
        }
    }

    private void Add(string kind, Tensor? features)
    {
        if (features is null)
            return;
        if (!_features.TryGetValue(kind, out var bank))
            _features.Add(kind, bank = new FeatureBank((int)features.size(1)));
        bank.Add(features.ToFloats());
    }

    private (double Accuracy, double Penalty) Judge(FeatureBank bank, CancellationToken cancellation)
    {
        var order = SampleOrder.Shuffled((int)_labels.Count);
        var test = order[..(order.Length / TestEvery)];
        var training = order[(order.Length / TestEvery)..];
        var validation = training[..(training.Length / ValidationEvery)];
        var rest = training[(training.Length / ValidationEvery)..];
        var best = LinearProbe.Penalties
            .Select(p => (Penalty: p, Accuracy: Fit(bank, rest, p, cancellation).Accuracy(Rows(bank, validation), Labels(validation)))).MaxBy(static p => p.Accuracy);
        return (Fit(bank, training, best.Penalty, cancellation).Accuracy(Rows(bank, test), Labels(test)), best.Penalty);
    }

    private LogisticRegression Fit(FeatureBank bank, int[] rows, double penalty, CancellationToken cancellation) =>
        LogisticRegression.Fit(Rows(bank, rows), Labels(rows), classCount, penalty, cancellation: cancellation);

    private static FeatureBank Rows(FeatureBank bank, int[] rows)
    {
        var chosen = new FeatureBank(bank.Width);
        foreach (var row in rows)
            chosen.Add(bank.Row(row));
        return chosen;
    }

    private int[] Labels(int[] rows) => [.. rows.Select(Label)];

    private int Label(int row) => (int)_labels.Row(row)[0];

    // What always naming the commonest class would reach.
    private double Chance()
    {
        var count = (int)_labels.Count;
        return (double)Enumerable.Range(0, count).CountBy(Label).Max(static c => c.Value) / count;
    }
}
