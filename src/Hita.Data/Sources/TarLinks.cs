using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>Finds the members that links in an archive lead to, and counts the links that lead to none.</summary>
internal sealed class TarLinks
{
    private const int MaxSteps = 40;
    private const int Named = 3;
    private readonly Dictionary<string, string?> _targets = new(StringComparer.Ordinal);
    private readonly List<string> _outside = [];
    private readonly List<string> _circles = [];
    private readonly List<string> _folders = [];

    /// <summary>Notes a link.</summary>
    /// <param name="name">Its path.</param>
    /// <param name="target">What it says.</param>
    /// <param name="isSymbolic">Whether that is meant from the link's folder, and not from the archive's top.</param>
    public void Add(string name, string target, bool isSymbolic) => _targets[name] = Place(name, target, isSymbolic);

    /// <summary>Forgets a link whose place something else has taken.</summary>
    public void Remove(string name) => _targets.Remove(name);

    /// <summary>Whether there are any.</summary>
    public bool Any => _targets.Count > 0;

    /// <summary>The member that a link leads to, through other links; null where there is none, which is counted then.</summary>
    public string? Follow(string name)
    {
        var at = name;
        for (var step = 0; step < MaxSteps; step++)
        {
            if (!_targets.TryGetValue(at, out var next))
                return at;
            if (next is null)
            {
                _outside.Add(name);
                return null;
            }
            at = next;
        }
        _circles.Add(name);
        return null;
    }

    /// <summary>Counts a link that leads to a member that is not there.</summary>
    public void Missing(string name) => _outside.Add(name);

    /// <summary>Counts the links to folders, which are not followed.</summary>
    /// <param name="isFolder">Whether there is such a folder.</param>
    public void CountFolders(Func<string, bool> isFolder)
    {
        foreach (var (name, target) in _targets)
        {
            if (target is not null && isFolder(target))
                _folders.Add(name);
        }
    }

    /// <summary>The sentences about links that lead nowhere.</summary>
    public IEnumerable<string> Notes(string path)
    {
        if (Sentence(_outside, "leads to nothing in the archive", "lead to nothing in the archive") is { } outside)
            yield return $"{path}: {outside}.";
        if (Sentence(_circles, "leads in a circle", "lead in a circle") is { } circles)
            yield return $"{path}: {circles}.";
        if (Sentence(_folders, "leads to a folder, which is not followed", "lead to folders, which are not followed") is { } folders)
            yield return $"{path}: {folders}.";
    }

    private static string? Sentence(List<string> names, string one, string many) => names.Count switch
    {
        0 => null,
        1 => $"1 link {one} and is left out ({MessageText.Short(names[0])})",
        _ => $"{names.Count} links {many} and are left out ({MessageText.Few(names, Named)})",
    };

    // Null for what lies outside of the archive.
    private static string? Place(string name, string target, bool isSymbolic)
    {
        target = target.Replace('\\', '/');
        if (isSymbolic && target.StartsWith('/'))
            return null;
        var parts = isSymbolic ? name.Split('/').SkipLast(1).ToList() : [];
        foreach (var part in target.Split('/'))
        {
            if (part is "" or ".")
                continue;
            if (part != "..")
                parts.Add(part);
            else if (parts.Count == 0)
                return null;
            else
                parts.RemoveAt(parts.Count - 1);
        }
        return string.Join('/', parts);
    }
}
