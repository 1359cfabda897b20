using Hita.Distributed;
using Hita.Runtime;
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
        TokenizerRecipe recipe, string folder, RunStart start, ITrainingObserver? observer = null, CancellationToken cancellation = default) =>
        Run(recipe, folder, start, observer, ProcessGroup.Alone(), cancellation);

    /// <summary>Begins or resumes a run together with other ranks, each of which calls this, and trains to its end.</summary>
    /// <param name="recipe">What to do; that of rank 0 counts.</param>
    /// <param name="folder">The run's folder, in which rank 0 alone writes.</param>
    /// <param name="start">Whether to begin or to resume, on as many ranks as before or on others.</param>
    /// <param name="observer">Is told on rank 0; may be null.</param>
    /// <param name="group">The ranks.</param>
    /// <param name="cancellation">Stops all ranks after the step at work; the state is saved first.</param>
    /// <exception cref="OperationCanceledException">A rank was told to stop; the run can be resumed.</exception>
    /// <exception cref="HitaException">The recipe, the data or the folder are at fault, a rank was lost, or the run cannot go on.</exception>
    public static void Run(
        TokenizerRecipe recipe, string folder, RunStart start, ITrainingObserver? observer, ProcessGroup group, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(group);
        using var run = new TokenizerRun();
        run.Run(recipe.Validate(), folder, start, observer, group, cancellation);
    }

    /// <summary>As <see cref="Run(TokenizerRecipe, string, RunStart, ITrainingObserver?, CancellationToken)"/>, on another thread.</summary>
    /// <inheritdoc cref="Run(TokenizerRecipe, string, RunStart, ITrainingObserver?, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="Run(TokenizerRecipe, string, RunStart, ITrainingObserver?, CancellationToken)" path="/exception"/>
    public static Task RunAsync(TokenizerRecipe recipe, string folder, RunStart start, ITrainingObserver? observer = null, CancellationToken cancellation = default) =>
        Background.Run(() => Run(recipe, folder, start, observer, cancellation), cancellation);

    /// <summary>The recipe with what it says in epochs or leaves to the length of the run as numbers.</summary>
    internal static TokenizerRecipe Resolve(TokenizerRecipe recipe, long stepsPerEpoch, TokenizerTrainingOptions? stored)
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
}
