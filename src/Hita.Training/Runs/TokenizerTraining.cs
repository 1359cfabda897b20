using Hita.Data;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>Trains a tokenizer by a recipe, in a run's folder.</summary>
public static class TokenizerTraining
{
    /// <summary>The stage's name in checkpoints and commands.</summary>
    public const string Stage = "tokenizer";

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
        TokenizerRecipe recipe, string folder, RunStart start, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        recipe.Validate();
        observer ??= new SilentObserver();
        using var run = RunFolder.Open(folder, start);
        if (recipe.Compute.Threads > 0)
            Compute.UseThreads(recipe.Compute.Threads);
        var size = recipe.Data.ImageSize ?? recipe.Model.Architecture.ImageSize;
        ImageShape.Check(size, size, recipe.Model.Architecture);
        using var data = TrainingData.Open(recipe.Data, recipe.Validation, size);
        foreach (var note in data.Notes)
            observer.Noted(note);
        if (FittedToData.ScheduleNote(recipe.Schedule, data.Train.Count) is { } fitted)
            observer.Noted(fitted);
        recipe = recipe with { Schedule = FittedToData.Schedule(recipe.Schedule, data.Train.Count) };
        var loader = new BatchLoader(data.Train, LoaderSteps.Options(recipe.Data, recipe.Schedule, recipe.Compute, size, recipe.Seed));
        var stored = start == RunStart.Resume ? TokenizerRecipe.Load(run[RunFolder.RecipeName]) : null;
        recipe = Resolve(recipe, loader.BatchesPerEpoch, stored?.Training);
        var plan = RunRecipe.Plan(recipe, recipe.Samples.Every, loader.BatchesPerEpoch, loader.Source.Count, loader.Source.Description) with
        {
            UsageFrom = UsageFrom(recipe),
            UsageThreshold = recipe.Health.UsageThreshold,
        };
        var from = RunRecipe.Continue(run, stored, recipe, Stage, plan);
        using var stage = CreateStage(recipe);
        if (from is not null)
            run.Checkpoints.Load(from.Step, stage.State);
        RunRecipe.Save(run, recipe);
        using var feed = new ImageFeed(loader, (from?.Step ?? 0) + 1, recipe.Schedule.Accumulation);
        var task = new TokenizerTask(stage, data, recipe);
        new Trainer<TokenizerBatch>(run, stage, feed, task, plan, from, observer).Run(cancellation);
        RunRecipe.TellUnreadable(loader.Statistics, observer);
    }

    /// <summary>The recipe with what it says in epochs or leaves to the length of the run as numbers.</summary>
    internal static TokenizerRecipe Resolve(TokenizerRecipe recipe, long stepsPerEpoch, TokenizerStageOptions? stored)
    {
        var training = recipe.Training;
        return recipe with
        {
            Training = training with
            {
                Optimizer = RunRecipe.Resolve(training.Optimizer, recipe.Schedule, stepsPerEpoch, stored?.Optimizer),
                Discriminator = training.Discriminator is { } discriminator
                    ? discriminator with { Optimizer = RunRecipe.Resolve(discriminator.Optimizer, recipe.Schedule, stepsPerEpoch, stored?.Discriminator?.Optimizer, warmsUp: false) }
                    : null,
            },
        };
    }

    // With fewer codes than a few times the entries, a low usage says nothing.
    private static long UsageFrom(TokenizerRecipe recipe)
    {
        const long CodesPerEntry = 8;
        var config = recipe.Model.Architecture;
        var patches = config.GridSide * config.GridSide;
        var fewest = config.HolisticTokenCount > 0 ? Math.Min(config.HolisticTokenCount, patches) : patches;
        return Math.Max(200, CodesPerEntry * config.CodebookSize / ((long)fewest * recipe.Schedule.BatchSize));
    }

    private static TokenizerStage CreateStage(TokenizerRecipe recipe)
    {
        var device = recipe.Compute.Device;
        if (recipe.Model.InitFrom is not { } folder)
            return TokenizerStage.Create(recipe.Model.Architecture, recipe.Training, recipe.Seed, device);
        var stored = TokenizerFolder.ReadConfig(TokenizerFolder.Find(folder));
        if (!(stored with { Preset = null }).Equals(recipe.Model.Architecture with { Preset = null }))
            throw new HitaException($"model.init_from: the tokenizer in {folder} has another architecture than the recipe; leave model.preset and model.architecture out to take its own.");
        return TokenizerStage.Load(folder, recipe.Training, recipe.Seed, device);
    }
}
