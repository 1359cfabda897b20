using Hita.Imaging;

namespace Hita.Data;

/// <summary>
/// The images of another source, those of smaller classes several times, so that an epoch shows the classes about as often as
/// each other. The other source stays its owner's.
/// </summary>
public sealed class BalancedSource : IImageSource
{
    private readonly IImageSource _whole;
    private readonly int[] _items;
    private readonly int[] _partStarts;

    /// <summary>Balances a source.</summary>
    /// <param name="whole">The source; it must stay open while this is used.</param>
    /// <param name="balance">
    /// From 0, every image once, to 1, every class as often as the largest; in between a class of n images comes in proportion to
    /// n^(1 − balance).
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The balance is outside 0 to 1.</exception>
    /// <exception cref="Runtime.HitaException">The epoch would be too long to be numbered.</exception>
    public BalancedSource(IImageSource whole, double balance)
    {
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentOutOfRangeException.ThrowIfNegative(balance);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(balance, 1);
        _whole = whole;
        _items = ClassBalance.Repeat(whole.Count, whole.ClassAt, balance);
        _partStarts = [.. whole.PartStarts.Select(FirstPlace)];
    }

    /// <inheritdoc/>
    public string Description => $"{_whole.Description}, balanced to {_items.Length} an epoch";

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => _whole.ClassNames;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => _whole.Notes;

    /// <inheritdoc/>
    public IReadOnlyList<int> PartStarts => _partStarts;

    /// <inheritdoc/>
    public int PartsTogether => _whole.PartsTogether;

    /// <summary>The number in the other source of an image of this one.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    public int IndexInWhole(int index) => _items[index];

    /// <inheritdoc/>
    public int ClassAt(int index) => _whole.ClassAt(_items[index]);

    /// <inheritdoc/>
    public string NameAt(int index) => _whole.NameAt(_items[index]);

    /// <inheritdoc/>
    public Image Read(int index) => _whole.Read(_items[index]);

    /// <summary>Nothing is held; the other source stays open.</summary>
    public void Dispose()
    {
    }

    // The items ascend and every one is there, so that a part begins where its first image first comes.
    private int FirstPlace(int item)
    {
        var place = Array.BinarySearch(_items, item);
        place = place < 0 ? ~place : place;
        while (place > 0 && _items[place - 1] >= item)
            place--;
        return place;
    }
}
