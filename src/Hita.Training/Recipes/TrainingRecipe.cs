using System.Text.Json.Serialization;
using Hita.Runtime;
using Hita.Training.Ranks;

namespace Hita.Training.Recipes;

/// <summary>What a run of either stage is told: the parts that both have.</summary>
public abstract record TrainingRecipe
{
    private protected TrainingRecipe()
    {
    }

    /// <summary>What it learns from: images or, for a generator, a token cache.</summary>
    [JsonPropertyOrder(-2)]
    public required DataSection Data { get; init; }

    /// <summary>How long.</summary>
    [JsonPropertyOrder(-1)]
    public required ScheduleSection Schedule { get; init; }

    /// <summary>What is held out.</summary>
    public ValidationSection Validation { get; init; } = new();

    /// <summary>When the state is saved.</summary>
    public CheckpointSection Checkpoints { get; init; } = new();

    /// <summary>The model folder beside the checkpoints.</summary>
    public ExportSection Export { get; init; } = new();

    /// <summary>When the run warns and gives up.</summary>
    public HealthSection Health { get; init; } = new();

    /// <summary>Where it computes.</summary>
    public ComputeSection Compute { get; init; } = new();

    /// <summary>How several ranks train together.</summary>
    public DistributedOptions Distributed { get; init; } = new();

    /// <summary>Decides the initial weights, the data's order, augmentation and dropout. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>What is to be said about the text that it was read from, such as keys with other names now; a line each.</summary>
    [JsonIgnore]
    internal IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The whole recipe as YAML, defaults included.</summary>
    /// <param name="heading">Lines of comment before it.</param>
    public string Write(string heading = "") => RecipeText.Write(RecipeBinder.ToNode(this), heading);

    /// <summary>Throws the faults of the stage's own parts and of the common ones, if there are any.</summary>
    /// <param name="source">Where the recipe came from.</param>
    /// <param name="faults">The stage's own.</param>
    /// <param name="samplesEvery">Steps between two sheets of samples.</param>
    /// <param name="samplesCount">Images on one.</param>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    private protected void Check(string source, FaultCollector faults, long samplesEvery, int samplesCount)
    {
        Data.CollectFaults(faults);
        Schedule.CollectFaults(faults);
        Validation.CollectFaults(faults);
        Checkpoints.CollectFaults(faults);
        Export.CollectFaults(faults);
        Health.CollectFaults(faults);
        Compute.CollectFaults(faults);
        Distributed.CollectFaults(faults);
        faults.Min(samplesEvery, 0, "samples.every");
        faults.Range(samplesCount, 0, 256, "samples.count");
        faults.Throw(source);
    }
}
