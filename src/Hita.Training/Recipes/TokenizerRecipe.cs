using System.Text.Json.Serialization;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Training.Recipes;

/// <summary>The architecture of a tokenizer, and what its training starts from.</summary>
public sealed record TokenizerModelSection
{
    /// <summary>A named architecture, of which <see cref="Architecture"/> changes what it names; null where that says all.</summary>
    public string? Preset { get; init; }

    /// <summary>The architecture; in a file, only what differs from the preset.</summary>
    public required TokenizerConfig Architecture { get; init; }

    /// <summary>A tokenizer's folder to start from instead of fresh weights.</summary>
    public string? InitFrom { get; init; }
}

/// <summary>Sheets of reconstructions.</summary>
public sealed record ReconstructionSamples
{
    /// <summary>Steps between two sheets; 0 for one at the end alone. Default 1000.</summary>
    public long Every { get; init; } = 1000;

    /// <summary>Images on a sheet, the same ones each time, held out where there is a validation; 0 for none. Default 16.</summary>
    public int Count { get; init; } = 16;
}

/// <summary>Everything that a tokenizer's run is told.</summary>
public sealed record TokenizerRecipe : TrainingRecipe
{
    /// <summary>The architecture and the start.</summary>
    [JsonPropertyOrder(-4)]
    public required TokenizerModelSection Model { get; init; }

    /// <summary>Losses, discriminator, optimisers, averaging.</summary>
    public TokenizerTrainingOptions Training { get; init; } = new();

    /// <summary>When samples are decoded.</summary>
    public ReconstructionSamples Samples { get; init; } = new();

    /// <summary>Reads a recipe's file.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="sets">Changes of the form <c>a.b=c</c>, the last one counting.</param>
    /// <exception cref="HitaException">It cannot be read; all faults are listed.</exception>
    public static TokenizerRecipe Load(string path, IEnumerable<string>? sets = null) =>
        FromNode(RecipeText.ReadFile(path), path, sets);

    /// <summary>Reads a recipe's text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <param name="sets">Changes of the form <c>a.b=c</c>, the last one counting.</param>
    /// <exception cref="HitaException">All faults are listed.</exception>
    public static TokenizerRecipe Parse(string text, string source = "the recipe", IEnumerable<string>? sets = null) =>
        FromNode(RecipeText.Parse(text, source), source, sets);

    /// <summary>Equal when every value is.</summary>
    /// <param name="other">The other recipe.</param>
    public bool Equals(TokenizerRecipe? other) => other is not null && Write() == other.Write();

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Seed, Model.Architecture, Data.Source);

    /// <summary>Checks every value.</summary>
    /// <param name="source">Where the recipe came from, for the message.</param>
    /// <returns>The recipe itself.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public TokenizerRecipe Validate(string source = "The recipe")
    {
        var faults = new FaultCollector();
        faults.Within("model.architecture.").Collect(() => Model.Architecture.Validate());
        faults.Within("training.").Collect(() => (Training with
        {
            Optimizer = RecipeFaults.ForCheck(Training.Optimizer),
            Discriminator = Training.Discriminator is { } own ? own with { Optimizer = RecipeFaults.ForCheck(own.Optimizer) } : null,
        }).Validate());
        faults.Within("training.").Collect(() => Training.CheckFor(Model.Architecture));
        Check(source, faults, Samples.Every, Samples.Count);
        return this;
    }

    private static TokenizerRecipe FromNode(RecipeNode node, string source, IEnumerable<string>? sets)
    {
        RecipeFaults.RequireStage(node, source, "tokenizer");
        var notes = new List<string>();
        node = RecipeFaults.WithSets(node, sets, notes);
        var faults = new List<string>();
        node = RecipeFaults.ExpandPreset(
            node,
            faults,
            TokenizerPresets.Names,
            static name => TokenizerPresets.TryGet(name, out var config) ? config : null,
            static folder => TokenizerFolder.ReadConfig(TokenizerFolder.Find(folder)));
        var recipe = RecipeBinder.Bind<TokenizerRecipe>(node, "", faults);
        return faults.Count == 0 ? recipe.Validate(source) with { Notes = notes } : throw new ConfigException(source, faults);
    }
}
