using System.Runtime.InteropServices;

namespace Hita.Runtime;

/// <summary>
/// Where native libraries lie, and what a program's project must name to bring them: the library's own packages are managed
/// ones, so that each program chooses its libtorch.
/// </summary>
internal static class NativePackages
{
    /// <summary>The version of SkiaSharp's native library that fits the managed one.</summary>
    public const string SkiaVersion = "2.88.9";

    /// <summary>The folders in which the runtime looks for native libraries, the most likely first.</summary>
    public static IEnumerable<string> SearchFolders()
    {
        var listed = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        var folders = listed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var app = AppContext.BaseDirectory;
        return folders.Append(app).Append(Path.Combine(app, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"))
            .Append(Path.Combine(app, "runtimes", "linux-x64", "native"))
            .Distinct(StringComparer.Ordinal);
    }

    /// <summary>The path of a library in these folders, or null where none holds it.</summary>
    public static string? Find(string fileName, IEnumerable<string> folders) =>
        folders.Select(f => Path.Combine(f, fileName)).FirstOrDefault(File.Exists);

    /// <summary>What to say where native libraries are not there: one sentence, with a command for each that is missing.</summary>
    /// <param name="folders">Where they were looked for.</param>
    /// <param name="platform">A runtime identifier: <c>linux-x64</c>, <c>win-x64</c>, <c>osx-arm64</c>.</param>
    /// <param name="inner">What failed, where something did.</param>
    public static MissingLibraryException Missing(IEnumerable<string> folders, string platform, Exception? inner = null)
    {
        var places = folders.ToList();
        List<string> names = [];
        List<string> commands = [];
        if (Find(TorchFile(platform), places) is null)
        {
            names.Add("libtorch");
            if (Backend(platform) is { } package)
                commands.Add($"dotnet add package {package}");
        }
        if (Find(SkiaFile(platform), places) is null)
        {
            names.Add("SkiaSharp's native library");
            // A backend brings both; alone, it is missing where a libtorch of the user's own is in use.
            if (commands.Count == 0 && SkiaPackage(platform) is { } package)
                commands.Add($"dotnet add package {package} --version {SkiaVersion}");
        }
        var way = commands.Count == 0
            ? $"no package brings it for {platform}"
            : $"run {string.Join(" and ", commands.Select(c => $"'{c}'"))} in its project and build it again";
        if (names.Contains("libtorch") && platform.StartsWith("linux", StringComparison.Ordinal))
            way += $" (or name a libtorch that is there already with {TorchLibrary.Variable}; hita itself takes --libtorch)";
        return new MissingLibraryException($"This program comes without {string.Join(" and without ", names)}: {way}.", commands, inner);
    }

    /// <summary>This process's platform as the packages name it.</summary>
    public static string Platform { get; } =
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux") + "-" +
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    /// <summary>The file by which a libtorch is known.</summary>
    public static string TorchFile(string platform) => FileName("torch_cpu", platform);

    /// <summary>The file of SkiaSharp's native library; on Windows too it begins with "lib".</summary>
    public static string SkiaFile(string platform) =>
        platform.StartsWith("win", StringComparison.Ordinal) ? "libSkiaSharp.dll" : FileName("SkiaSharp", platform);

    private static string FileName(string name, string platform) => platform[..platform.IndexOf('-', StringComparison.Ordinal)] switch
    {
        "win" => $"{name}.dll",
        "osx" => $"lib{name}.dylib",
        _ => $"lib{name}.so",
    };

    // The packages in packaging/; for other platforms libtorch is not published.
    private static string? Backend(string platform) => platform switch
    {
        "linux-x64" => "Hita.Backend.Cpu.Linux",
        "win-x64" => "Hita.Backend.Cpu.Windows",
        "osx-arm64" => "Hita.Backend.Cpu.MacOS",
        _ => null,
    };

    // The other platforms' come with the managed package.
    private static string? SkiaPackage(string platform) => platform.StartsWith("linux", StringComparison.Ordinal)
        ? "SkiaSharp.NativeAssets.Linux.NoDependencies"
        : platform.StartsWith("win", StringComparison.Ordinal) ? "SkiaSharp.NativeAssets.Win32" : "SkiaSharp.NativeAssets.macOS";
}
