using System.Globalization;
using Hita.Imaging;
using Hita.Materials;

namespace Hita.Data.Sources;

/// <summary>A stretch of the built-in set "materials", rendered anew at each reading.</summary>
public sealed class MaterialsSource : IImageSource
{
    /// <summary>How many scenes a source has unless told: as many as one usually trains on.</summary>
    public const int DefaultCount = 100_000;

    private readonly MaterialsSet _set;

    /// <summary>Creates the source.</summary>
    /// <param name="size">Width and height of the images in pixels, 8 to 2048.</param>
    /// <param name="seed">Which of the endless lists of scenes.</param>
    /// <param name="first">The first scene, 0 or more.</param>
    /// <param name="count">How many scenes, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public MaterialsSource(int size, ulong seed = 0, long first = 0, int count = DefaultCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, MaterialsRenderer.MinimumSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MaterialsRenderer.MaximumSize);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        (Size, First, Count) = (size, first, count);
        _set = new MaterialsSet(seed);
    }

    /// <summary>Width and height of the images in pixels.</summary>
    public int Size { get; }

    /// <summary>The number of the first scene in the endless list.</summary>
    public long First { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public string Description => string.Create(
        CultureInfo.InvariantCulture, $"materials, seed {_set.Seed}, scenes {First} to {First + Count - 1}, {Size}×{Size} pixels");

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => MaterialsSet.ClassNames;

    /// <summary>The scene that an image shows.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    public MaterialsScene SceneAt(int index) => _set.Scene(First + Checked(index));

    /// <inheritdoc/>
    public int ClassAt(int index) => _set.ClassAt(First + Checked(index));

    /// <inheritdoc/>
    public string NameAt(int index) =>
        string.Create(CultureInfo.InvariantCulture, $"materials:{_set.Seed}, scene {First + Checked(index)}");

    /// <inheritdoc/>
    public Image Read(int index)
    {
        var image = new Image(Size, Size);
        MaterialsRenderer.Render(SceneAt(index), Size, image.Pixels);
        return image;
    }

    /// <summary>Nothing is held.</summary>
    public void Dispose()
    {
    }

    private int Checked(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return index;
    }
}
