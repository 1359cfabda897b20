using System.Text.RegularExpressions;
using Hita.Runtime;

namespace Hita.Hub;

/// <summary>A repository on the hub, a revision of it, and a place in it.</summary>
/// <param name="Repository">Owner and name, as in <c>FoundationVision/LlamaGen</c>.</param>
/// <param name="Revision">A branch, a tag or a commit. Default <c>main</c>.</param>
/// <param name="Path">A folder or file in it; empty for all of it.</param>
public sealed partial record HubReference(string Repository, string Revision = "main", string Path = "")
{
    /// <summary>What names of models on the hub begin with where other names are possible.</summary>
    public const string Scheme = "hf:";

    /// <summary>Whether a model's name is one on the hub.</summary>
    /// <param name="name">The name.</param>
    public static bool IsReference(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith(Scheme, StringComparison.Ordinal);
    }

    /// <summary>Reads <c>OWNER/NAME[@REVISION][/PATH]</c>, with <see cref="Scheme"/> before it or without.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="HitaException">It is something else.</exception>
    public static HubReference Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var match = Form().Match(IsReference(text) ? text[Scheme.Length..] : text);
        if (!match.Success || text.Split('/', '@').Any(static part => part is "." or ".."))
        {
            throw new HitaException(
                $"'{PrintableText.Escape(text)}' names no repository of the hub; write OWNER/NAME, or OWNER/NAME@REVISION, as in FoundationVision/LlamaGen.");
        }
        var revision = match.Groups["revision"].Value;
        return new HubReference(match.Groups["repository"].Value, revision.Length > 0 ? revision : "main", match.Groups["path"].Value.TrimEnd('/'));
    }

    /// <inheritdoc/>
    public override string ToString() => Repository + (Revision == "main" ? "" : $"@{Revision}") + (Path.Length > 0 ? $"/{Path}" : "");

    [GeneratedRegex(@"^(?<repository>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(@(?<revision>[\w.-]{1,128}))?(/(?<path>[^\\]*))?$", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex Form();
}
