using Hita.Tokenization;
using Hita.Training;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Studies;

/// <summary>Recipes with the numbers that a run would take from its length and its data.</summary>
internal static class ResolvedRecipes
{
    /// <summary>A tokenizer's recipe.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="stored">How a run trains that was begun before; null for none.</param>
    public static TokenizerRecipe Of(TokenizerRecipe recipe, TokenizerTrainingOptions? stored = null)
    {
        using var data = TrainingData.Open(recipe.Data, recipe.Validation, recipe.Data.ImageSize ?? recipe.Model.Architecture.ImageSize);
        return TokenizerTraining.Resolve(recipe, Math.Max(1, data.Train.Count / recipe.Schedule.BatchSize), stored);
    }

    /// <summary>A generator's recipe, whose tokenizer is there.</summary>
    public static GeneratorRecipe Of(GeneratorRecipe recipe)
    {
        using var tokenizer = ImageTokenizer.Load(TokenizerReference.Find(recipe.Tokenizer));
        using var data = CodeData.Open(recipe, tokenizer);
        return recipe with
        {
            Training = recipe.Training with { Optimizer = RunRecipe.Resolve(recipe.Training.Optimizer, recipe.Schedule, data.StepsPerEpoch, stored: null) },
        };
    }
}
