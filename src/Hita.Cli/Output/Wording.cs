using System.Globalization;
using Hita.Models;

namespace Hita.Cli.Output;

/// <summary>How commands write numbers and kinds.</summary>
internal static class Wording
{
    /// <summary><c>950</c>, <c>12.3 thousand</c>, <c>104.2 million</c>, <c>2.25 billion</c>.</summary>
    public static string Count(long count) => count switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.00} billion"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.0} million"),
        >= 10_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e3:0.0} thousand"),
        _ => count.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Bytes: <c>3 KB</c>, <c>6.9 MB</c>, <c>1.5 GB</c>.</summary>
    public static string Size(long bytes) => bytes switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(bytes + 999) / 1000} KB"),
    };

    /// <summary>A kind of model in words.</summary>
    public static string Of(ModelKind kind) => kind switch
    {
        ModelKind.Tokenizer => "tokenizer",
        ModelKind.Generator => "generator",
        ModelKind.SemanticEncoder => "semantic encoder",
        ModelKind.ResNet18 => "ResNet-18",
        ModelKind.Inception => "Inception-v3 of FID",
        ModelKind.Vgg16 => "VGG16 of LPIPS",
        ModelKind.LpipsHeads => "heads of LPIPS",
        ModelKind.Dino => "DINO vision transformer",
        _ => "file of unknown kind",
    };

    /// <summary>A number with the right noun: <c>1 image</c>, <c>2 images</c>.</summary>
    public static string Of(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    /// <summary>Decibels with two digits.</summary>
    public static string Decibels(double value) =>
        double.IsInfinity(value) ? "exact" : value.ToString("0.00", CultureInfo.InvariantCulture);
}
