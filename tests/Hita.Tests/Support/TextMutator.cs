using System.Globalization;

namespace Hita.Tests.Support;

/// <summary>Damages texts of settings in the ways that people and editors do; the same seed does the same damage.</summary>
internal static class TextMutator
{
    private static readonly string[] Values =
    [
        "", "null", "~", "-1", "0", "1e309", "-1e309", "nan", ".inf", "9999999999999999999999", "2147483647", "-2147483648", "1e6", "0.5", "true",
        "[]", "{}", "[null]", "[[1], {a: 1}]", "[1, 2, 3, 4, 5, 6, 7, 8, 9]", "[-1]", "[0]", "text", "'", "\"", "\"\\ud800\"", "&a 1", "*a", "&a [*a]",
        "!!binary x", "!!int x", "? ", "- 1", "|", ">", "|2-\n x", "%YAML 9.9", "---", "...", "\t", "#", "{a: }", "{: }", "{[1]: 2}", "<<: *a", "\u0001", "\ufffe",
        "\"\\u0000\"", "1_000", "0x10", "0o7", "2026-01-01", "π", "cosine", "bf16", "bfloat16", "\"1\"", "1.5", "{\"a\": 1}", "[1,]", "materials", ".", "..", "/dev/null",
    ];

    private const string Characters = "\t \r\n:{}[],&*!|>'\"%@`#?-~\\0a\u0000é\ud83d";

    /// <summary>A damaged copy.</summary>
    /// <param name="text">The whole text, of at least two lines.</param>
    /// <param name="seed">Chooses the kinds and the places of the damage, one to three of them.</param>
    public static string Mutate(string text, int seed)
    {
        var random = new Random(seed);
        for (var count = random.Next(1, 4); count > 0; count--)
            text = Once(text, random);
        return text;
    }

    private static string Once(string text, Random random)
    {
        var lines = text.Split('\n').ToList();
        var at = random.Next(lines.Count);
        switch (random.Next(12))
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(at, lines[random.Next(lines.Count)]);
                break;
            case 2 or 3 or 4:
                lines[at] = WithValue(lines[at], Values[random.Next(Values.Length)]);
                break;
            case 5:
                // A section loses what is in it.
                var end = at + 1;
                while (end < lines.Count && lines[end].StartsWith(' '))
                    end++;
                lines.RemoveRange(at + 1, end - at - 1);
                break;
            case 6:
                lines[at] = random.Next(2) == 0 ? "  " + lines[at] : lines[at].TrimStart();
                break;
            case 7:
                return text[..random.Next(text.Length + 1)];
            case 8:
                return text.Insert(random.Next(text.Length + 1), Characters[random.Next(Characters.Length)].ToString());
            case 9:
                return text.Length == 0 ? text : text.Remove(random.Next(text.Length), 1);
            case 10:
                return Deep(text, random);
            default:
                (lines[at], var other) = (lines[random.Next(lines.Count)], lines[at]);
                lines.Add(other);
                break;
        }
        return string.Join('\n', lines);
    }

    private static string WithValue(string line, string value)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        var comma = line.TrimEnd().EndsWith(',') ? "," : "";
        return colon < 0 ? value : string.Create(CultureInfo.InvariantCulture, $"{line[..(colon + 1)]} {value}{comma}");
    }

    // Nested beyond what any stack holds, now and then.
    private static string Deep(string text, Random random)
    {
        var depth = random.Next(20) == 0 ? 200_000 : random.Next(60);
        var (open, close) = random.Next(2) == 0 ? ("[", "]") : ("{a: ", "}");
        return $"{text}\nz: {string.Concat(Enumerable.Repeat(open, depth))}{(random.Next(2) == 0 ? string.Concat(Enumerable.Repeat(close, depth)) : "")}";
    }
}
