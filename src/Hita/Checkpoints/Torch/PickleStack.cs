namespace Hita.Checkpoints.Torch;

/// <summary>The interpreter's stack with its marks, growing only as the budget allows.</summary>
internal sealed class PickleStack(string path, AllocationBudget budget)
{
    private const int MaxMarks = 10_000;
    private readonly List<int> _marks = [];
    private object?[] _items = new object?[64];
    private int _count;

    public void Push(object? value)
    {
        if (_count == _items.Length)
        {
            budget.Charge(16L * _items.Length);
            Array.Resize(ref _items, 2 * _items.Length);
        }
        _items[_count++] = value;
    }

    public object? Pop()
    {
        RefuseEmpty();
        var value = _items[--_count];
        _items[_count] = null;
        return value;
    }

    public object? Peek()
    {
        RefuseEmpty();
        return _items[_count - 1];
    }

    public void Mark()
    {
        if (_marks.Count == MaxMarks)
            throw PickleFault.Wrong(path, $"it is nested more than {MaxMarks} deep");
        _marks.Add(_count);
    }

    /// <summary>Removes everything above the last mark, and the mark. The result is valid until the next push.</summary>
    public ReadOnlySpan<object?> PopToMark()
    {
        if (_marks.Count == 0)
            throw PickleFault.Wrong(path, "it closes a group that it never opened");
        var start = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        var items = _items.AsSpan(start, _count - start);
        _count = start;
        return items;
    }

    /// <summary>Removes the last few values. The result is valid until the next push.</summary>
    public ReadOnlySpan<object?> Pop(int count)
    {
        if (_count - Floor < count)
            throw PickleFault.Wrong(path, "it takes more values than it has put down");
        _count -= count;
        return _items.AsSpan(_count, count);
    }

    // Nothing below an open mark may be reached: torch's own reader keeps such groups apart too.
    private int Floor => _marks.Count == 0 ? 0 : _marks[^1];

    private void RefuseEmpty()
    {
        if (_count <= Floor)
            throw PickleFault.Wrong(path, "it takes more values than it has put down");
    }
}
