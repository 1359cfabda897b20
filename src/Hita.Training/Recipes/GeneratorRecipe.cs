using System.Globalization;
using System.Text.Json.Serialization;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Training.Recipes;

/// <summary>The architecture of a generator, and what its training starts from.</summary>
public sealed record GeneratorModelSection
{
    /// <summary>A named architecture, of which <see cref="Architecture"/> changes what it names; null where that says all.</summary>
    public string? Preset { get; init; }

    /// <summary>
    /// The architecture; in a file, only what differs from the preset. The codebook, the holistic tokens, the grid and the classes
    /// are those of the tokenizer and the data unless a preset or the file says otherwise.
    /// </summary>
    public required GeneratorConfig Architecture { get; init; }

    /// <summary>A generator's folder to start from instead of fresh weights; its class table is resized where the classes differ.</summary>
    public string? InitFrom { get; init; }
}

/// <summary>Sheets of images of the classes.</summary>
public sealed record ClassSamples
{
    /// <summary>Steps between two sheets; 0 for one at the end alone. Default 2000.</summary>
    public long Every { get; init; } = 2000;

    /// <summary>Images on a sheet, of as many classes spread over all of them; 0 for none. Default 24.</summary>
    public int Count { get; init; } = 24;

    /// <summary>The scale of guidance. Default 2.</summary>
    public double CfgScale { get; init; } = 2;

    /// <summary>The temperature. Default 1.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keeps the most probable codes only; 0 for all. Default 0.</summary>
    public int TopK { get; init; }

    /// <summary>The seed, the same for every sheet. Default 0.</summary>
    public ulong Seed { get; init; }

    internal SamplingOptions ToSampling() => SamplingOptions.Same(
        new TokenSampling { Temperature = (float)Temperature, TopK = TopK }, new GuidanceOptions { Scale = (float)CfgScale });
}

/// <summary>Everything that a generator's run is told.</summary>
public sealed record GeneratorRecipe : TrainingRecipe
{
    /// <summary>The architecture and the start.</summary>
    [JsonPropertyOrder(-4)]
    public required GeneratorModelSection Model { get; init; }

    /// <summary>
    /// The tokenizer whose codes are learned: a model folder or the folder of a tokenizer's run. It encodes images, and decodes samples.
    /// </summary>
    [JsonPropertyOrder(-3)]
    public required string Tokenizer { get; init; }

    /// <summary>Optimiser, dropout, averaging.</summary>
    public GeneratorTrainingOptions Training { get; init; } = new();

    /// <summary>When samples are decoded.</summary>
    public ClassSamples Samples { get; init; } = new();

    /// <summary>Reads a recipe's file.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="sets">Changes of the form <c>a.b=c</c>, the last one counting.</param>
    /// <param name="derived">Gives the architecture's keys that nobody named, such as the classes of the data; null for none.</param>
    /// <exception cref="HitaException">It cannot be read; all faults are listed.</exception>
    public static GeneratorRecipe Load(string path, IEnumerable<string>? sets = null, Func<string, DataSection, IReadOnlyDictionary<string, int>>? derived = null) =>
        FromNode(RecipeText.ReadFile(path), path, sets, derived);

    /// <summary>Reads a recipe's text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <param name="sets">Changes of the form <c>a.b=c</c>, the last one counting.</param>
    /// <param name="derived">Gives the architecture's keys that nobody named, such as the classes of the data; null for none.</param>
    /// <exception cref="HitaException">All faults are listed.</exception>
    public static GeneratorRecipe Parse(
        string text, string source = "the recipe", IEnumerable<string>? sets = null, Func<string, DataSection, IReadOnlyDictionary<string, int>>? derived = null) =>
        FromNode(RecipeText.Parse(text, source), source, sets, derived);

    /// <summary>Equal when every value is.</summary>
    /// <param name="other">The other recipe.</param>
    public bool Equals(GeneratorRecipe? other) => other is not null && Write() == other.Write();

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Seed, Model.Architecture, Data.Source);

    /// <summary>Checks every value.</summary>
    /// <param name="source">Where the recipe came from, for the message.</param>
    /// <returns>The recipe itself.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public GeneratorRecipe Validate(string source = "The recipe")
    {
        var faults = new FaultCollector();
        faults.Within("model.architecture.").Collect(() => Model.Architecture.Validate());
        faults.Within("training.").Collect(() => (Training with { Optimizer = RecipeFaults.ForCheck(Training.Optimizer) }).Validate());
        faults.Within("samples: ").Collect(() => Samples.ToSampling().Validate());
        faults.Require(Tokenizer.Length > 0, $"tokenizer is empty");
        Check(source, faults, Samples.Every, Samples.Count);
        return this;
    }

    private static GeneratorRecipe FromNode(
        RecipeNode node, string source, IEnumerable<string>? sets, Func<string, DataSection, IReadOnlyDictionary<string, int>>? derived)
    {
        RecipeFaults.RequireStage(node, source, "generator");
        var notes = new List<string>();
        node = RecipeFaults.WithSets(node, sets, notes);
        var faults = new List<string>();
        node = RecipeFaults.ExpandPreset(
            node,
            faults,
            GeneratorPresets.Names,
            static name => GeneratorPresets.TryGet(name, out var config) ? config : null,
            static folder => GeneratorFolder.ReadConfig(GeneratorFolder.Find(folder)),
            Derived(node, derived));
        var recipe = RecipeBinder.Bind<GeneratorRecipe>(node, "", faults);
        return faults.Count == 0 ? recipe.Validate(source) with { Notes = notes } : throw new ConfigException(source, faults);
    }

    private static RecipeNode? Derived(RecipeNode recipe, Func<string, DataSection, IReadOnlyDictionary<string, int>>? derived)
    {
        if (derived is null || recipe.Keys?.GetValueOrDefault("tokenizer") is not { Text: { Length: > 0 } tokenizer } ||
            recipe.Keys.GetValueOrDefault("data") is not { Keys: not null } data)
            return null;
        // Faults of the section are listed when the whole recipe is read.
        var faults = new List<string>();
        var section = RecipeBinder.Bind<DataSection>(data, "data", faults);
        if (faults.Count > 0)
            return null;
        var map = RecipeNode.Map("");
        foreach (var (key, value) in derived(tokenizer, section))
            map.Keys![key] = RecipeNode.Value(value.ToString(CultureInfo.InvariantCulture), "");
        return map;
    }
}
