using Hita.Data;
using Hita.Runtime;
using Hita.Training.Optimization;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>The recipe of a run: written once, and compared when the run is resumed.</summary>
internal static class RunRecipe
{
    // What may change in the middle of a run: how long it is, what it does between steps, and where it computes.
    private static readonly string[] Free =
    [
        "schedule.steps", "schedule.epochs", "validation.every", "samples.", "checkpoints.", "export.", "health.", "compute.", "data.max_unreadable",
    ];

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

    /// <summary>The checkpoint that a run goes on from; null for a new one.</summary>
    /// <param name="run">The run.</param>
    /// <param name="stored">Its recipe as it was begun; null for a new run.</param>
    /// <param name="recipe">The recipe to go on with.</param>
    /// <param name="stage">The stage's name.</param>
    /// <param name="plan">What the run is about to do.</param>
    /// <param name="observer">Is told of damaged checkpoints.</param>
    /// <exception cref="HitaException">The recipe, the data or the stage is another one, or no checkpoint is whole.</exception>
    public static CheckpointState? Continue(
        RunFolder run, TrainingRecipe? stored, TrainingRecipe recipe, string stage, RunPlan plan, ITrainingObserver observer)
    {
        if (stored is null)
            return null;
        RequireSame(run, stored.Write(), recipe.Write());
        return Newest(run, stage, plan.Images, plan.Steps, observer);
    }

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

    /// <summary>Refuses to resume with a recipe that differs in anything that matters.</summary>
    /// <param name="run">The run.</param>
    /// <param name="storedText">Its recipe, read and written again, so that keys that are newer than the run have their defaults.</param>
    /// <param name="text">The recipe to resume with.</param>
    /// <exception cref="HitaException">Names the keys that differ.</exception>
    public static void RequireSame(RunFolder run, string storedText, string text)
    {
        var stored = RecipeText.Parse(storedText, run[RunFolder.RecipeName]).Flatten();
        var wanted = RecipeText.Parse(text, "the recipe").Flatten();
        var different = stored.Keys.Union(wanted.Keys).Order(StringComparer.Ordinal)
            .Where(k => !Array.Exists(Free, f => f[^1] == '.' ? k.StartsWith(f, StringComparison.Ordinal) : k == f))
            .Where(k => stored.GetValueOrDefault(k) != wanted.GetValueOrDefault(k))
            .Select(k => $"{k} ({stored.GetValueOrDefault(k) ?? "absent"} in the run, {wanted.GetValueOrDefault(k) ?? "absent"} now)")
            .ToList();
        if (different.Count > 0)
        {
            throw new HitaException(
                $"{run.Path}: the run cannot be resumed with another recipe; {string.Join(", ", different.Take(6))}{(different.Count > 6 ? $" and {different.Count - 6} more" : "")} " +
                $"{(different.Count == 1 ? "differs" : "differ")}: take the values of the run, or begin a new one.");
        }
    }

    // Null where there is none yet.
    private static CheckpointState? Newest(RunFolder run, string stage, long images, long steps, ITrainingObserver observer)
    {
        if (CheckpointRecovery.Newest(run, observer) is not { } state)
            return null;
        if (state.Stage != stage)
            throw new HitaException($"{run.Path}: this is the run of a {state.Stage}, not of a {stage}; use hita train {state.Stage}.");
        if (state.Images != images)
            throw new HitaException($"{run.Path}: the run learned from {state.Images} images ({state.Data}), and now there are {images}; give it the same data, or begin a new run from its model with --init-from {run[RunFolder.ModelName]}.");
        if (state.Step >= steps)
            throw new HitaException($"{run.Path}: the run has taken all its {state.Step} steps; raise schedule.steps or schedule.epochs to go on, or use {run[RunFolder.ModelName]}.");
        return state;
    }
}
