namespace Hita.Runtime;

/// <summary>Finds what somebody probably meant by a name that does not exist.</summary>
public static class NearestName
{
    /// <summary>The known name that is nearest to a mistyped one.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="names">The names that exist.</param>
    /// <returns>
    /// The name that differs by the fewest inserted, dropped, changed or swapped letters, capitals aside, or that begins with
    /// the text; null where none is near (more than a third of the letters differ).
    /// </returns>
    public static string? Find(string text, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(names);
        var typed = text.ToLowerInvariant();
        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var name in names)
        {
            var known = name.ToLowerInvariant();
            // The start of a name is a better guess than a name that merely has similar letters.
            var distance = typed.Length >= 3 && known.StartsWith(typed, StringComparison.Ordinal) ? 1 : Distance(typed, known);
            if (distance < bestDistance && distance <= Math.Max(1, typed.Length / 3))
                (best, bestDistance) = (name, distance);
        }
        return best;
    }

    /// <summary>A clause that ends a message: <c>; did you mean 'x'?</c>, or a full stop where nothing is near.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="names">The names that exist.</param>
    public static string Hint(string text, IEnumerable<string> names) =>
        Find(text, names) is { } near ? $"; did you mean '{near}'?" : ".";

    // Optimal string alignment: three rows of the edit-distance table are enough for swaps of neighbours.
    private static int Distance(string a, string b)
    {
        var before = new int[b.Length + 1];
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = a[i - 1] == b[j - 1] ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + change);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    current[j] = Math.Min(current[j], before[j - 2] + 1);
            }
            (before, previous, current) = (previous, current, before);
        }
        return previous[b.Length];
    }
}
