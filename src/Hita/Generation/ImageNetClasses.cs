namespace Hita.Generation;

/// <summary>The 1000 classes of ImageNet-1k, which the published generators were trained on.</summary>
public static class ImageNetClasses
{
    private static readonly Lazy<ClassNames> Table = new(Load);

    /// <summary>The names; class 0 is the tench, class 999 toilet tissue.</summary>
    public static ClassNames Names => Table.Value;

    private static ClassNames Load()
    {
        using var stream = typeof(ImageNetClasses).Assembly.GetManifestResourceStream("Hita.ImageNetClasses.txt")!;
        using var reader = new StreamReader(stream);
        return new ClassNames(reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }
}
