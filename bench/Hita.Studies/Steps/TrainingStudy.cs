using Hita.Runtime;
using Hita.Runtime.Diagnostics;
using Hita.Training.Recipes;
using Hita.Training.Runs;
using Hita.Training.TokenCaches;

namespace Hita.Studies.Steps;

/// <summary>Which stages a study looks at.</summary>
internal enum StudiedStages
{
    /// <summary>Both.</summary>
    Both,

    /// <summary>The tokenizer's.</summary>
    Tokenizer,

    /// <summary>The generator's.</summary>
    Generator,
}

/// <summary>Speed and memory of training steps.</summary>
internal sealed class TrainingStudy
{
    /// <summary>The file of the tokenizer's recipe.</summary>
    public required string TokenizerRecipeFile { get; init; }

    /// <summary>Changes to it.</summary>
    public IReadOnlyList<string> TokenizerSets { get; init; } = [];

    /// <summary>The file of the generator's recipe.</summary>
    public required string GeneratorRecipeFile { get; init; }

    /// <summary>Changes to it.</summary>
    public IReadOnlyList<string> GeneratorSets { get; init; } = [];

    /// <summary>The folder for runs and results.</summary>
    public required string Output { get; init; }

    /// <summary>Which stages.</summary>
    public StudiedStages Stages { get; init; }

    /// <summary>How steps are measured; no rounds measure no speed.</summary>
    public StepStudy Steps { get; init; } = new();

    /// <summary>Steps of the runs whose memory is watched; 0 for none.</summary>
    public int MemorySteps { get; init; } = 2000;

    /// <summary>Steps between two looks at the memory.</summary>
    public int MemoryEvery { get; init; } = 20;

    /// <summary>Threads of one tensor operation; null for one a processor.</summary>
    public int? Threads { get; init; }

    /// <summary>Measures.</summary>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="HitaException">A recipe is at fault, or the folder holds a run.</exception>
    public StepReport Run(Action<string> say, CancellationToken cancellation)
    {
        var notes = new List<string>();
        var memory = new List<StepMemory>();
        var speed = new List<StepSpeed>();
        Compute.UseThreads(Threads);
        // With the numbers that the recipe's own length gives, however few steps are taken here.
        var tokenizer = ResolvedRecipes.Of(TokenizerRecipe.Load(TokenizerRecipeFile, TokenizerSets));
        // Memory first: what speed leaves behind would count in its metrics.
        if (Stages != StudiedStages.Generator)
        {
            if (MemorySteps > 0)
                memory.Add(TokenizerMemory(tokenizer, say, cancellation));
            if (Stages == StudiedStages.Tokenizer && Steps.Rounds > 0)
                speed.Add(TokenizerSpeed(tokenizer, say, cancellation));
        }
        if (Stages != StudiedStages.Tokenizer)
        {
            var generator = Generator(tokenizer, notes);
            if (MemorySteps > 0)
                memory.Add(GeneratorMemory(generator, say, cancellation));
            if (Steps.Rounds > 0)
            {
                if (Stages == StudiedStages.Both)
                    speed.Add(TokenizerSpeed(tokenizer, say, cancellation));
                speed.Add(GeneratorSpeed(generator, say, cancellation));
            }
        }
        return new StepReport(ProcessorInfo.Read().Model, TorchSharp.torch.get_num_threads(), Steps.Rounds, Steps.TurnSteps, notes, speed, memory);
    }

    private StepSpeed TokenizerSpeed(TokenizerRecipe recipe, Action<string> say, CancellationToken cancellation)
    {
        var forms = TrainerForms.Tokenizers(recipe, StepForms.All);
        return Measured("tokenizer", recipe.Schedule.BatchSize, forms, say, cancellation);
    }

    private StepSpeed GeneratorSpeed(GeneratorRecipe recipe, Action<string> say, CancellationToken cancellation)
    {
        IReadOnlyList<StepForms> wanted = TokenCache.IsCache(recipe.Data.Source) ? StepForms.OfCache : [.. StepForms.All, StepForms.Cached];
        return Measured("generator", recipe.Schedule.BatchSize, TrainerForms.Generators(recipe, wanted), say, cancellation);
    }

    private StepSpeed Measured(string stage, int images, IReadOnlyList<MeasuredTrainer> forms, Action<string> say, CancellationToken cancellation)
    {
        try
        {
            return Steps.Run(stage, images, forms, say, cancellation);
        }
        finally
        {
            foreach (var form in forms)
                form.Dispose();
        }
    }

    private StepMemory TokenizerMemory(TokenizerRecipe recipe, Action<string> say, CancellationToken cancellation)
    {
        var watch = new MemoryWatch("tokenizer", MemoryEvery, say);
        var (schedule, validation, checkpoints) = Cadence(recipe.Schedule, recipe.Validation, recipe.Checkpoints);
        TokenizerTraining.Run(
            recipe with { Schedule = schedule, Validation = validation, Checkpoints = checkpoints, Samples = recipe.Samples with { Every = validation.Every } },
            NewRun("memory-tokenizer"), RunStart.New, watch, cancellation);
        return watch.Result(Described(TokenizerRecipeFile, TokenizerSets));
    }

    private StepMemory GeneratorMemory(GeneratorRecipe recipe, Action<string> say, CancellationToken cancellation)
    {
        var watch = new MemoryWatch("generator", MemoryEvery, say);
        var (schedule, validation, checkpoints) = Cadence(recipe.Schedule, recipe.Validation, recipe.Checkpoints);
        GeneratorTraining.Run(
            recipe with { Schedule = schedule, Validation = validation, Checkpoints = checkpoints, Samples = recipe.Samples with { Every = validation.Every } },
            NewRun("memory-generator"), RunStart.New, watch, cancellation);
        return watch.Result(Described(GeneratorRecipeFile, GeneratorSets));
    }

    // Everything that a run does between steps comes twice in the part that is not looked at, and eight times after it.
    private (ScheduleSection Schedule, ValidationSection Validation, CheckpointSection Checkpoints) Cadence(
        ScheduleSection schedule, ValidationSection validation, CheckpointSection checkpoints)
    {
        var every = Math.Max(1, MemorySteps / 10);
        return (schedule with { Steps = MemorySteps, Epochs = null }, validation with { Every = every }, checkpoints with { Every = every });
    }

    private string NewRun(string name)
    {
        var folder = Path.Combine(Output, name);
        return RunFolder.IsRun(folder)
            ? throw new HitaException($"{folder}: there is a run of an earlier study here; name another folder with -o, or delete it.")
            : folder;
    }

    // The recipe's own tokenizer and codes where they are there; else a tokenizer with fresh weights, whose codes cost as much.
    private GeneratorRecipe Generator(TokenizerRecipe tokenizer, List<string> notes)
    {
        var sets = GeneratorSets.ToList();
        bool IsSet(string key) => sets.Any(s => s.StartsWith(key + "=", StringComparison.Ordinal));
        while (true)
        {
            try
            {
                return ResolvedRecipes.Of(GeneratorTraining.LoadRecipe(GeneratorRecipeFile, sets));
            }
            catch (CheckpointException) when (!IsSet("tokenizer"))
            {
                var folder = Path.Combine(Output, "fresh-tokenizer");
                using (var stage = Training.TokenizerTrainer.Create(tokenizer.Model.Architecture, tokenizer.Training with { Perceptual = null, Discriminator = null }, tokenizer.Seed))
                    stage.Export(folder);
                notes.Add("The generator's recipe names a tokenizer that is not there; one with fresh weights made the codes, which costs as much.");
                sets.Add($"tokenizer={folder}");
            }
            catch (DataException) when (!IsSet("data.source"))
            {
                notes.Add("The generator's recipe names codes that are not there; they were made of the built-in set in each step.");
                sets.Add("data.source=materials");
            }
        }
    }

    private static string Described(string file, IReadOnlyList<string> sets) => sets.Count == 0 ? file : $"{file} with {string.Join(", ", sets)}";
}
