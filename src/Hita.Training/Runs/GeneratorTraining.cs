using Hita.Distributed;
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
        GeneratorRecipe recipe, string folder, RunStart start, ITrainingObserver? observer = null, CancellationToken cancellation = default) =>
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
        GeneratorRecipe recipe, string folder, RunStart start, ITrainingObserver? observer, ProcessGroup group, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(group);
        using var run = new GeneratorRun();
        run.Run(recipe.Validate(), folder, start, observer, group, cancellation);
    }

    /// <summary>As <see cref="Run(GeneratorRecipe, string, RunStart, ITrainingObserver?, CancellationToken)"/>, on another thread.</summary>
    /// <inheritdoc cref="Run(GeneratorRecipe, string, RunStart, ITrainingObserver?, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="Run(GeneratorRecipe, string, RunStart, ITrainingObserver?, CancellationToken)" path="/exception"/>
    public static Task RunAsync(GeneratorRecipe recipe, string folder, RunStart start, ITrainingObserver? observer = null, CancellationToken cancellation = default) =>
        Background.Run(() => Run(recipe, folder, start, observer, cancellation), cancellation);

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
}
