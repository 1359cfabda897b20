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
    /// <param name="recipe">What to do, checked already.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="start">Whether to begin or to resume.</param>
    /// <param name="observer">Is told; may be null.</param>
    /// <param name="cancellation">Stops after the step at work; the state is saved first.</param>
    /// <exception cref="OperationCanceledException">It was stopped; the run can be resumed.</exception>
    /// <exception cref="HitaException">The recipe, the data or the folder are at fault, or the run cannot go on.</exception>
    public void Run(TRecipe recipe, string folder, RunStart start, ITrainingObserver? observer, CancellationToken cancellation)
    {
        observer ??= new SilentObserver();
        using var run = RunFolder.Open(folder, start);
        if (recipe.Compute.Threads > 0)
            Compute.UseThreads(recipe.Compute.Threads);
        var data = Open(recipe);
        foreach (var note in data.Notes)
            observer.Noted(note);
        recipe = WithSchedule(recipe, data.Schedule);
        RequireFit(recipe);
        var stored = start == RunStart.Resume ? Load(run[RunFolder.RecipeName]) : null;
        recipe = Resolve(recipe, data.StepsPerEpoch, stored);
        var plan = Plan(recipe);
        var from = RunResumption.Continue(run, stored, recipe, Stage, plan, observer);
        using var trainer = Create(recipe, observer, out var task);
        if (from is not null)
            run.Checkpoints.Load(from.Step, trainer.State);
        RunRecipe.Save(run, recipe);
        using var feed = data.Feed((from?.Step ?? 0) + 1);
        new TrainingLoop<TBatch>(run, trainer, feed, task, plan, from, observer).Run(cancellation);
        RunRecipe.TellUnreadable(data.Statistics, observer);
    }

    /// <summary>Frees the data and what goes with them.</summary>
    public abstract void Dispose();

    /// <summary>Reads the recipe that a run was begun with.</summary>
    protected abstract TRecipe Load(string path);

    /// <summary>Opens the data, which stay open until this is freed.</summary>
    protected abstract IRunData<TBatch> Open(TRecipe recipe);

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
    protected abstract ITrainer<TBatch> Create(TRecipe recipe, ITrainingObserver observer, out IRunTask task);
}
