using Hita.Distributed;
using Hita.Runtime;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>The way of every training from its recipe to its end; what differs are the data, the trainer and a few numbers.</summary>
/// <typeparam name="TRecipe">What it is told.</typeparam>
/// <typeparam name="TBatch">What a step learns from.</typeparam>
internal abstract class TrainingRun<TRecipe, TBatch> : IDisposable
    where TRecipe : TrainingRecipe
{
    /// <summary>The stage's name in checkpoints and commands.</summary>
    protected abstract string Stage { get; }

    /// <summary>Begins or resumes a run, and trains to its end.</summary>
    /// <param name="recipe">What to do, checked already. With several ranks that of rank 0 counts.</param>
    /// <param name="folder">The run's folder, in which rank 0 alone writes.</param>
    /// <param name="start">Whether to begin or to resume.</param>
    /// <param name="observer">Is told; may be null.</param>
    /// <param name="group">The ranks that train together.</param>
    /// <param name="cancellation">Stops after the step at work; the state is saved first.</param>
    /// <exception cref="OperationCanceledException">It was stopped; the run can be resumed.</exception>
    /// <exception cref="HitaException">The recipe, the data or the folder are at fault, or the run cannot go on.</exception>
    public void Run(TRecipe recipe, string folder, RunStart start, ITrainingObserver? observer, ProcessGroup group, CancellationToken cancellation)
    {
        observer = group.IsFirst && observer is not null ? observer : new SilentObserver();
        using var run = group.IsFirst ? RunFolder.Open(folder, start) : null;
        var ranks = new RankedRun<TRecipe>(group, Parse);
        recipe = ranks.Agree(recipe)!;
        if (recipe.Compute.Threads > 0)
            Compute.UseThreads(recipe.Compute.Threads);
        var stored = ranks.Agree(start == RunStart.Resume && run is not null ? Load(run[RunFolder.RecipeName]) : null);
        var asked = RankShare.Of(group).Continue(recipe.Schedule, stored?.Schedule);
        var compute = recipe.Compute;
        recipe = ranks.OnOwnDevice(WithSchedule(recipe, asked));
        var data = Open(recipe, RankShare.Of(group));
        recipe = WithSchedule(recipe, data.Schedule);
        foreach (var note in Notes(recipe, data, group, asked))
            observer.Noted(note);
        // Parts that another number of ranks needs are no change of the recipe.
        if (stored is not null && group.Size > 1)
            stored = WithSchedule(stored, stored.Schedule with { Accumulation = recipe.Schedule.Accumulation });
        RequireFit(recipe);
        recipe = Resolve(recipe, data.StepsPerEpoch, stored);
        var plan = Plan(recipe);
        var from = ranks.Agree(run is null ? null : RunResumption.Continue(run, stored, recipe, Stage, plan, observer));
        using var trainer = Create(recipe, observer, out var task);
        trainer.Join(group, recipe.Distributed);
        var pace = new RankPace(group, trainer.Shards);
        if (from is not null)
        {
            run?.Checkpoints.Load(from.Step, trainer.Files);
            pace.Part();
        }
        trainer.Spread(starts: from is null);
        using var feed = data.Feed((from?.Step ?? 0) + 1);
        if (run is null)
        {
            new FollowingLoop<TBatch>(trainer, feed, plan, from, pace).Run(cancellation);
            return;
        }
        RunRecipe.Save(run, recipe with { Compute = compute });
        new TrainingLoop<TBatch>(run, trainer, feed, task, plan, from, observer, clock: null, group).Run(cancellation);
        RunRecipe.TellUnreadable(data.Statistics, observer);
    }

    /// <summary>Frees the data and what goes with them.</summary>
    public abstract void Dispose();

    /// <summary>Reads the recipe that a run was begun with.</summary>
    protected abstract TRecipe Load(string path);

    /// <summary>Reads a recipe's text.</summary>
    protected abstract TRecipe Parse(string text, string source);

    /// <summary>Opens the data, which stay open until this is freed.</summary>
    /// <param name="recipe">Says which.</param>
    /// <param name="share">Which part of each step's images this process learns from.</param>
    protected abstract IRunData<TBatch> Open(TRecipe recipe, RankShare share);

    /// <summary>The recipe with another schedule.</summary>
    protected abstract TRecipe WithSchedule(TRecipe recipe, ScheduleSection schedule);

    /// <summary>Refuses a recipe that does not suit the data.</summary>
    protected virtual void RequireFit(TRecipe recipe)
    {
    }

    /// <summary>The recipe with what it says in epochs or leaves to the length of the run as numbers.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="stepsPerEpoch">Steps of a pass through the data.</param>
    /// <param name="stored">That of the run that is resumed; null for a new one.</param>
    protected abstract TRecipe Resolve(TRecipe recipe, long stepsPerEpoch, TRecipe? stored);

    /// <summary>How long the run is and what it does when.</summary>
    protected abstract RunPlan Plan(TRecipe recipe);

    /// <summary>The trainer at its start, and what the run does with it between steps.</summary>
    protected abstract Trainer<TBatch> Create(TRecipe recipe, ITrainingObserver observer, out IRunTask task);

    private static IEnumerable<string> Notes(TRecipe recipe, IRunData<TBatch> data, ProcessGroup group, ScheduleSection asked)
    {
        var parts = RankShare.Note(asked, recipe.Schedule);
        return [.. recipe.Notes, .. data.Notes, .. group.Notes, .. group.Size > 1 && parts is not null ? [parts] : Array.Empty<string>()];
    }
}
