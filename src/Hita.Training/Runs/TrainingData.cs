using Hita.Data;
using Hita.Data.Sources;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>The images of a run: those it learns from, and those held out.</summary>
internal sealed class TrainingData : IDisposable
{
    private readonly List<IImageSource> _opened = [];
    private string? _note;

    private TrainingData(DataSection data, ValidationSection validation, int size)
    {
        var whole = Own(data.Open(size));
        (Train, HeldOut) = (whole, null);
        Divide(data, validation, size, whole);
        // Only what is learned from: what is held out is measured once an image.
        if (data.ClassBalance > 0)
            Train = new BalancedSource(Train, data.ClassBalance);
    }

    /// <summary>What the run learns from.</summary>
    public IImageSource Train { get; private set; }

    /// <summary>What is held out; null where nothing is.</summary>
    public IImageSource? HeldOut { get; private set; }

    /// <summary>What a person should know before training on it.</summary>
    public IReadOnlyList<string> Notes => _note is null ? Train.Notes : [.. Train.Notes, _note];

    /// <summary>Opens both.</summary>
    /// <param name="data">What to learn from.</param>
    /// <param name="validation">What to hold out.</param>
    /// <param name="size">The side of the model's images, in which the built-in set is sampled.</param>
    /// <exception cref="Runtime.HitaException">A source cannot be opened.</exception>
    public static TrainingData Open(DataSection data, ValidationSection validation, int size) => new(data, validation, size);

    /// <summary>How a recipe reads its images.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="schedule">Its schedule, fitted to the data.</param>
    /// <param name="size">The side of the model's images.</param>
    /// <param name="share">Which part of each step's images is read; null for all of it.</param>
    public static BatchLoaderOptions LoaderOptions(TrainingRecipe recipe, ScheduleSection schedule, int size, RankShare? share = null) => new()
    {
        BatchSize = (share ?? RankShare.Whole).BatchOf(schedule),
        ShardIndex = share?.Rank ?? 0,
        ShardCount = share?.Size ?? 1,
        Augmentation = new Augmentation { Size = size, Crop = recipe.Data.Crop, Flip = recipe.Data.Flip, TenCropScales = recipe.Data.TenCropScales },
        Seed = recipe.Seed,
        MaxUnreadable = recipe.Data.MaxUnreadable,
        Workers = recipe.Compute.Readers,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var source in _opened)
            source.Dispose();
    }

    private IImageSource Own(IImageSource source)
    {
        _opened.Add(source);
        return source;
    }

    private void Divide(DataSection data, ValidationSection validation, int size, IImageSource whole)
    {
        if (validation.Count == 0)
            return;
        if (validation.Source is { } path)
        {
            var other = Own((data with { Source = path }).Open(size));
            HeldOut = validation.Count < other.Count ? ImageSubset.Limit(other, validation.Count) : other;
        }
        else if (data.Source == DataSection.Materials)
        {
            // The scenes after those of the training: the list has no end.
            HeldOut = Own(new MaterialsSource(size, data.MaterialsSeed, data.MaterialsCount, validation.Count));
        }
        else if (FittedToData.HeldOut(validation.Count, whole.Count) is > 0 and var count)
        {
            // Uniformly at random, and the same ones whatever the run's seed: runs are compared on them.
            (Train, HeldOut) = ImageSubset.Split(whole, count);
            _note = FittedToData.HeldOutNote(validation.Count, whole.Count);
        }
        else
        {
            _note = FittedToData.HeldOutNote(validation.Count, whole.Count);
        }
    }
}
