using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>Holds the names and shapes of a file against those of an architecture, before any memory is taken for it.</summary>
internal static class ShapeFit
{
    /// <summary>Whether a file holds a tensor of this shape.</summary>
    public static bool Has(IReadOnlyDictionary<string, TensorEntry> tensors, string name, params ReadOnlySpan<long> shape) =>
        tensors.TryGetValue(name, out var entry) && entry.HasShape(shape);

    /// <summary>Whether a file holds exactly the tensors of an architecture.</summary>
    /// <param name="shapes">The architecture's tensors.</param>
    /// <param name="tensors">The file's.</param>
    /// <param name="mayMiss">Tensors of the architecture that the file may lack.</param>
    /// <param name="isDropped">Tensors of the file that the architecture does not want.</param>
    public static bool IsExact(
        IReadOnlyDictionary<string, long[]> shapes, IReadOnlyDictionary<string, TensorEntry> tensors, Func<string, bool> mayMiss, Func<string, bool> isDropped) =>
        shapes.All(s => tensors.TryGetValue(s.Key, out var entry) ? entry.HasShape(s.Value) : mayMiss(s.Key)) &&
        tensors.Keys.All(k => shapes.ContainsKey(k) || isDropped(k));

    /// <summary>Refuses a file that does not fit. A configuration of a few bytes must not ask for more memory than its weights fill.</summary>
    /// <param name="source">The opened file.</param>
    /// <param name="shapes">The architecture's tensors.</param>
    /// <param name="options">How names are matched.</param>
    /// <exception cref="CheckpointException">Lists all faults.</exception>
    public static void Check(ITensorSource source, IReadOnlyDictionary<string, long[]> shapes, LoadOptions options)
    {
        if (Fault(source, shapes, options) is { } fault)
            throw new CheckpointException(source.Path, $"the weights do not fit the model: {fault}.");
    }

    /// <summary>What keeps a file from fitting, as a clause with all faults and the options' advice; null where it fits.</summary>
    /// <param name="source">The opened file.</param>
    /// <param name="shapes">The architecture's tensors.</param>
    /// <param name="options">How names are matched.</param>
    public static string? Fault(ITensorSource source, IReadOnlyDictionary<string, long[]> shapes, LoadOptions options)
    {
        var faults = new LoadFaults();
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in source.Tensors.Values)
        {
            if (options.NameMap(entry.Name) is { } name)
                Compare(entry, name, shapes, given, faults);
        }
        faults.Missing.AddRange(shapes.Keys.Where(name => !given.Contains(name) && !options.AllowedMissing(name)));
        return faults.Count == 0 ? null : $"{faults.Describe()}{(options.Advice?.Invoke(faults) is { } advice ? $"; {advice}" : "")}";
    }

    /// <summary>Compares one tensor and notes what is wrong with it.</summary>
    public static void Compare(TensorEntry entry, string name, IReadOnlyDictionary<string, long[]> shapes, HashSet<string> given, LoadFaults faults)
    {
        if (!shapes.TryGetValue(name, out var shape))
            faults.Unexpected.Add(name);
        else if (!given.Add(name))
            faults.Duplicate.Add(name);
        else if (!entry.HasShape(shape))
            faults.Misshapen.Add($"{name} (is {entry.ShapeText}, must be [{string.Join(", ", shape)}])");
        else if (!entry.Type.IsFloat())
            faults.WrongTyped.Add($"{name} (is {entry.TypeName}, must be a float type)");
    }
}
