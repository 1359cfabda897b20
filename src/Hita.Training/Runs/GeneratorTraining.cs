using Hita.Data;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using Hita.Training.Recipes;
using Hita.Training.TokenCaches;

namespace Hita.Training.Runs;

/// <summary>Trains a generator by a recipe, in a run's folder.</summary>
public static class GeneratorTraining
{
    /// <summary>The stage's name in checkpoints and commands.</summary>
    public const string Stage = "generator";

    /// <summary>Reads a recipe, and takes from its tokenizer and its data what the architecture leaves open.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="sets">Changes of the form <c>a.b=c</c>, the last one counting.</param>
    /// <exception cref="HitaException">The recipe, the tokenizer or the data are at fault.</exception>
    public static GeneratorRecipe LoadRecipe(string path, IEnumerable<string>? sets = null) => GeneratorRecipe.Load(path, sets, Derive);

    /// <summary>Begins or resumes a run, and trains to its end.</summary>
    /// <remarks>
    /// Dropout samples from the tensor library's one generator: a resumed run equals an uninterrupted one to the bit where nothing
    /// else in the process samples from it meanwhile.
    /// </remarks>
    /// <param name="recipe">What to do; resuming takes a recipe that equals the run's in all but length, cadence and place.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="start">Whether to begin or to resume.</param>
    /// <param name="observer">Is told; may be null.</param>
    /// <param name="cancellation">Stops after the step at work; the state is saved first.</param>
    /// <exception cref="OperationCanceledException">It was stopped; the run can be resumed.</exception>
    /// <exception cref="HitaException">The recipe, the data or the folder are at fault, or the run cannot go on.</exception>
    public static void Run(
        GeneratorRecipe recipe, string folder, RunStart start, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        recipe.Validate();
        observer ??= new SilentObserver();
        using var run = RunFolder.Open(folder, start);
        if (recipe.Compute.Threads > 0)
            Compute.UseThreads(recipe.Compute.Threads);
        var isCached = TokenCache.IsCache(recipe.Data.Source);
        using var tokenizer = ImageTokenizer.Load(
            TokenizerReference.Find(recipe.Tokenizer), new TokenizerOptions { Device = recipe.Compute.Device, DecoderOnly = isCached });
        using var data = CodeData.Open(recipe, tokenizer);
        foreach (var note in data.Notes)
            observer.Noted(note);
        recipe = recipe with { Schedule = data.Schedule };
        RequireFit(recipe, tokenizer.Config, data);
        var stored = start == RunStart.Resume ? GeneratorRecipe.Load(run[RunFolder.RecipeName]) : null;
        recipe = recipe with
        {
            Training = recipe.Training with { Optimizer = RunRecipe.Resolve(recipe.Training.Optimizer, recipe.Schedule, data.StepsPerEpoch, stored?.Training.Optimizer) },
        };
        var plan = RunRecipe.Plan(recipe, recipe.Samples.Every, data.StepsPerEpoch, data.Count, data.Description) with
        {
            TokensPerImage = recipe.Model.Architecture.SequenceLength,
        };
        var from = RunRecipe.Continue(run, stored, recipe, Stage, plan);
        using var stage = CreateStage(recipe, observer);
        if (from is not null)
            run.Checkpoints.Load(from.Step, stage.State);
        RunRecipe.Save(run, recipe);
        using var feed = data.Feed((from?.Step ?? 0) + 1);
        var task = new GeneratorTask(stage, data, tokenizer, recipe);
        new Trainer<GeneratorBatch>(run, stage, feed, task, plan, from, observer).Run(cancellation);
        RunRecipe.TellUnreadable(data.Statistics, observer);
    }

    private static Dictionary<string, int> Derive(string tokenizer, DataSection data)
    {
        var config = TokenizerFolder.ReadConfig(TokenizerReference.Find(tokenizer));
        var (height, width, classes) = Shape(data, config);
        return new Dictionary<string, int>
        {
            ["codebook_size"] = config.CodebookSize,
            ["holistic_token_count"] = config.HolisticTokenCount,
            ["grid_height"] = height,
            ["grid_width"] = width,
            // Without classes everything is of one.
            ["class_count"] = Math.Max(1, classes),
        };
    }

    private static (int GridHeight, int GridWidth, int Classes) Shape(DataSection data, TokenizerConfig tokenizer)
    {
        if (TokenCache.IsCache(data.Source))
        {
            using var cache = TokenCache.Open(data.Source);
            return (cache.Info.GridHeight, cache.Info.GridWidth, cache.Info.ClassNames.Count);
        }
        var size = data.ImageSize ?? tokenizer.ImageSize;
        using var source = data.Open(size);
        return (size / tokenizer.PatchSize, size / tokenizer.PatchSize, source.ClassNames.Count);
    }

    private static void RequireFit(GeneratorRecipe recipe, TokenizerConfig tokenizer, CodeData data)
    {
        var config = recipe.Model.Architecture;
        var faults = new FaultCollector();
        void Same(int has, int needs, string key, string whose)
        {
            faults.Require(has == needs, $"model.architecture.{key} is {has}, and {whose} has {needs}");
        }

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

    private static GeneratorStage CreateStage(GeneratorRecipe recipe, ITrainingObserver observer)
    {
        var (config, device) = (recipe.Model.Architecture, recipe.Compute.Device);
        if (recipe.Model.InitFrom is not { } folder)
            return GeneratorStage.Create(config, recipe.Training, recipe.Seed, device);
        var stored = GeneratorFolder.ReadConfig(GeneratorFolder.Find(folder));
        if (stored with { Preset = null, ClassCount = config.ClassCount } != config with { Preset = null })
            throw new HitaException($"model.init_from: the generator in {folder} has another architecture than the recipe, or other codes than its tokenizer; leave model.preset and model.architecture out to take its own.");
        if (stored.ClassCount != config.ClassCount)
            observer.Noted($"The class table is begun anew for {config.ClassCount} classes instead of {stored.ClassCount}; the row for no class is kept.");
        return GeneratorStage.Load(folder, recipe.Training, recipe.Seed, device, config.ClassCount);
    }
}
