using Hita.Generation;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Training.Recipes;
using Hita.Training.TokenCaches;

namespace Hita.Training.Runs;

/// <summary>What is a generator's own in a run.</summary>
internal sealed class GeneratorRun : TrainingRun<GeneratorRecipe, GeneratorBatch>
{
    private ImageTokenizer? _tokenizer;
    private CodeData? _data;

    /// <inheritdoc/>
    protected override string Stage => GeneratorTraining.Stage;

    private ImageTokenizer Tokenizer => _tokenizer ?? throw new InvalidOperationException("The tokenizer is not open yet.");

    private CodeData Data => _data ?? throw new InvalidOperationException("The data are not open yet.");

    /// <inheritdoc/>
    public override void Dispose()
    {
        _data?.Dispose();
        _tokenizer?.Dispose();
    }

    /// <inheritdoc/>
    protected override GeneratorRecipe Load(string path) => GeneratorRecipe.Load(path);

    /// <inheritdoc/>
    protected override GeneratorRecipe Parse(string text, string source) => GeneratorRecipe.Parse(text, source);

    /// <inheritdoc/>
    protected override IRunData<GeneratorBatch> Open(GeneratorRecipe recipe, RankShare share)
    {
        _tokenizer = ImageTokenizer.Load(
            TokenizerReference.Find(recipe.Tokenizer),
            new TokenizerOptions { Device = recipe.Compute.Device, DecoderOnly = TokenCache.IsCache(recipe.Data.Source) });
        return _data = CodeData.Open(recipe, _tokenizer, share);
    }

    /// <inheritdoc/>
    protected override void RequireFit(GeneratorRecipe recipe)
    {
        var (tokenizer, data) = (Tokenizer.Config, Data);
        var config = recipe.Model.Architecture;
        var faults = new FaultCollector();
        void Same(int has, int needs, string key, string whose) => faults.Require(has == needs, $"model.architecture.{key} is {has}, and {whose} has {needs}");

        Same(config.CodebookSize, tokenizer.CodebookSize, "codebook_size", "the tokenizer");
        Same(config.HolisticTokenCount, tokenizer.HolisticTokenCount, "holistic_token_count", "the tokenizer");
        Same(config.GridHeight, data.Grid.Height, "grid_height", "the grid of the images");
        Same(config.GridWidth, data.Grid.Width, "grid_width", "the grid of the images");
        faults.Require(config.ClassCount >= data.ClassNames.Count, $"model.architecture.class_count is {config.ClassCount}, and the data have {data.ClassNames.Count} classes");
        // Known only at the first validation otherwise, after many steps.
        faults.Require(
            config.ClassCount >= data.HeldOutClassNames.Count || data.HeldOutClassNames.Count <= data.ClassNames.Count,
            $"validation.source has {data.HeldOutClassNames.Count} classes, and model.architecture.class_count is {config.ClassCount}");
        faults.Require(data.StepsPerEpoch >= 1, $"schedule.batch_size is {recipe.Schedule.BatchSize}, and there are {data.Count} images to learn from");
        faults.Throw("The recipe does not fit its tokenizer and data");
    }

    /// <inheritdoc/>
    protected override GeneratorRecipe WithSchedule(GeneratorRecipe recipe, ScheduleSection schedule) => recipe with { Schedule = schedule };

    /// <inheritdoc/>
    protected override GeneratorRecipe Resolve(GeneratorRecipe recipe, long stepsPerEpoch, GeneratorRecipe? stored) => recipe with
    {
        Training = recipe.Training with { Optimizer = RunRecipe.Resolve(recipe.Training.Optimizer, recipe.Schedule, stepsPerEpoch, stored?.Training.Optimizer) },
    };

    /// <inheritdoc/>
    protected override RunPlan Plan(GeneratorRecipe recipe) => RunRecipe.Plan(recipe, recipe.Samples.Every, Data) with
    {
        TokensPerImage = recipe.Model.Architecture.SequenceLength,
    };

    /// <inheritdoc/>
    protected override Trainer<GeneratorBatch> Create(GeneratorRecipe recipe, ITrainingObserver observer, out IRunTask task)
    {
        var trainer = CreateTrainer(recipe, observer);
        task = new GeneratorTask(trainer, Data, Tokenizer, recipe);
        return trainer;
    }

    private static GeneratorTrainer CreateTrainer(GeneratorRecipe recipe, ITrainingObserver observer)
    {
        var (config, device) = (recipe.Model.Architecture, recipe.Compute.Device);
        if (recipe.Model.InitFrom is not { } folder)
            return GeneratorTrainer.Create(config, recipe.Training, recipe.Seed, device);
        var stored = GeneratorFolder.ReadConfig(GeneratorFolder.Find(folder));
        if (stored with { Preset = null, ClassCount = config.ClassCount } != config with { Preset = null })
            throw new HitaException($"model.init_from: the generator in {folder} has another architecture than the recipe, or other codes than its tokenizer; leave model.preset and model.architecture out to take its own.");
        if (stored.ClassCount != config.ClassCount)
            observer.Noted($"The class table is begun anew for {config.ClassCount} classes instead of {stored.ClassCount}; the row for no class is kept.");
        return GeneratorTrainer.Load(folder, recipe.Training, recipe.Seed, device, config.ClassCount);
    }
}
