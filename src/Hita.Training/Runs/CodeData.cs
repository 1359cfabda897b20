using Hita.Data;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Training.Recipes;
using Hita.Training.TokenCaches;

namespace Hita.Training.Runs;

/// <summary>The codes that a generator learns from, out of a cache or out of images, and those held out.</summary>
internal sealed class CodeData : IRunData<GeneratorBatch>
{
    private const int MeasuredBatch = 32;

    private readonly GeneratorRecipe _recipe;
    private readonly ImageTokenizer _tokenizer;
    private readonly RankShare _share;
    private readonly TokenCache? _cache;
    private readonly TokenCache? _heldOutCache;
    private readonly int[] _train = [];
    private readonly int[] _heldOut = [];
    private readonly TrainingData? _images;
    private readonly BatchLoader? _loader;
    private readonly int _grid;
    private readonly string? _heldOutNote;
    private List<GeneratorBatch>? _measured;

    private CodeData(GeneratorRecipe recipe, ImageTokenizer tokenizer, RankShare share)
    {
        (_recipe, _tokenizer, _share) = (recipe, tokenizer, share);
        if (TokenCache.IsCache(recipe.Data.Source))
        {
            _cache = OpenCache(recipe.Data.Source);
            var asked = recipe.Validation.Source is null ? recipe.Validation.Count : 0;
            (_train, _heldOut) = Split(_cache.Count, FittedToData.HeldOut(asked, _cache.Count));
            _heldOutNote = FittedToData.HeldOutNote(asked, _cache.Count);
            if (recipe.Data.ClassBalance > 0)
                _train = [.. ClassBalance.Repeat(_train.Length, i => _cache.ClassAt(_train[i]), recipe.Data.ClassBalance).Select(i => _train[i])];
            Schedule = share.Fit(FittedToData.Schedule(recipe.Schedule, Count));
            if (recipe.Validation is { Source: { } path, Count: > 0 and var count })
            {
                _heldOutCache = OpenCache(path);
                _heldOut = [.. Enumerable.Range(0, Math.Min(count, _heldOutCache.Count))];
            }
            return;
        }
        var size = recipe.Data.ImageSize ?? tokenizer.Config.ImageSize;
        ImageShape.Check(size, size, tokenizer.Config);
        _grid = size / tokenizer.Config.PatchSize;
        _images = TrainingData.Open(recipe.Data, recipe.Validation, size);
        Schedule = share.Fit(FittedToData.Schedule(recipe.Schedule, Count));
        _loader = new BatchLoader(_images.Train, TrainingData.LoaderOptions(recipe, Schedule, size, share));
    }

    /// <inheritdoc/>
    public string Description => _cache is not null ? $"token cache {_cache.Path} of {_cache.Info.Source}" : _images!.Train.Description;

    /// <summary>Rows and columns of the patch grid.</summary>
    public (int Height, int Width) Grid => _cache is not null ? (_cache.Info.GridHeight, _cache.Info.GridWidth) : (_grid, _grid);

    /// <inheritdoc/>
    public ScheduleSection Schedule { get; }

    /// <inheritdoc/>
    public int Count => _cache is not null ? _train.Length : _images!.Train.Count;

    /// <summary>The classes' names; empty for data without classes.</summary>
    public IReadOnlyList<string> ClassNames => _cache?.Info.ClassNames ?? _images!.Train.ClassNames;

    /// <summary>The names of the classes of what is held out, where that has a source of its own; else those of the data.</summary>
    public IReadOnlyList<string> HeldOutClassNames => _heldOutCache?.Info.ClassNames ?? _images?.HeldOut?.ClassNames ?? ClassNames;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes
    {
        get
        {
            List<string> notes = [.. _images?.Notes ?? []];
            notes.AddRange(((IEnumerable<string?>)[_heldOutNote, FittedToData.ScheduleNote(_recipe.Schedule, Count)]).OfType<string>());
            return HeldOutClassNames.SequenceEqual(ClassNames)
                ? notes
                : [.. notes, "The classes of validation.source are not named as those of data.source; they are taken for the same ones by their numbers."];
        }
    }

    /// <summary>Whether anything is held out.</summary>
    public bool HasHeldOut => _heldOut.Length > 0 || _images?.HeldOut is not null;

    /// <inheritdoc/>
    public int StepsPerEpoch => _cache is not null ? _train.Length / Schedule.BatchSize : _loader!.BatchesPerEpoch;

    /// <inheritdoc/>
    public LoaderStatistics? Statistics => _loader?.Statistics;

    /// <summary>Opens it.</summary>
    /// <param name="recipe">What to learn from.</param>
    /// <param name="tokenizer">Makes the codes, or made them.</param>
    /// <param name="share">Which part of each step's images; null for all of it.</param>
    /// <exception cref="HitaException">The source cannot be opened, or its codes come from another tokenizer.</exception>
    public static CodeData Open(GeneratorRecipe recipe, ImageTokenizer tokenizer, RankShare? share = null) => new(recipe, tokenizer, share ?? RankShare.Whole);

    /// <inheritdoc/>
    public IBatchFeed<GeneratorBatch> Feed(long firstStep) => _cache is not null
        ? new CacheFeed(_cache, _train, firstStep, Schedule, _recipe.Seed, _share)
        : new EncodingFeed(_loader!, _tokenizer, _recipe.Compute.Device, firstStep, _share.PartsOf(Schedule));

    /// <summary>The codes held out, the same each time; images are encoded once, uncropped and unmirrored.</summary>
    public IReadOnlyList<GeneratorBatch> HeldOut(CancellationToken cancellation) => _measured ??= [.. ReadHeldOut(cancellation)];

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache?.Dispose();
        _heldOutCache?.Dispose();
        _images?.Dispose();
    }

    /// <summary>Every n-th image is held out, the others are learned from.</summary>
    internal static (int[] Train, int[] HeldOut) Split(int count, int heldOut)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(heldOut, count / 2);
        var held = new int[heldOut];
        for (var i = 0; i < heldOut; i++)
            held[i] = (int)(((2L * i) + 1) * count / (2L * heldOut));
        var isHeld = held.ToHashSet();
        return ([.. Enumerable.Range(0, count).Where(i => !isHeld.Contains(i))], held);
    }

    private IEnumerable<GeneratorBatch> ReadHeldOut(CancellationToken cancellation)
    {
        if (_cache is not null)
        {
            foreach (var chunk in _heldOut.Chunk(MeasuredBatch))
                yield return CacheFeed.Read(_heldOutCache ?? _cache, [.. chunk.Select(static p => (p, 0))]);
            yield break;
        }
        var loader = new BatchLoader(_images!.HeldOut!, (_loader!.Options with { BatchSize = MeasuredBatch, Workers = 1, ShardIndex = 0, ShardCount = 1 }).ForMeasuring);
        foreach (var batch in loader.Epoch(0, cancellation))
        {
            using (batch)
                yield return CodeEncoding.Encode(_tokenizer, batch, _recipe.Compute.Device);
        }
    }

    private TokenCache OpenCache(string path)
    {
        var cache = TokenCache.Open(path);
        if (cache.Info.ModelHash == _tokenizer.ModelHash)
            return cache;
        cache.Dispose();
        throw new CheckpointException(path, $"these codes were made by another tokenizer than {_recipe.Tokenizer}; make them again with 'hita tokenize', or name the tokenizer that made them.");
    }
}
