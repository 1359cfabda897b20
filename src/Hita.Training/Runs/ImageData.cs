using Hita.Data;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>The images that a tokenizer learns from, and those held out.</summary>
internal sealed class ImageData : IRunData<TokenizerBatch>
{
    private readonly BatchLoader _loader;
    private readonly string? _scheduleNote;

    private readonly RankShare _share;

    private ImageData(TokenizerRecipe recipe, int size, RankShare share)
    {
        _share = share;
        Images = TrainingData.Open(recipe.Data, recipe.Validation, size);
        Schedule = share.Fit(FittedToData.Schedule(recipe.Schedule, Images.Train.Count));
        _scheduleNote = FittedToData.ScheduleNote(recipe.Schedule, Images.Train.Count);
        _loader = new BatchLoader(Images.Train, TrainingData.LoaderOptions(recipe, Schedule, size, share));
    }

    /// <summary>Both sets of images.</summary>
    public TrainingData Images { get; }

    /// <inheritdoc/>
    public string Description => _loader.Source.Description;

    /// <inheritdoc/>
    public int Count => _loader.Source.Count;

    /// <inheritdoc/>
    public ScheduleSection Schedule { get; }

    /// <inheritdoc/>
    public int StepsPerEpoch => _loader.BatchesPerEpoch;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => _scheduleNote is null ? Images.Notes : [.. Images.Notes, _scheduleNote];

    /// <inheritdoc/>
    public LoaderStatistics Statistics => _loader.Statistics;

    /// <summary>Opens the images of a recipe.</summary>
    /// <exception cref="HitaException">The source cannot be opened, has too few images, or the size does not suit the architecture.</exception>
    public static ImageData Open(TokenizerRecipe recipe, RankShare share)
    {
        var size = recipe.Data.ImageSize ?? recipe.Model.Architecture.ImageSize;
        ImageShape.Check(size, size, recipe.Model.Architecture);
        return new ImageData(recipe, size, share);
    }

    /// <inheritdoc/>
    public IBatchFeed<TokenizerBatch> Feed(long firstStep) => new ImageFeed(_loader, firstStep, _share.PartsOf(Schedule));

    /// <inheritdoc/>
    public void Dispose() => Images.Dispose();
}
