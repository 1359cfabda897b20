using System.Globalization;
using Hita.Data;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Training.Recipes;

namespace Hita.Evaluation.Classification;

/// <summary>What a classifier is trained on and judged by, by name, with the sets that were opened for it.</summary>
public sealed class ClassifierImages : IDisposable
{
    private readonly IReadOnlyList<IImageSource> _sources;

    private ClassifierImages(ClassifierData data, IReadOnlyList<IImageSource> sources) => (Data, _sources) = (data, sources);

    /// <summary>The images.</summary>
    public ClassifierData Data { get; }

    /// <summary>Opens sets of images; the built-in set has no end where only its seed is named.</summary>
    /// <param name="path">The images to learn from: a set as every command takes it, or <c>materials</c>, <c>materials:SEED</c>.</param>
    /// <param name="heldOut">The images that judge, named likewise; a tenth of the others where null.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <exception cref="HitaException">There are none, or the two do not fit each other.</exception>
    public static ClassifierImages Open(string path, string? heldOut, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (EndlessSeed(path) is { } seed)
        {
            return heldOut is null
                ? new ClassifierImages(ClassifierData.Materials(ImageClassifier.InputSize, seed), [])
                : throw new HitaException($"--held-out does not go with {path}, of which scenes of another seed are held out; leave it out.");
        }
        var opened = new List<IImageSource>();
        try
        {
            foreach (var set in heldOut is null ? (ReadOnlySpan<string>)[path] : [path, heldOut])
                opened.Add(OpenSet(set, cancellation));
            var data = heldOut is null
                ? ClassifierData.From(opened[0], ImageClassifier.InputSize)
                : ClassifierData.From(opened[0], opened[1], ImageClassifier.InputSize);
            return new ClassifierImages(data, opened);
        }
        catch
        {
            opened.ForEach(static s => s.Dispose());
            throw;
        }
    }

    /// <summary>Opens a set of images to learn from, where those that judge are open already.</summary>
    /// <param name="path">The images to learn from; not the endless built-in set.</param>
    /// <param name="heldOut">The images that judge; they stay the caller's, and must outlive these.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <exception cref="HitaException">There are none, or the two do not fit each other.</exception>
    public static ClassifierImages OpenJudgedBy(string path, IImageSource heldOut, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(heldOut);
        var source = OpenSet(path, cancellation);
        try
        {
            return new ClassifierImages(ClassifierData.From(source, heldOut, ImageClassifier.InputSize), [source]);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Open"/>, on another thread.</summary>
    /// <inheritdoc cref="Open" path="/param"/>
    /// <inheritdoc cref="Open" path="/exception"/>
    public static Task<ClassifierImages> OpenAsync(string path, string? heldOut, CancellationToken cancellation = default) =>
        Background.Run(() => Open(path, heldOut, cancellation), cancellation);

    /// <summary>As <see cref="OpenJudgedBy"/>, on another thread.</summary>
    /// <inheritdoc cref="OpenJudgedBy" path="/param"/>
    /// <inheritdoc cref="OpenJudgedBy" path="/exception"/>
    public static Task<ClassifierImages> OpenJudgedByAsync(string path, IImageSource heldOut, CancellationToken cancellation = default) =>
        Background.Run(() => OpenJudgedBy(path, heldOut, cancellation), cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var source in _sources)
            source.Dispose();
    }

    private static IImageSource OpenSet(string path, CancellationToken cancellation) => ImageSources.Open(
        path, new ImageSourceOptions { Decoding = ImageDecodeOptions.Photo, MaterialsSize = ImageClassifier.InputSize }, cancellation);

    private static ulong? EndlessSeed(string path) =>
        path == DataSection.Materials ? 0
        : path.StartsWith(DataSection.Materials + ":", StringComparison.Ordinal)
            && ulong.TryParse(path[(DataSection.Materials.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed
        : null;
}
