using Hita.Runtime;
using Hita.Training.Optimization;

namespace Hita.Training.Recipes;

/// <summary>What reading both kinds of recipes shares.</summary>
internal static class RecipeFaults
{
    private static readonly string[] TokenizerKeys = ["image_size", "base_channels", "channel_multipliers", "latent_channels"];

    /// <summary>Refuses the other stage's recipe as a whole: told key by key, nobody would see what is wrong.</summary>
    /// <param name="recipe">What the file says, without changes.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="stage">The stage that is asked for: <c>tokenizer</c> or <c>generator</c>.</param>
    /// <exception cref="HitaException">It is of the other stage.</exception>
    public static void RequireStage(RecipeNode recipe, string source, string stage)
    {
        // Only a generator's recipe names a tokenizer, and only a tokenizer's architecture says how images become patches.
        var architecture = Under(Under(recipe, "model"), "architecture")?.Keys;
        var told = recipe.Keys?.ContainsKey("tokenizer") == true ? "generator"
            : architecture is not null && TokenizerKeys.Any(architecture.ContainsKey) ? "tokenizer"
            : stage;
        if (told != stage)
            throw new HitaException($"{source}: this is the recipe of a {told}, not of a {stage}; use 'hita train {told}'.");
    }

    /// <summary>A recipe as its file says it, with changes laid over it and the keys of older versions under their present names.</summary>
    /// <param name="recipe">What the file says.</param>
    /// <param name="sets">Changes of the form <c>a.b=c</c>, the last one counting.</param>
    /// <param name="notes">Receives a line for each old key.</param>
    /// <exception cref="HitaException">A change is not of that form.</exception>
    public static RecipeNode WithSets(RecipeNode recipe, IEnumerable<string>? sets, List<string> notes)
    {
        recipe = recipe.WithPresentNames(notes);
        foreach (var set in sets ?? [])
            recipe = RecipeText.Set(recipe, set, notes);
        return recipe;
    }

    /// <summary>
    /// An optimiser's numbers for a check: a decay that ends with the run has no end yet, because epochs are counted in steps only
    /// when the data are known.
    /// </summary>
    public static OptimizerOptions ForCheck(OptimizerOptions optimizer) =>
        optimizer.Decay != RateDecay.Constant && optimizer.DecaySteps == 0 ? optimizer with { DecaySteps = long.MaxValue } : optimizer;

    /// <summary>
    /// Completes a recipe's architecture: what the file says, over what is derived from other parts, over the preset or, without
    /// one, the model that training starts from.
    /// </summary>
    public static RecipeNode ExpandPreset(
        RecipeNode recipe, List<string> faults, IEnumerable<string> names, Func<string, object?> find, Func<string, object> stored, RecipeNode? derived = null)
    {
        if (recipe.Keys?.GetValueOrDefault("model") is not { Keys: { } keys } model)
            return recipe;
        var architecture = derived;
        // A complete architecture, as a run's own recipe has it, needs no look at a folder that may be gone.
        if (keys.GetValueOrDefault("preset") is not { Text: not null } && keys.GetValueOrDefault("init_from") is { Text: { Length: > 0 } folder } &&
            keys.GetValueOrDefault("architecture") is not { Keys: not null })
        {
            var whole = RecipeBinder.ToNode(stored(folder));
            architecture = derived is null ? whole : whole.Overlaid(derived);
        }
        if (keys.GetValueOrDefault("preset") is { Text: { } preset } named)
        {
            if (find(preset) is not { } config)
            {
                var near = NearestName.Find(preset, names);
                faults.Add($"{named.Place}: there is no preset '{preset}'; {(near is null ? $"there are {string.Join(", ", names)}" : $"did you mean '{near}'?")}");
                return recipe;
            }
            var whole = RecipeBinder.ToNode(config);
            architecture = derived is null ? whole : whole.Overlaid(derived);
        }
        if (keys.GetValueOrDefault("architecture") is { IsNull: false } changes)
            architecture = architecture?.Overlaid(changes) ?? changes;
        if (architecture is null)
            return recipe;
        var over = RecipeNode.Map(model.Place);
        over.Keys!["architecture"] = architecture;
        var expanded = RecipeNode.Map(recipe.Place);
        expanded.Keys!["model"] = over;
        return recipe.Overlaid(expanded);
    }

    private static RecipeNode? Under(RecipeNode? node, string key) => node?.Keys?.GetValueOrDefault(key);
}
