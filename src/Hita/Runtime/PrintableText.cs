using System.Globalization;
using System.Text;

namespace Hita.Runtime;

/// <summary>Makes untrusted text harmless where people read it: names of files, classes and columns, texts of images.</summary>
/// <remarks>
/// A terminal obeys control characters: they move the cursor, change colours and titles, and a line break in a name forges a line.
/// Format characters, of which the bidirectional ones are the best known, make a text read otherwise than it is.
/// </remarks>
public static class PrintableText
{
    /// <summary>The text with everything that a terminal obeys, or that is not seen, written as an escape.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="keepLines">Whether line breaks and tabs stay: for a text that is several lines by intent.</param>
    /// <returns>
    /// The text itself where nothing has to be escaped. Line breaks and tabs become <c>\n</c>, <c>\r</c> and <c>\t</c>; other control
    /// characters (C0, DEL, C1), format characters, line and paragraph separators and halves of surrogate pairs become
    /// <c>\u001b</c>, which inside a JSON string means the same text.
    /// </returns>
    public static string Escape(string text, bool keepLines = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        StringBuilder? clean = null;
        for (int at = 0, length; at < text.Length; at += length)
        {
            length = at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
            if (IsHarmless(text, at, keepLines))
            {
                clean?.Append(text, at, length);
                continue;
            }
            clean ??= new StringBuilder(text, 0, at, text.Length + 16);
            for (var i = at; i < at + length; i++)
                AppendEscape(clean, text[i]);
        }
        return clean?.ToString() ?? text;
    }

    /// <summary>Whether characters of a category show as they are: the one list of those that do not.</summary>
    /// <param name="category">A character's category; of a pair of surrogates, that of the whole character.</param>
    internal static bool IsHarmless(UnicodeCategory category) => category is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static bool IsHarmless(string text, int at, bool keepLines)
    {
        if (text[at] is >= ' ' and <= '~')
            return true;
        if (keepLines && (text[at] is '\n' or '\t' || (text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n')))
            return true;
        // Of a pair the whole character counts; half of one is a surrogate.
        return IsHarmless(CharUnicodeInfo.GetUnicodeCategory(text, at));
    }

    private static void AppendEscape(StringBuilder clean, char c)
    {
        switch (c)
        {
            case '\n':
                clean.Append("\\n");
                break;
            case '\r':
                clean.Append("\\r");
                break;
            case '\t':
                clean.Append("\\t");
                break;
            default:
                clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                break;
        }
    }
}
