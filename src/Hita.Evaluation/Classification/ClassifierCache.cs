using Hita.Runtime;

namespace Hita.Evaluation.Classification;

/// <summary>Keeps trained classifiers in the cache folder (<c>classifiers</c> in it), so that each is trained once.</summary>
public static class ClassifierCache
{
    /// <summary>The name of the classifier in the folder of an evaluation that several processes share.</summary>
    internal const string SharedFile = "classifier.safetensors";

    /// <summary>Where the classifier of some images is kept.</summary>
    /// <param name="data">The images.</param>
    public static string PathFor(ClassifierData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Path.Combine(CacheFolder.Path, "classifiers", $"{data.Identity}.safetensors");
    }

    /// <summary>The kept classifier of some images; one is trained and kept where there is none that fits.</summary>
    /// <param name="data">The images.</param>
    /// <param name="options">How it is trained where it has to be; one that was trained otherwise is not used.</param>
    /// <param name="progress">Told how far the training is; may be null.</param>
    /// <param name="cancellation">Stops the training.</param>
    /// <exception cref="HitaException">It cannot be trained.</exception>
    public static ImageClassifier Get(
        ClassifierData data, ClassifierTrainingOptions? options = null,
        IProgress<ClassifierProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new ClassifierTrainingOptions();
        if (TryLoad(PathFor(data), data, options) is { } kept)
            return kept;
        var classifier = ClassifierTraining.Train(data, options, progress, cancellation);
        try
        {
            classifier.Save(Path.Combine(CacheFolder.Create("classifiers"), $"{data.Identity}.safetensors"));
        }
        catch (HitaException)
        {
            // A cache that cannot be written costs time only.
        }
        return classifier;
    }

    /// <summary>
    /// The classifier of an evaluation that several processes share: the one in its folder, which is that of whoever came first. So all of
    /// them judge alike, even where trainings on different machines end in different digits.
    /// </summary>
    /// <param name="folder">The evaluation's folder, which all processes see.</param>
    /// <param name="data">The images.</param>
    /// <param name="options">How it is trained where it has to be.</param>
    /// <param name="progress">Told how far the training is; may be null.</param>
    /// <param name="cancellation">Stops the training.</param>
    /// <exception cref="HitaException">It cannot be trained or written, or the folder holds that of other images or options.</exception>
    public static ImageClassifier GetShared(
        string folder, ClassifierData data, ClassifierTrainingOptions? options = null,
        IProgress<ClassifierProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(data);
        options ??= new ClassifierTrainingOptions();
        var path = Path.Combine(folder, SharedFile);
        if (!File.Exists(path))
        {
            var classifier = Get(data, options, progress, cancellation);
            var isFirst = false;
            try
            {
                var own = $"{path}.{Guid.NewGuid():N}";
                classifier.Save(own);
                isFirst = AtomicFile.TryRename(own, path);
                if (isFirst)
                    return classifier;
            }
            finally
            {
                if (!isFirst)
                    classifier.Dispose();
            }
        }
        return TryLoad(path, data, options)
            ?? throw new HitaException($"{path}: this is not the classifier of {data.Description} after {options.Steps} steps, which is asked for now; measure all shards with the same settings, or choose another folder.");
    }

    /// <summary>As <see cref="Get"/>, on another thread.</summary>
    /// <inheritdoc cref="Get" path="/param"/>
    /// <inheritdoc cref="Get" path="/exception"/>
    public static Task<ImageClassifier> GetAsync(
        ClassifierData data, ClassifierTrainingOptions? options = null, IProgress<ClassifierProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Background.Run(() => Get(data, options, progress, cancellation), cancellation);

    /// <summary>As <see cref="GetShared"/>, on another thread.</summary>
    /// <inheritdoc cref="GetShared" path="/param"/>
    /// <inheritdoc cref="GetShared" path="/exception"/>
    public static Task<ImageClassifier> GetSharedAsync(
        string folder, ClassifierData data, ClassifierTrainingOptions? options = null, IProgress<ClassifierProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Background.Run(() => GetShared(folder, data, options, progress, cancellation), cancellation);

    /// <summary>The classifier of a file, or null where it is not there, damaged, or of other images or options.</summary>
    internal static ImageClassifier? TryLoad(string path, ClassifierData data, ClassifierTrainingOptions options)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            var classifier = ImageClassifier.Load(path);
            var card = classifier.Card;
            if (card.DataIdentity == data.Identity && (card.Steps, card.BatchSize, card.Seed) == (options.Steps, options.BatchSize, options.Seed))
                return classifier;
            classifier.Dispose();
            return null;
        }
        catch (HitaException)
        {
            // A damaged file in the cache is replaced.
            return null;
        }
    }
}
