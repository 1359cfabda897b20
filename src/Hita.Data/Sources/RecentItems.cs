namespace Hita.Data.Sources;

/// <summary>Keeps the last few things that were costly to make. Threads that ask for the same one wait for one of them to make it.</summary>
internal sealed class RecentItems<TKey, TItem>(int kept, Func<TKey, TItem> make)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Lazy<TItem>> _items = [];
    private readonly LinkedList<TKey> _order = new();

    /// <summary>The item for a key.</summary>
    public TItem Get(TKey key)
    {
        Lazy<TItem>? item;
        lock (_lock)
        {
            if (_items.TryGetValue(key, out item))
            {
                _order.Remove(key);
            }
            else
            {
                item = new Lazy<TItem>(() => make(key));
                _items.Add(key, item);
            }
            _order.AddFirst(key);
            if (_order.Count > kept)
            {
                _items.Remove(_order.Last!.Value);
                _order.RemoveLast();
            }
        }
        return item.Value;
    }
}
