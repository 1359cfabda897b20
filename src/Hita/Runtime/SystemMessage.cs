using System.Globalization;
using System.Text.RegularExpressions;

namespace Hita.Runtime;

/// <summary>The system's own words in sentences for people.</summary>
internal static partial class SystemMessage
{
    /// <summary>
    /// A message of the system without the path that it names: it may be that of a temporary file, and the sentence around it names the
    /// file that is meant.
    /// </summary>
    /// <param name="e">The failure.</param>
    public static string Of(Exception e) => e switch
    {
        FileNotFoundException => "there is no such file",
        DirectoryNotFoundException => "there is no such folder",
        PathTooLongException => "the name is too long",
        UnauthorizedAccessException => "access is denied",
        _ => WithoutPath(e),
    };

    private static string WithoutPath(Exception e) => NamedPath().Replace(e.Message.ReplaceLineEndings(" "), "").Replace("  ", " ", StringComparison.Ordinal).Trim().TrimEnd('.', ':', ' ');

    /// <summary>A number of bytes as people say it, for example <c>1.5 GB</c>.</summary>
    /// <param name="bytes">The number.</param>
    public static string Size(long bytes) => bytes switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, bytes / 1000)} KB"),
    };

    [GeneratedRegex("( ?: ?)?(the (file|path) )?'[^']*'", RegexOptions.CultureInvariant)]
    private static partial Regex NamedPath();
}
