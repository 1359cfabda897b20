using System.Globalization;
using System.Text;

namespace Hita.Runtime;

/// <summary>Untrusted text inside messages: kept short and printable.</summary>
internal static class MessageText
{
    private const int Max = 120;

    /// <summary>The text on one line, cut to a readable length.</summary>
    public static string Short(string text)
    {
        var cut = text.Length > Max ? text[..Max] : text;
        var clean = new StringBuilder(cut.Length);
        foreach (var c in cut)
        {
            var printable = char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            clean.Append(printable ? c : '?');
        }
        return text.Length > Max ? clean.Append('…').ToString() : clean.ToString();
    }

    /// <summary>The first names of a list, and how many more there are.</summary>
    public static string Few(IReadOnlyList<string> names, int shown = 4)
    {
        var first = string.Join(", ", names.Take(shown).Select(Short));
        return names.Count > shown ? $"{first} and {names.Count - shown} more" : first;
    }
}
