namespace Hita.Checkpoints;

/// <summary>
/// The parts of tensors' names that wrappers of PyTorch put there: data-parallel training, compilation, sharding, training frameworks.
/// </summary>
internal static class WrapperNames
{
    private const int MaxDepth = 8;

    // Modules that other programs name so lie at the front only, and all weights lie inside.
    private static readonly string[] Prefixes = ["module.", "model."];

    // Nobody's own module is named like these, so they go wherever they stand.
    private static readonly string[] Inner = ["_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.", "_forward_module."];

    /// <summary>The names without what wrappers put there.</summary>
    /// <param name="names">The names in the file.</param>
    /// <returns>
    /// The new name of each, null for one that lies outside of the wrapper; and what was removed, the outermost first. Null where no
    /// wrapper shows, or where two names would become one.
    /// </returns>
    public static (IReadOnlyList<string?> Names, IReadOnlyList<string> Removed)? Unwrap(IReadOnlyCollection<string> names)
    {
        var removed = new List<string>();
        string?[] left = [.. names];
        for (var round = 0; round < MaxDepth && (RemovePrefix(left, removed) || RemoveInner(left, removed)); round++)
        {
            // Wrappers lie in wrappers.
        }
        var kept = left.OfType<string>().ToList();
        if (removed.Count == 0 || kept.Exists(static n => n.Length == 0) || kept.Distinct(StringComparer.Ordinal).Count() < kept.Count)
            return null;
        return (left, removed);
    }

    private static bool RemoveInner(string?[] names, List<string> removed)
    {
        var any = false;
        foreach (var part in Inner)
        {
            var found = false;
            for (var i = 0; i < names.Length; i++)
            {
                if (names[i] is not { } name || Without(name, part) is not { } shorter)
                    continue;
                names[i] = shorter;
                found = true;
            }
            if (found && !removed.Contains(part))
                removed.Add(part);
            any |= found;
        }
        return any;
    }

    // Beside the weights may lie a counter or another model, but not the greater part of the file.
    private static bool RemovePrefix(string?[] names, List<string> removed)
    {
        foreach (var prefix in Prefixes)
        {
            var (inside, outside) = (0, 0);
            foreach (var name in names)
            {
                inside += name is not null && name.StartsWith(prefix, StringComparison.Ordinal) ? 1 : 0;
                outside += name is not null && !name.StartsWith(prefix, StringComparison.Ordinal) ? 1 : 0;
            }
            if (inside == 0 || inside < outside)
                continue;
            for (var i = 0; i < names.Length; i++)
                names[i] = names[i] is { } name && name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : null;
            removed.Add(prefix);
            return true;
        }
        return false;
    }

    // A whole part of the name, at its beginning or behind a dot; null where there is none.
    private static string? Without(string name, string part)
    {
        if (!name.Contains(part, StringComparison.Ordinal))
            return null;
        var shorter = ('.' + name).Replace('.' + part, ".", StringComparison.Ordinal)[1..];
        return shorter.Length < name.Length ? shorter : null;
    }
}
