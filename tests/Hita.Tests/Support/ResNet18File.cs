using Hita.Tokenization.Model;

namespace Hita.Tests.Support;

/// <summary>The weights of ResNet-18 in NuGet's folder of packages.</summary>
internal static class ResNet18File
{
    /// <summary>The ONNX file; the test is skipped where the package is not restored.</summary>
    public static string Path()
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } chosen
            ? chosen
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var found = ResNet18Weights.FindIn("", packages);
        Assert.SkipUnless(found is not null, $"needs the package {ResNet18Weights.PackageName} {ResNet18Weights.PackageVersion}, which is not restored");
        return found!;
    }
}
