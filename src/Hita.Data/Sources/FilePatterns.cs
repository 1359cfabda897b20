using System.Globalization;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>
/// Names of several files in one text: braces with a range (<c>shard-{000000..000127}.tar</c>) or a list (<c>{train,extra}.tar</c>),
/// and texts with commas between them. A shell that knows braces turns them into several arguments, unless they are quoted.
/// </summary>
internal static class FilePatterns
{
    private const int MaxNames = 1_000_000;

    /// <summary>Whether a path, which is not that of a file or folder, names several files.</summary>
    public static bool Is(string path) => path.Contains('{') || Parts(path).Count > 1;

    /// <summary>All names in the order in which they are written.</summary>
    /// <param name="path">The text.</param>
    /// <exception cref="DataException">Its braces do not close, or mean more names than any set has files.</exception>
    public static List<string> Expand(string path)
    {
        var names = new List<string>();
        foreach (var part in Parts(path))
            names.AddRange(ExpandOne(path, part, MaxNames - names.Count));
        return names;
    }

    // Commas within braces belong to those.
    private static List<string> Parts(string path)
    {
        var parts = new List<string>();
        var (start, depth) = (0, 0);
        for (var i = 0; i <= path.Length; i++)
        {
            if (i < path.Length && path[i] != ',')
            {
                depth += path[i] == '{' ? 1 : path[i] == '}' ? -1 : 0;
                continue;
            }
            if (i < path.Length && depth > 0)
                continue;
            if (path[start..i].Trim() is { Length: > 0 } part)
                parts.Add(part);
            start = i + 1;
        }
        return parts;
    }

    private static List<string> ExpandOne(string path, string part, int max)
    {
        var names = new List<string> { "" };
        for (var at = 0; at < part.Length;)
        {
            var open = part.IndexOf('{', at);
            var plain = part[at..(open < 0 ? part.Length : open)];
            string[] choices = [""];
            at += plain.Length;
            if (open >= 0)
            {
                var close = part.IndexOf('}', open);
                if (close < 0 || part.IndexOf('{', open + 1) is var inner && inner >= 0 && inner < close)
                    throw new DataException(path, "its braces do not close, or lie within each other; write a range as {000..127} and a list as {a,b}.");
                choices = Choices(path, part[(open + 1)..close], max);
                at = close + 1;
            }
            if ((long)names.Count * choices.Length > max)
                throw TooMany(path);
            names = [.. names.SelectMany(_ => choices, (name, choice) => name + plain + choice)];
        }
        return names;
    }

    private static string[] Choices(string path, string inside, int max)
    {
        if (inside.Contains(','))
            return [.. inside.Split(',').Select(static c => c.Trim())];
        var ends = inside.Split("..");
        if (ends.Length is not (2 or 3) || !Array.TrueForAll(ends, static e => e.Length is > 0 and <= 18 && e.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0))
            throw new DataException(path, $"'{{{MessageText.Short(inside)}}}' is no range such as {{000..127}} and no list such as {{a,b}}.");
        var (first, last) = (Number(ends[0]), Number(ends[1]));
        var step = ends.Length == 3 ? Number(ends[2]) : 1;
        if (step == 0)
            throw new DataException(path, $"the steps of '{{{inside}}}' have no length.");
        var count = (Math.Abs(last - first) / step) + 1;
        if (count > max)
            throw TooMany(path);
        // Zeros in front are kept, as shells do.
        var width = ends[0].StartsWith('0') || ends[1].StartsWith('0') ? Math.Max(ends[0].Length, ends[1].Length) : 1;
        var digits = new string('0', width);
        return [.. Enumerable.Range(0, (int)count).Select(i => (first + (Math.Sign(last - first) * i * step)).ToString(digits, CultureInfo.InvariantCulture))];
    }

    private static long Number(string digits) => long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    private static DataException TooMany(string path) => new(path, $"it names more than {MaxNames} files.");
}
