using System.Globalization;
using System.Text;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>
/// File names for results: those of the inputs with a word added, so that a result never takes an input's place, and made safe
/// and distinct.
/// </summary>
internal sealed class OutputNames
{
    // Of the 255 bytes that file systems allow: room is left for what comes before and after the name.
    private const int MaxStemBytes = 150;

    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A name that no other result of this command has.</summary>
    /// <param name="wanted">A path or any text; only its last part counts, without its extension.</param>
    /// <param name="ending">What follows the name: a word and the extension, for example <c>-decoded.png</c>.</param>
    public string Next(string wanted, string ending)
    {
        var stem = Safe(Path.GetFileNameWithoutExtension(wanted));
        var name = stem + ending;
        for (var n = 2; !_taken.Add(name); n++)
            name = string.Create(CultureInfo.InvariantCulture, $"{stem}-{n}{ending}");
        return name;
    }

    /// <summary>
    /// A text as a part of a file name: letters, their marks, digits, dots, dashes and underscores, cut so that there is room for what
    /// comes before and after it in the 255 bytes that a name may have.
    /// </summary>
    public static string Safe(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || rune.Value is '.' or '-' or '_' || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark)
                safe.Append(rune.ToString());
            else
                safe.Append('-');
        }
        var cut = FileNameText.Cut(safe.ToString().Trim('-', '.'), MaxStemBytes).Trim('-', '.');
        return cut.Length == 0 ? "image" : cut;
    }
}
