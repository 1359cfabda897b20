using System.Globalization;
using System.Text;

namespace Hita.Runtime;

/// <summary>Texts, such as the names of classes, as parts of names of files and folders.</summary>
public static class FileNameText
{
    /// <summary>Bytes in UTF-8 that every usual file system allows in one name.</summary>
    public const int MaxNameBytes = 255;

    // What some systems do not allow anywhere in a name, besides what cannot be seen.
    private const string Forbidden = "/\\:*?\"<>|";

    private static readonly string[] Devices = ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(1, 9).SelectMany(static n => (string[])[$"COM{n}", $"LPT{n}"])];

    /// <summary>A text cut to a length in bytes, between two characters as a reader sees them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxBytes">Bytes in UTF-8 that it may take, at least 0.</param>
    /// <returns>As much of its start as fits.</returns>
    public static string Cut(string text, int maxBytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        if (Encoding.UTF8.GetByteCount(text) <= maxBytes)
            return text;
        var (kept, bytes) = (0, 0);
        while (kept < text.Length)
        {
            var length = StringInfo.GetNextTextElementLength(text, kept);
            bytes += Encoding.UTF8.GetByteCount(text.AsSpan(kept, length));
            if (bytes > maxBytes)
                break;
            kept += length;
        }
        return text[..kept];
    }

    /// <summary>A text as a name that every usual system allows and that shows as it is: without separators, control characters and marks that turn the direction of writing.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxBytes">Bytes in UTF-8 that it may take; those that every file system allows unless given.</param>
    /// <returns>The name; empty where nothing is left.</returns>
    public static string Safe(string text, int maxBytes = MaxNameBytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            // A lone half of a character comes as the replacement character.
            var category = Rune.GetUnicodeCategory(rune);
            var isShown = PrintableText.IsHarmless(category) && category is not (UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned) && rune != Rune.ReplacementChar;
            safe.Append(isShown && !(rune.IsAscii && Forbidden.Contains((char)rune.Value)) ? rune.ToString() : "_");
        }
        var name = Cut(safe.ToString().Trim().TrimStart('.'), maxBytes).TrimEnd(' ', '.');
        return Devices.Contains(name.Split('.')[0], StringComparer.OrdinalIgnoreCase) ? Cut($"_{name}", maxBytes) : name;
    }
}
