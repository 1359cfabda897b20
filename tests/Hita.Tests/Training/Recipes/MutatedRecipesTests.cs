using Hita.Data;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Training;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Tests.Training.Recipes;

/// <summary>Damaged recipes are refused in a sentence, or are as good as whole ones: nothing else is thrown.</summary>
[Collection(Alone.Name)]
[Trait("Category", "Slow")]
public sealed class MutatedRecipesTests(ITestOutputHelper output)
{
    private const int Mutants = 5000;

    private static readonly Dictionary<string, int> Derived = new()
    {
        ["codebook_size"] = 1024,
        ["holistic_token_count"] = 32,
        ["grid_height"] = 8,
        ["grid_width"] = 8,
        ["class_count"] = 36,
    };

    [Fact]
    public void Mutated_recipes_are_read_or_refused()
    {
        var files = Directory.EnumerateFiles(Path.Combine(TestFiles.Root, "recipes"), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText).ToList();
        var (read, budget) = (0, new MutantBudget());
        foreach (var file in files)
            budget.Honest(() => Use(file, []));
        for (var seed = 0; seed < Mutants; seed++)
        {
            var text = TextMutator.Mutate(files[seed % files.Count], seed);
            read += Outcome(seed, budget, () => Use(text, [])) ? 1 : 0;
        }
        output.WriteLine($"{read} of {Mutants} mutants are recipes; {budget}");
        Assert.InRange(read, Mutants / 20, Mutants - (Mutants / 20));
    }

    [Fact]
    public void Mutated_changes_are_taken_or_refused()
    {
        var files = Directory.EnumerateFiles(Path.Combine(TestFiles.Root, "recipes"), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText).ToList();
        var (read, budget) = (0, new MutantBudget());
        foreach (var file in files)
            budget.Honest(() => Use(file, []));
        for (var seed = 0; seed < Mutants; seed++)
        {
            var file = files[seed % files.Count];
            var keys = TokenizerOrGenerator(file);
            var random = new Random(seed);
            var key = keys[random.Next(keys.Count)];
            var set = TextMutator.Mutate($"{(random.Next(4) == 0 ? key.Split('.')[0] : key)}: 1\n", seed).Replace(':', '=').TrimEnd('\n');
            read += Outcome(seed, budget, () => Use(file, [set])) ? 1 : 0;
        }
        output.WriteLine($"{read} of {Mutants} changes are taken; {budget}");
        Assert.InRange(read, Mutants / 20, Mutants - (Mutants / 20));
    }

    private static bool Outcome(int seed, MutantBudget budget, Action use)
    {
        try
        {
            budget.Mutant(use);
            return true;
        }
        catch (HitaException e)
        {
            Assert.False(string.IsNullOrWhiteSpace(e.Message), $"seed {seed} is refused without a word");
            return false;
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}: {e}");
            return false;
        }
    }

    private static List<string> TokenizerOrGenerator(string text) =>
        [.. RecipeText.Parse(IsGenerator(text) ? GeneratorRecipe.Parse(text, derived: static (_, _) => Derived).Write() : TokenizerRecipe.Parse(text).Write(), "a.yaml").Flatten().Keys];

    private static bool IsGenerator(string text) => text.Contains("\ntokenizer:", StringComparison.Ordinal);

    // As far as a run goes before it has images: everything that depends on the recipe alone.
    private static void Use(string text, IReadOnlyList<string> sets)
    {
        if (IsGenerator(text))
        {
            var recipe = GeneratorRecipe.Parse(text, "a.yaml", sets, static (_, _) => Derived);
            RunRecipe.Resolve(recipe.Training.Optimizer, recipe.Schedule, 100, stored: null);
            Plan(recipe, recipe.Samples.Every, recipe.Data.ImageSize ?? 32);
            Assert.Equal(recipe, GeneratorRecipe.Parse(recipe.Write()));
        }
        else
        {
            var recipe = TokenizerRecipe.Parse(text, "a.yaml", sets);
            var size = recipe.Data.ImageSize ?? recipe.Model.Architecture.ImageSize;
            ImageShape.Check(size, size, recipe.Model.Architecture);
            TokenizerTraining.Resolve(recipe, 100, stored: null);
            Plan(recipe, recipe.Samples.Every, size);
            Assert.Equal(recipe, TokenizerRecipe.Parse(recipe.Write()));
        }
    }

    private static void Plan(TrainingRecipe recipe, long samplesEvery, int size)
    {
        TrainingData.LoaderOptions(recipe, recipe.Schedule, size).Validate();
        RunRecipe.Plan(recipe, samplesEvery, new MadeUpData(recipe.Schedule)).Validate();
        FittedToData.Schedule(recipe.Schedule, 50);
        FittedToData.HeldOut(recipe.Validation.Count, 50);
    }

    /// <summary>A thousand images that are never read.</summary>
    private sealed class MadeUpData(ScheduleSection schedule) : IRunData<TokenizerBatch>
    {
        public string Description => "made up";

        public int Count => 1000;

        public ScheduleSection Schedule => schedule;

        public int StepsPerEpoch => 100;

        public IReadOnlyList<string> Notes => [];

        public LoaderStatistics? Statistics => null;

        public IBatchFeed<TokenizerBatch> Feed(long firstStep) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
