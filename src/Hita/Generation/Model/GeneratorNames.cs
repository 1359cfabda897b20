using Hita.Checkpoints;

namespace Hita.Generation.Model;

/// <summary>The names of a generator's tensors in checkpoints. They are the network's own names.</summary>
internal static class GeneratorNames
{
    /// <summary>The class table, whose rows tell the number of classes.</summary>
    public const string ClassTable = "cls_embedding.embedding_table.weight";

    /// <summary>How a model folder is loaded.</summary>
    /// <param name="config">Its configuration.</param>
    /// <param name="tensors">The folder's tensors, for advice.</param>
    public static LoadOptions ForLoading(GeneratorConfig config, IReadOnlyDictionary<string, TensorEntry> tensors) => new()
    {
        Advice = faults => faults.Misshapen is [var only] && only.StartsWith(ClassTable, StringComparison.Ordinal)
            ? $"the configuration says {config.ClassCount} classes, and the class table has one row more than that"
            : GeneratorShapes.Fitting(tensors) is { Count: > 0 } fitting
                ? $"they fit the preset {string.Join(" or ", fitting.Select(static c => c.Preset))}"
                : null,
    };
}
