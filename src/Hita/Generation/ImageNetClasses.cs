namespace Hita.Generation;

/// <summary>The 1000 classes of ImageNet-1k, which the published generators were trained on.</summary>
public static class ImageNetClasses
{
    private static readonly Lazy<string[]> Table = new(Load);
    private static readonly Lazy<ClassNames> Lookup = new(() => ClassNames.Default(Table.Value.Length));

    /// <summary>A line a class, synonyms separated by ", ": class 0 is the tench, class 999 toilet tissue.</summary>
    public static IReadOnlyList<string> Lines => Table.Value;

    /// <summary>The names, to look classes up.</summary>
    public static ClassNames Names => Lookup.Value;

    private static string[] Load()
    {
        using var stream = typeof(ImageNetClasses).Assembly.GetManifestResourceStream("Hita.ImageNetClasses.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
