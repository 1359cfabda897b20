using System.Globalization;

namespace Hita.Runtime;

/// <summary>Says why a native library does not load.</summary>
internal static class NativeLoadFault
{
    private const string Limits = "/proc/self/limits";

    // How the system's loader begins and ends when it finds no room for a library.
    private static readonly string[] NoRoom = ["failed to map segment", "annot allocate memory", "out of memory"];

    /// <summary>The sentence about a library that does not load.</summary>
    /// <param name="path">The library.</param>
    /// <param name="fault">What was thrown; behind its first line stand the loader's own words.</param>
    public static HitaException Explain(string path, Exception fault) => new(Sentence(path, fault.Message, AddressSpace()), fault);

    /// <summary>The sentence about a library that does not load.</summary>
    /// <param name="path">The library.</param>
    /// <param name="message">What was thrown.</param>
    /// <param name="limit">Bytes of address space that the process may use; null where they are not limited.</param>
    internal static string Sentence(string path, string message, long? limit)
    {
        var lines = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (Array.Exists(NoRoom, words => message.Contains(words, StringComparison.OrdinalIgnoreCase)) && limit is { } bytes)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"The memory limit of this process is too low to load {Path.GetFileName(path)} ({bytes / 1e6:0} MB of address space, set with ulimit -v or by a batch system): lift it (ulimit -v unlimited) or raise it to 8 GB or more.");
        }
        var reason = lines.Skip(1).FirstOrDefault(l => l.StartsWith(path, StringComparison.Ordinal)) is { } own ? own[path.Length..].TrimStart(':', ' ') : lines.FirstOrDefault() ?? "no reason is given";
        return $"The native library {path} does not load on this system: {reason.TrimEnd('.', ':')}.";
    }

    // Null where the limit is none, or where the system does not tell.
    private static long? AddressSpace()
    {
        try
        {
            var line = File.ReadLines(Limits).FirstOrDefault(static l => l.StartsWith("Max address space", StringComparison.Ordinal));
            return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..] && long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
