using Hita.Data;
using Hita.Runtime;
using Hita.Training.Optimization;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>What a run makes of its recipe: steps, plan, optimisers, and its own copy.</summary>
internal static class RunRecipe
{
    /// <summary>Steps of a run.</summary>
    public static long Steps(ScheduleSection schedule, long stepsPerEpoch) =>
        schedule.Steps ?? Math.Max(1, (long)Math.Round(schedule.Epochs!.Value * stepsPerEpoch));

    /// <summary>What a training loop needs to know of a run, as far as all trainings have it.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="samplesEvery">Steps between two sheets of samples.</param>
    /// <param name="data">What it learns from.</param>
    public static RunPlan Plan<TBatch>(TrainingRecipe recipe, long samplesEvery, IRunData<TBatch> data) => new()
    {
        Steps = Steps(recipe.Schedule, data.StepsPerEpoch),
        StepsPerEpoch = data.StepsPerEpoch,
        ImagesPerStep = recipe.Schedule.BatchSize,
        Seed = recipe.Seed,
        Data = data.Description,
        Images = data.Count,
        SaveEvery = recipe.Checkpoints.Every,
        Keep = recipe.Checkpoints.Keep,
        ValidateEvery = recipe.Validation.Every,
        SampleEvery = samplesEvery,
        MaxSkipped = recipe.Health.MaxSkipped,
    };

    /// <summary>An optimiser's numbers with what the recipe says in epochs or leaves to the length of the run.</summary>
    /// <param name="optimizer">The recipe's numbers.</param>
    /// <param name="schedule">How long the run is.</param>
    /// <param name="stepsPerEpoch">Steps of a pass through the data.</param>
    /// <param name="stored">
    /// The numbers of the run that is resumed; null for a new one. A decay that ends with the run ends where the run was first to
    /// end, so that making it longer does not make another run of it.
    /// </param>
    /// <param name="warmsUp">Whether the schedule's warm-up counts for it.</param>
    /// <exception cref="ConfigException">The run ends before its warm-up does, and has a decay after it.</exception>
    public static OptimizerOptions Resolve(
        OptimizerOptions optimizer, ScheduleSection schedule, long stepsPerEpoch, OptimizerOptions? stored, bool warmsUp = true)
    {
        var warmup = warmsUp && schedule.WarmupEpochs is { } epochs ? (long)Math.Round(epochs * stepsPerEpoch) : optimizer.WarmupSteps;
        if (optimizer.Decay == RateDecay.Constant || optimizer.DecaySteps > 0)
            return optimizer with { WarmupSteps = warmup };
        var end = stored is { DecaySteps: > 0 and var before } && stored.Decay == optimizer.Decay ? before : Steps(schedule, stepsPerEpoch);
        return end > warmup
            ? optimizer with { WarmupSteps = warmup, DecaySteps = end }
            : throw new ConfigException("The recipe", [$"the run has {end} steps and the learning rate rises over {warmup}, so that none is left for its decay; {(warmsUp && schedule.WarmupEpochs is not null ? "lower schedule.warmup_epochs" : warmsUp ? $"lower training.optimizer.warmup_steps, for example to {end / 10}" : "lower the optimizer's warmup_steps")}, or raise schedule.{(schedule.Steps is null ? "epochs" : "steps")}"]);
    }

    /// <summary>Writes a run's recipe; the folder is a run from then on.</summary>
    /// <exception cref="HitaException">It cannot be written.</exception>
    public static void Save(RunFolder run, TrainingRecipe recipe)
    {
        var text = recipe.Write("The recipe of this run, with every default written out.");
        AtomicFile.WriteText(run[RunFolder.RecipeName], text);
        DurableFolder.Flush(run.Path);
    }

    /// <summary>Says at the end of a run how many images could not be read.</summary>
    public static void TellUnreadable(LoaderStatistics? statistics, ITrainingObserver observer)
    {
        // The same image counts anew in each pass.
        if (statistics is { Unreadable: > 0 and var count })
            observer.Noted($"Images that cannot be read were replaced by others, {count} in all; the first: {statistics.FirstUnreadable[0]}");
    }
}
