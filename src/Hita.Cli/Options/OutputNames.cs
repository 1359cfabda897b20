using System.Globalization;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>
/// File names for results: those of the inputs with a word added, so that a result never takes an input's place, and made safe
/// and distinct.
/// </summary>
internal sealed class OutputNames
{
    private const int MaxStemBytes = 180;
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

    /// <summary>A text as a part of a file name: letters, digits, dots, dashes and underscores.</summary>
    public static string Safe(string text)
    {
        var safe = string.Concat(text.Select(static c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-')).Trim('-', '.');
        // Room is left for what follows the name; a letter may take several bytes.
        return safe.Length == 0 ? "image" : FileNameText.Cut(safe[..Math.Min(safe.Length, 100)], MaxStemBytes);
    }
}
