using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>One tensor to take from a file.</summary>
/// <param name="Source">The opened file.</param>
/// <param name="Entry">What the file says about it.</param>
/// <param name="Target">The name, type and shape to give it.</param>
public sealed record PlannedTensor(ITensorSource Source, TensorEntry Entry, TensorEntry Target);

/// <summary>Which tensors of a file become which tensors of a model; made only where all of them fit.</summary>
/// <param name="Tensors">The tensors to take, in the file's order.</param>
/// <param name="Dropped">Names in the file that are left out on purpose.</param>
/// <param name="LeftAsIs">Targets that the file lacks and that may be missing.</param>
public sealed record LoadPlan(IReadOnlyList<PlannedTensor> Tensors, IReadOnlyList<string> Dropped, IReadOnlyList<string> LeftAsIs)
{
    /// <summary>Matches a file with what a model expects, by names, types and shapes; no values are read.</summary>
    /// <param name="source">The opened file.</param>
    /// <param name="expected">What the model expects, by name. Floats may become other floats, and integers other integers.</param>
    /// <param name="options">How names are matched; null for equal names.</param>
    /// <exception cref="CheckpointException">Lists all faults in one sentence.</exception>
    public static LoadPlan Make(ITensorSource source, IReadOnlyDictionary<string, TensorEntry> expected, LoadOptions? options = null)
    {
        var faults = new LoadFaults();
        var plan = Match(source, expected, options ??= new LoadOptions(), faults);
        return faults.Count == 0 ? plan : throw Refuse(source, options, faults);
    }

    /// <summary>The plan of a file whose tensors are taken as they are: all, or those a name map does not drop.</summary>
    /// <param name="source">The opened file.</param>
    /// <param name="nameMap">Gives the new name, or null to drop; null for all names as they are.</param>
    /// <exception cref="CheckpointException">Two names become one.</exception>
    public static LoadPlan TakeAll(ITensorSource source, Func<string, string?>? nameMap = null)
    {
        var options = new LoadOptions { NameMap = nameMap ?? (static name => name) };
        var expected = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        foreach (var entry in source.Tensors.Values)
        {
            if (options.NameMap(entry.Name) is { } name)
                expected.TryAdd(name, entry with { Name = name });
        }
        return Make(source, expected, options);
    }

    /// <summary>Collects faults and returns what fits.</summary>
    internal static LoadPlan Match(ITensorSource source, IReadOnlyDictionary<string, TensorEntry> expected, LoadOptions options, LoadFaults faults)
    {
        var (fitting, dropped, leftAsIs) = (new List<PlannedTensor>(), new List<string>(), new List<string>());
        var givers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in source.Tensors.Values)
        {
            if (options.NameMap(entry.Name) is not { } name)
                dropped.Add(entry.Name);
            else if (!expected.TryGetValue(name, out var target))
                faults.Unexpected.Add(entry.Name);
            else if (!givers.TryAdd(name, entry.Name))
                faults.Duplicate.Add($"{name} (by {givers[name]} and {entry.Name})");
            else if (Fits(entry, target, faults))
                fitting.Add(new PlannedTensor(source, entry, target));
        }
        foreach (var name in expected.Keys)
        {
            if (!givers.ContainsKey(name))
                (options.AllowedMissing(name) ? leftAsIs : faults.Missing).Add(name);
        }
        return new LoadPlan(fitting, dropped, leftAsIs);
    }

    internal static CheckpointException Refuse(ITensorSource source, LoadOptions options, LoadFaults faults)
    {
        var advice = options.Advice?.Invoke(faults);
        return new CheckpointException(source.Path, $"the weights do not fit the model: {faults.Describe()}{(advice is null ? "" : $"; {advice}")}.");
    }

    private static bool Fits(TensorEntry entry, TensorEntry target, LoadFaults faults)
    {
        if (!entry.Shape.SequenceEqual(target.Shape))
        {
            faults.Misshapen.Add($"{target.Name} (is {entry.ShapeText}, must be {target.ShapeText})");
            return false;
        }
        if (entry.Type == TensorType.Other
            || (entry.Type != target.Type && !(entry.Type.IsFloat() && target.Type.IsFloat()) && !(entry.Type.IsInteger() && target.Type.IsInteger())))
        {
            faults.WrongTyped.Add($"{target.Name} (is {entry.TypeName}, must be {target.TypeName})");
            return false;
        }
        return true;
    }
}
