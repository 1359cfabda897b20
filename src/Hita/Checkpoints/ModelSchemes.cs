using System.Collections.Concurrent;

namespace Hita.Checkpoints;

/// <summary>Names of models that are no folders, such as <c>hf:OWNER/NAME</c>: what they begin with, and who finds the folder they mean.</summary>
public static class ModelSchemes
{
    private static readonly ConcurrentDictionary<string, Func<string, string>> Known = new(StringComparer.Ordinal);

    /// <summary>Makes such names usable wherever a model's folder is named. For the whole process; a later registration replaces an earlier one.</summary>
    /// <param name="scheme">What the names begin with, as in <c>hf:</c>.</param>
    /// <param name="locate">Gives the folder of a name, fetching it where it must; throws a <see cref="Runtime.HitaException"/> where it cannot.</param>
    public static void Register(string scheme, Func<string, string> locate)
    {
        ArgumentException.ThrowIfNullOrEmpty(scheme);
        ArgumentNullException.ThrowIfNull(locate);
        Known[scheme] = locate;
    }

    /// <summary>The folder that a name means.</summary>
    /// <param name="name">A name.</param>
    /// <returns>The folder; null where the name begins with no scheme that is known.</returns>
    internal static string? Locate(string name)
    {
        // Folders may be called anything; what is there has precedence.
        var scheme = Known.Keys.FirstOrDefault(s => name.StartsWith(s, StringComparison.Ordinal));
        return scheme is null || Directory.Exists(name) ? null : Known[scheme](name);
    }
}
