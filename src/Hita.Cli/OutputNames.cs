using System.Globalization;

namespace Hita.Cli;

/// <summary>File names for results: those of the inputs, made safe and distinct.</summary>
internal sealed class OutputNames
{
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A name that no other result of this command has.</summary>
    /// <param name="wanted">A path or any text; only its last part counts, without its extension.</param>
    /// <param name="extension">With the dot.</param>
    public string Next(string wanted, string extension)
    {
        var stem = Safe(Path.GetFileNameWithoutExtension(wanted));
        var name = stem + extension;
        for (var n = 2; !_taken.Add(name); n++)
            name = string.Create(CultureInfo.InvariantCulture, $"{stem}-{n}{extension}");
        return name;
    }

    /// <summary>A text as a part of a file name: letters, digits, dots, dashes and underscores.</summary>
    public static string Safe(string text)
    {
        var safe = string.Concat(text.Select(static c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-')).Trim('-', '.');
        return safe.Length == 0 ? "image" : safe[..Math.Min(safe.Length, 100)];
    }
}
