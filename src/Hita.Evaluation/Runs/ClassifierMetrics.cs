using Hita.Data;
using Hita.Evaluation.Classification;
using Hita.Evaluation.Reports;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Runtime;

namespace Hita.Evaluation.Runs;

/// <summary>How many samples a classifier takes for what they are, by class.</summary>
/// <param name="classifier">Classifies them.</param>
/// <param name="data">The real images that it was trained on.</param>
/// <param name="copies">Looks for copies by the features that the classifier finds on the way.</param>
internal sealed class ClassifierMetrics(ImageClassifier classifier, ClassifierData data, CopyMetrics copies) : IEvaluationMetric
{
    private ConfusionCounts _confusion = new(data.ClassNames.Count);

    /// <inheritdoc/>
    public void Add(EvaluationBatch batch)
    {
        var found = classifier.Classify([.. batch.Images]);
        for (var i = 0; i < batch.Images.Count; i++)
            _confusion.Add(batch.Classes[i], found.Classes[i]);
        copies.Add(batch.Images, found.Features);
    }

    /// <inheritdoc/>
    public void Report(EvaluationResults results)
    {
        results.Add("class_agreement", _confusion.Agreement);
        results.Add("classifier_held_out", classifier.Card.HeldOutAccuracy);
        if (classifier.Card.HeldOutClassAccuracy is { } mean)
            results.Add("classifier_held_out_classes", mean);
        results.Classes = [.. Enumerable.Range(0, data.ClassNames.Count).Select(OfClass)];
        copies.Report(results);
    }

    /// <inheritdoc/>
    public void Capture(AccumulatorWriter state)
    {
        state.Add("confusion", _confusion);
        copies.Capture(state);
    }

    /// <inheritdoc/>
    public void Restore(AccumulatorReader state)
    {
        _confusion = state.Read<ConfusionCounts>("confusion");
        copies.Restore(state);
    }

    /// <inheritdoc/>
    public void Merge(AccumulatorReader state)
    {
        _confusion.Merge(state.Read<ConfusionCounts>("confusion"));
        copies.Merge(state);
    }

    private ClassMetrics OfClass(int c) => new(
        c, data.ClassNames[c], (int)_confusion.CountOf(c), (int)_confusion[c, c],
        _confusion.ConfusedWith(c) is { } other ? data.ClassNames[other] : null);
}

/// <summary>How near samples come to training images, by pixels and by a classifier's features.</summary>
/// <param name="origin">Makes the samples, and those that are shown once more.</param>
/// <param name="classifier">Makes the feature vectors of real images.</param>
/// <param name="data">Training and held-out images.</param>
/// <param name="options">How many of them are looked at.</param>
internal sealed class CopyMetrics(SampleOrigin origin, ImageClassifier classifier, ClassifierData data, CopyCheckOptions options)
{
    private const int ShownPairs = 12;
    private FeatureBank _pixels = new(PixelVector.Width);
    private FeatureBank _features = new(ImageClassifier.FeatureWidth);

    /// <summary>Keeps what is needed of samples.</summary>
    /// <param name="images">The samples.</param>
    /// <param name="features">The classifier's features, vectors one after the other.</param>
    public void Add(IReadOnlyList<Image> images, ReadOnlySpan<float> features)
    {
        foreach (var image in images)
            _pixels.Add(PixelVector.Of(image));
        _features.Add(features);
    }

    /// <summary>Adds the distances to a report.</summary>
    public void Report(EvaluationResults results)
    {
        var training = (int)Math.Min(options.TrainingCount, data.TrainingCount);
        var heldOut = (int)Math.Min(options.HeldOutCount, data.HeldOutCount);
        if (training < 1 || heldOut < 1)
        {
            results.AddUnmeasured("distances to training images", "They were left out as asked for.");
            return;
        }
        var (pixels, features) = CopyCheck.Run(
            _pixels, _features, classifier, data, training, heldOut, new DirectProgress<int>(n => results.Tell("Looking for copies", n, training)), results.Cancellation);
        results.Add("nearest_pixels_samples", NeighbourDistances.Median(pixels.SampleDistances));
        results.Add("nearest_pixels_held_out", NeighbourDistances.Median(pixels.HeldOutDistances));
        results.Add("copies_by_pixels", pixels.Suspicious);
        results.Add("nearest_features_samples", NeighbourDistances.Median(features.SampleDistances));
        results.Add("nearest_features_held_out", NeighbourDistances.Median(features.HeldOutDistances));
        results.Add("copies_by_features", features.Suspicious);
        results.Page = results.Page with { Neighbours = Nearest(pixels, results.Cancellation) };
        results.Unreadable = UnreadableSummary.Join([results.Unreadable, data.Unreadable]);
    }

    /// <summary>Adds what is kept to a state.</summary>
    public void Capture(AccumulatorWriter state) => state.Add("pixels", _pixels).Add("features", _features);

    /// <summary>Takes up a saved state.</summary>
    public void Restore(AccumulatorReader state) =>
        (_pixels, _features) = (state.Read<FeatureBank>("pixels"), state.Read<FeatureBank>("features"));

    /// <summary>Takes in what another process kept of the samples after these.</summary>
    public void Merge(AccumulatorReader state)
    {
        _pixels.Merge(state.Read<FeatureBank>("pixels"));
        _features.Merge(state.Read<FeatureBank>("features"));
    }

    // The samples nearest to a training image; they are made again, as an image is a function of its number.
    private List<KeptImage> Nearest(NeighbourDistances pixels, CancellationToken cancellation)
    {
        var order = Enumerable.Range(0, pixels.SampleDistances.Count).OrderBy(i => pixels.SampleDistances[i]).Take(ShownPairs);
        var pairs = new List<KeptImage>();
        foreach (var i in order)
        {
            var sample = origin.Read(i, 1, cancellation).First().Images[0];
            var training = data.Training(pixels.SampleNeighbours[i]).Image;
            pairs.Add(new KeptImage(i, pixels.SampleDistances[i], sample, training.Resize(sample.Width, sample.Height)));
        }
        return pairs;
    }
}
