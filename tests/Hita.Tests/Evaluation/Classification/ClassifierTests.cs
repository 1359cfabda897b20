using Hita.Evaluation.Classification;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Runtime;
using Hita.Tests.Evaluation.Runs;
using Hita.Tests.Metrics;
using Hita.Tests.Support;

namespace Hita.Tests.Evaluation.Classification;

public sealed class ClassifierTests
{
    private static readonly ClassifierTrainingOptions Short = new() { Steps = 40, BatchSize = 8, HeldOutCount = 40 };

    [Fact]
    public void Colours_are_learned_in_a_few_steps_the_same_way_each_time_and_survive_a_file()
    {
        using var folder = new TemporaryFolder();
        using var source = new ColourSource(400, classes: 2);
        var data = ClassifierData.From(source, 64);
        Assert.Equal((40, 360), (data.HeldOutCount, data.TrainingCount));
        var losses = new List<double>();
        using var first = ClassifierTraining.Train(data, Short, new Collect(losses), TestContext.Current.CancellationToken);
        Assert.Equal(1, first.Card.HeldOutAccuracy);
        Assert.Equal(2, losses.Count);
        Assert.True(losses[^1] < losses[0]);
        first.Save(folder["classifier"]);
        using var loaded = ImageClassifier.Load(folder["classifier"]);
        Assert.Equal(first.Card with { ClassNames = [] }, loaded.Card with { ClassNames = [] });
        Assert.Equal(first.Fingerprint, loaded.Fingerprint);
        var images = Enumerable.Range(0, 6).Select(source.Read).ToList();
        var (a, b) = (first.Classify(images), loaded.Classify(images));
        Assert.Equal(a.Features, b.Features);
        Assert.Equal(Enumerable.Range(0, 6).Select(source.ClassAt), b.Classes);
        // An image's result does not depend on its neighbours, up to how sums are split.
        var alone = first.Classify([images[3]]).Features;
        Assert.All(alone.Zip(a.Features.Skip(3 * ImageClassifier.FeatureWidth)), static p => Assert.Equal(p.First, p.Second, 1e-4f));
    }

    [Fact]
    public void A_kept_classifier_is_used_again_and_one_of_other_images_or_options_is_not()
    {
        using var folder = new TemporaryFolder();
        using var source = new ColourSource(40, classes: 2);
        var (data, other) = (ClassifierData.From(source, 64), ClassifierData.From(source, 32));
        Assert.NotEqual(data.Identity, other.Identity);
        var options = Short with { Steps = 2, HeldOutCount = 4 };
        using var trained = ClassifierTraining.Train(data, options, cancellation: TestContext.Current.CancellationToken);
        trained.Save(folder["kept"]);
        using var kept = ClassifierCache.TryLoad(folder["kept"], data, options);
        Assert.NotNull(kept);
        Assert.Null(ClassifierCache.TryLoad(folder["kept"], other, options));
        Assert.Null(ClassifierCache.TryLoad(folder["kept"], data, options with { Steps = 3 }));
        File.WriteAllText(folder["kept"], "damaged");
        Assert.Null(ClassifierCache.TryLoad(folder["kept"], data, options));
    }

    [Fact]
    public void Training_stops_when_it_is_cancelled_and_refuses_what_is_impossible()
    {
        using var source = new ColourSource(40, classes: 2);
        var data = ClassifierData.From(source, 64);
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => ClassifierTraining.Train(data, Short, cancellation: stopped.Token));
        Assert.Equal(5, Assert.Throws<ConfigException>(() => new ClassifierTrainingOptions { Steps = 0, BatchSize = 0, LearningRate = 0, WeightDecay = -1, HeldOutCount = 0 }.Validate()).Faults.Count);
        using var one = new ColourSource(40, classes: 1);
        Assert.Contains("two classes", Assert.Throws<HitaException>(() => ClassifierData.From(one, 64)).Message, StringComparison.Ordinal);
        using var few = new ColourSource(8, classes: 2);
        Assert.Throws<HitaException>(() => ClassifierData.From(few, 64));
    }

    [Fact]
    public void Training_and_held_out_images_of_a_source_are_different_ones_and_every_epoch_has_all()
    {
        using var source = new ColourSource(30, classes: 3);
        var data = ClassifierData.From(source, 16);
        var first = Enumerable.Range(0, 27).Select(n => Key(data.Training(n))).ToList();
        var second = Enumerable.Range(27, 27).Select(n => Key(data.Training(n))).ToList();
        Assert.Equal(27, first.Distinct().Count());
        Assert.Equal(first.Order(), second.Order());
        Assert.NotEqual(first, second);
        Assert.Empty(Enumerable.Range(0, 3).Select(n => Key(data.HeldOut(n))).Intersect(first));
    }

    [Fact]
    public void Images_of_another_source_judge_and_all_of_this_one_are_trained_on()
    {
        using var source = new ColourSource(6, classes: 2);
        using var heldOut = new ColourSource(30, classes: 2);
        var data = ClassifierData.From(source, heldOut, 16);
        Assert.Equal((6, 30), (data.TrainingCount, data.HeldOutCount));
        Assert.Equal(6, Enumerable.Range(0, 6).Select(n => Key(data.Training(n))).Distinct().Count());
        Assert.Equal(30, Enumerable.Range(0, 30).Select(n => Key(data.HeldOut(n))).Distinct().Count());
        Assert.NotEqual(data.Identity, ClassifierData.From(heldOut, heldOut, 16).Identity);
        using var other = new ColourSource(30, classes: 3);
        Assert.Contains("other classes", Assert.Throws<HitaException>(() => ClassifierData.From(source, other, 16)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void After_the_first_epoch_unequal_classes_come_equally_often()
    {
        using var source = new ColourSource(20, classes: 2, classOf: static i => i < 16 ? 0 : 1);
        var data = ClassifierData.From(source, source, 16);
        Assert.Equal(20, Enumerable.Range(0, 20).Select(n => Key(data.Training(n))).Distinct().Count());
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var images = Enumerable.Range(20 + (32 * epoch), 32).Select(n => data.Training(n)).ToList();
            Assert.Equal(16, images.Count(static i => i.Class == 1));
            Assert.Equal(20, images.Select(Key).Distinct().Count());
        }
    }

    [Fact]
    public void Held_out_scenes_of_the_built_in_set_are_no_training_scenes()
    {
        var data = ClassifierData.Materials(16);
        Assert.NotEqual(Key(data.Training(3)), Key(data.HeldOut(3)));
        Assert.Equal(36, data.ClassNames.Count);
        Assert.Equal(data.Identity, ClassifierData.Materials(16).Identity);
        Assert.NotEqual(data.Identity, ClassifierData.Materials(16, seed: 1).Identity);
    }

    [Fact]
    public void The_nearest_vectors_are_those_that_a_plain_search_finds()
    {
        var (queries, many) = (Samples.Normal(5 * 6, 1), Samples.Normal(40 * 6, 2));
        var nearest = new NearestImages(queries, 6);
        nearest.Offer(many.AsSpan(0, 25 * 6), 0);
        nearest.Offer(many.AsSpan(25 * 6), 25);
        for (var q = 0; q < 5; q++)
        {
            var distances = Enumerable.Range(0, 40).Select(c => Math.Sqrt(Enumerable.Range(0, 6).Average(i => Math.Pow(queries[(q * 6) + i] - many[(c * 6) + i], 2)))).ToList();
            Assert.Equal(distances.Min(), nearest.Distances[q], 1e-6);
            Assert.Equal(distances.IndexOf(distances.Min()), nearest.Indices[q]);
        }
    }

    [Fact]
    public void Copies_of_training_images_are_found_and_held_out_images_are_not()
    {
        using var source = new ColourSource(200, classes: 2);
        var data = ClassifierData.From(source, 64);
        using var classifier = ClassifierTraining.Train(data, Short with { Steps = 2, HeldOutCount = 4 }, cancellation: TestContext.Current.CancellationToken);
        var (pixels, features) = (new FeatureBank(PixelVector.Width), new FeatureBank(ImageClassifier.FeatureWidth));
        Image[] samples = [data.Training(7).Image, data.HeldOut(12).Image];
        foreach (var sample in samples)
            pixels.Add(PixelVector.Of(sample));
        features.Add(classifier.Classify(samples).Features);
        var (byPixels, byFeatures) = CopyCheck.Run(pixels, features, classifier, data, 180, 10, null, TestContext.Current.CancellationToken);
        Assert.Equal(0, byPixels.SampleDistances[0], 1e-9);
        Assert.Equal(7, byPixels.SampleNeighbours[0]);
        Assert.Equal(7, byFeatures.SampleNeighbours[0]);
        Assert.True(byPixels.SampleDistances[1] > 0);
        Assert.Equal(0.5, byPixels.Suspicious, 0.51);
        Assert.InRange(byPixels.Suspicious, 0.5, 1);
    }

    [Fact]
    public void Confusions_are_counted_merged_and_saved()
    {
        using var folder = new TemporaryFolder();
        var counts = new ConfusionCounts(3);
        counts.Add(0, 0);
        counts.Add(0, 2);
        counts.Add(0, 2);
        counts.Add(1, 1);
        // A third of class 0, all of class 1, and none of class 2 to count.
        Assert.Equal((0.5, 2.0 / 3), (counts.Agreement, counts.ClassMean));
        var other = new ConfusionCounts(3);
        other.Add(2, 2);
        counts.Merge(other);
        Assert.Equal(0.6, counts.Agreement, 1e-12);
        Assert.Equal(2, counts.ConfusedWith(0));
        Assert.Null(counts.ConfusedWith(1));
        new AccumulatorWriter().Add("counts", counts).Save(folder["state"]);
        using var state = AccumulatorReader.Open(folder["state"]);
        var restored = state.Read<ConfusionCounts>("counts");
        Assert.Equal(5, restored.Count);
        Assert.Equal(2, restored[0, 2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => counts.Add(0, 3));
    }

    private static string Key(LabelledImage image) => Convert.ToHexString(image.Image.Pixels[..48]) + image.Class;

    private sealed class Collect(List<double> losses) : IProgress<ClassifierProgress>
    {
        public void Report(ClassifierProgress value) => losses.Add(value.Loss);
    }
}
