using System.Buffers;
using System.Text;

namespace Hita.Runtime;

/// <summary>Untrusted text inside messages: kept short and printable.</summary>
internal static class MessageText
{
    private const int Max = 120;

    /// <summary>The text on one line, cut to a readable length.</summary>
    public static string Short(string text)
    {
        var length = text.Length <= Max ? text.Length : char.IsHighSurrogate(text[Max - 1]) ? Max - 1 : Max;
        var clean = new StringBuilder(length);
        for (var rest = text.AsSpan(0, length); !rest.IsEmpty;)
        {
            var isWhole = Rune.DecodeFromUtf16(rest, out var rune, out var used) == OperationStatus.Done;
            if (isWhole && PrintableText.IsHarmless(Rune.GetUnicodeCategory(rune)))
                clean.Append(rest[..used]);
            else
                clean.Append('?');
            rest = rest[used..];
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
