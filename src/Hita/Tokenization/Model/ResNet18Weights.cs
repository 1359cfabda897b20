using Hita.Checkpoints;
using Hita.Checkpoints.Onnx;
using Hita.Layers;
using Hita.Runtime;

namespace Hita.Tokenization.Model;

/// <summary>
/// Where the weights of ResNet-18 lie: as <c>hita import</c> keeps them, or else in the package of ML.NET that brings them,
/// wherever NuGet has restored it. Nothing is ever fetched by itself.
/// </summary>
public static class ResNet18Weights
{
    /// <summary>The package that brings the weights.</summary>
    public const string PackageName = "Microsoft.ML.DnnImageFeaturizer.ResNet18";

    /// <summary>The package's version that the weights were checked with.</summary>
    public const string PackageVersion = "0.23.1";

    /// <summary>The file's name in the package.</summary>
    public const string OnnxName = "ResNet18.onnx";

    /// <summary>The file's name once it is imported.</summary>
    public const string ImportedName = "resnet18.safetensors";

    /// <summary>The folder of imported encoders. It need not exist.</summary>
    public static string Folder => Path.Combine(CacheFolder.Path, "encoders");

    /// <summary>The weights' file: the imported one, else the package's; null where neither is there.</summary>
    public static string? Find() => FindIn(Folder, PackageFolder);

    /// <summary>The weights' file in given folders.</summary>
    /// <param name="importFolder">The folder of imported encoders.</param>
    /// <param name="packageFolder">NuGet's folder of packages.</param>
    internal static string? FindIn(string importFolder, string packageFolder)
    {
        var imported = Path.Combine(importFolder, ImportedName);
        if (File.Exists(imported))
            return imported;
        var package = Path.Combine(packageFolder, PackageName.ToLowerInvariant());
        if (!Directory.Exists(package))
            return null;
        // The version that is known comes first; another one is held against the known graph when it is opened.
        return Directory.GetDirectories(package)
            .OrderByDescending(static v => Path.GetFileName(v) == PackageVersion).ThenByDescending(static v => v, StringComparer.Ordinal)
            .Select(static v => Path.Combine(v, "tools", "DnnImageModels", "ResNet18Onnx", OnnxName))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Opens the weights under the names that the network has here.</summary>
    /// <param name="file">The package's ONNX file or an imported one; null for <see cref="Find"/>.</param>
    /// <exception cref="HitaException">They are not there (the message says how to get them), or the file is another network's.</exception>
    public static ITensorSource Open(string? file = null)
    {
        var path = file ?? Find() ?? throw new HitaException(Absence);
        return Of(OnnxFile.IsOnnx(path) ? OnnxFile.Open(path) : SafetensorsFile.Open(path));
    }

    /// <summary>The weights of an open file under the names that the network has here.</summary>
    /// <param name="source">The package's ONNX file or an imported one; it becomes part of the result, and is closed where that fails.</param>
    /// <exception cref="HitaException">The file is another network's.</exception>
    internal static ITensorSource Of(ITensorSource source)
    {
        try
        {
            return source is OnnxFile onnx ? ResNet18Onnx.Convert(onnx) : source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>The sentence that says how to get the weights.</summary>
    public static string Absence =>
        $"The ResNet-18 that this needs comes with the package {PackageName}: restore it with 'dotnet package download {PackageName}@{PackageVersion} --output {PackageFolder}', or bring its {OnnxName} in with 'hita import'.";

    /// <summary>The names and shapes of the tensors.</summary>
    internal static IReadOnlyDictionary<string, long[]> Shapes
    {
        get
        {
            using var network = new ResNet18Encoder(Placement.Meta);
            return network.Parameters().ToDictionary(static p => p.Key, static p => p.Value.shape, StringComparer.Ordinal);
        }
    }

    /// <summary>Whether an opened file looks like these weights, in either form.</summary>
    internal static bool Is(ITensorSource source) =>
        source is OnnxFile onnx ? ResNet18Onnx.Is(onnx) : ShapeFit.Has(source.Tensors, "network.conv1.weight", 64, 3, 7, 7) && source.Tensors.ContainsKey("network.mean");

    private static string PackageFolder => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } chosen
        ? chosen
        // Where the home folder is yet to be made, too: the sentence above names the place from anywhere.
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".nuget", "packages");
}
