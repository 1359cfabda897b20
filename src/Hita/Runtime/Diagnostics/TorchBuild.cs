using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Hita.Runtime.Diagnostics;

/// <summary>What the loaded native library says about how it was built.</summary>
/// <remarks>
/// The managed package knows only the version it was made for. The native library exports a function that describes its build
/// as text; it returns a C++ string, whose layout is known for the GNU library on x64 and nowhere else attempted.
/// </remarks>
internal static partial class TorchBuild
{
    private const string Function = "_ZN2at11show_configB5cxx11Ev"; // std::string at::show_config()

    /// <summary>The description, or null where it cannot be had.</summary>
    /// <param name="libraryPath">The full path of the loaded library.</param>
    public static unsafe string? Describe(string? libraryPath)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 || libraryPath is null ||
            !NativeLibrary.TryLoad(libraryPath, out var library) ||
            !NativeLibrary.TryGetExport(library, Function, out var address))
            return null;

        // A class returned by value: the caller passes the place for it as the first argument. The text is left to the process's
        // end, because it must be freed by the C++ library that allocated it.
        var text = stackalloc nint[4]; // pointer, length, 16 bytes for short texts
        ((delegate* unmanaged<nint*, void>)address)(text);
        return text[1] is > 0 and < 1 << 20 ? Encoding.UTF8.GetString((byte*)text[0], (int)text[1]) : null;
    }

    /// <summary>The version in a description, for example <c>2.10.0</c>.</summary>
    public static string? Version(string? description) => Group(VersionPattern(), description);

    /// <summary>The vector instructions in a description, for example <c>AVX2</c>.</summary>
    public static string? KernelInstructions(string? description) => Group(CapabilityPattern(), description);

    private static string? Group(Regex pattern, string? text) =>
        text is not null && pattern.Match(text) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"\bTORCH_VERSION=([0-9][^,\s]*)")]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"CPU capability usage: (\S+)")]
    private static partial Regex CapabilityPattern();
}
