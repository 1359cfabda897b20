using Hita.Runtime;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>Where a run goes on: its recipe, data and stage are compared with what it was begun with.</summary>
internal static class RunResumption
{
    // What may change in the middle of a run: how long it is, what it does between steps, and where it computes.
    private static readonly string[] Free =
    [
        "schedule.steps", "schedule.epochs", "validation.every", "samples.", "checkpoints.", "export.", "health.", "compute.", "data.max_unreadable",
        "distributed.shard_optimizer", "distributed.compare_every",
    ];

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
        if (NewestCheckpoint.Find(run, observer) is not { } state)
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
