using Hita.Imaging;

namespace Hita.Data;

/// <summary>Some of the images of another source, in ascending order. The other source stays its owner's.</summary>
public sealed class ImageSubset : IImageSource
{
    private const ulong Purpose = 0x53706C69_00000000;

    private readonly IImageSource _whole;
    private readonly int[] _indices;
    private readonly string _what;
    private readonly Lazy<int[]> _partStarts;

    private ImageSubset(IImageSource whole, int[] indices, string what)
    {
        (_whole, _indices, _what) = (whole, indices, what);
        _partStarts = new Lazy<int[]>(FindPartStarts);
    }

    /// <inheritdoc/>
    public string Description => $"{_what} ({_indices.Length} images) of {_whole.Description}";

    /// <inheritdoc/>
    public int Count => _indices.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => _whole.ClassNames;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => _whole.Notes;

    /// <inheritdoc/>
    public IReadOnlyList<int> PartStarts => _partStarts.Value;

    /// <inheritdoc/>
    public int PartsTogether => _whole.PartsTogether;

    /// <summary>Divides a source into images to train on and images held out, chosen at random.</summary>
    /// <param name="source">The whole; it must stay open while the parts are used.</param>
    /// <param name="count">How many are held out, 1 to one less than there are.</param>
    /// <param name="seed">Decides which; the same seed and number of images hold out the same ones.</param>
    /// <returns>Two sources that share no image.</returns>
    /// <exception cref="ArgumentOutOfRangeException">So many cannot be held out.</exception>
    public static (ImageSubset Training, ImageSubset HeldOut) Split(IImageSource source, int count, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(count, source.Count);
        var chosen = Chosen(source, count, seed);
        var rest = Enumerable.Range(0, source.Count).Except(chosen).ToArray();
        return (new(source, rest, "training part"), new(source, chosen, "held-out part"));
    }

    /// <summary>Images of a source that follow each other.</summary>
    /// <param name="source">The whole; it must stay open while the part is used.</param>
    /// <param name="first">The first image.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The source has no such images.</exception>
    public static ImageSubset Range(IImageSource source, int first, int count)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, source.Count - first);
        return new(source, [.. Enumerable.Range(first, count)], $"part from image {first} on");
    }

    /// <summary>A number of images of a source, chosen at random.</summary>
    /// <param name="source">The whole; it must stay open while the part is used.</param>
    /// <param name="count">How many at most, at least 1.</param>
    /// <param name="seed">Decides which.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public static ImageSubset Limit(IImageSource source, int count, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new(source, Chosen(source, Math.Min(count, source.Count), seed), "part");
    }

    /// <summary>A stretch of a source.</summary>
    /// <param name="source">The whole; it must stay open while the part is used.</param>
    /// <param name="first">The first image.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The stretch is empty or reaches beyond the source.</exception>
    public static ImageSubset Stretch(IImageSource source, int first, int count)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, source.Count - first);
        return new(source, [.. Enumerable.Range(first, count)], $"images {first} to {first + count - 1}");
    }

    /// <summary>The number in the whole of an image of this part.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    public int IndexInWhole(int index) => _indices[index];

    /// <inheritdoc/>
    public int ClassAt(int index) => _whole.ClassAt(_indices[index]);

    /// <inheritdoc/>
    public string NameAt(int index) => _whole.NameAt(_indices[index]);

    /// <inheritdoc/>
    public Image Read(int index) => _whole.Read(_indices[index]);

    /// <summary>Nothing is held; the whole stays open.</summary>
    public void Dispose()
    {
    }

    private static int[] Chosen(IImageSource source, int count, ulong seed)
    {
        var lots = new EpochOrder(source.Count, [], 1, seed ^ Purpose, 0);
        var chosen = new int[count];
        for (var i = 0; i < count; i++)
            chosen[i] = lots.At(i);
        Array.Sort(chosen);
        return chosen;
    }

    private int[] FindPartStarts()
    {
        var starts = _whole.PartStarts;
        var mine = new int[starts.Count];
        for (var i = 0; i < mine.Length; i++)
        {
            var place = Array.BinarySearch(_indices, starts[i]);
            mine[i] = place < 0 ? ~place : place;
        }
        return mine;
    }
}
