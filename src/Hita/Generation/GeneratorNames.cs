using Hita.Checkpoints;

namespace Hita.Generation;

/// <summary>The names of a generator's tensors in checkpoints. They are the network's own names.</summary>
internal static class GeneratorNames
{
    /// <summary>The class table, whose rows tell the number of classes.</summary>
    public const string ClassTable = "cls_embedding.embedding_table.weight";

    /// <summary>How a model folder is loaded.</summary>
    /// <param name="config">Its configuration.</param>
    public static LoadOptions ForLoading(GeneratorConfig config) => new()
    {
        Advice = faults => faults.Misshapen.Exists(static m => m.StartsWith(ClassTable, StringComparison.Ordinal))
            ? $"the configuration says {config.ClassCount} classes, and the class table has one row more than that"
            : null,
    };
}
