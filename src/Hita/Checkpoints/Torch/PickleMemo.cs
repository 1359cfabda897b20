namespace Hita.Checkpoints.Torch;

/// <summary>
/// The values that a pickle refers back to. Honest pickles number them in order, which costs little; others are charged for what
/// their numbers cost.
/// </summary>
internal sealed class PickleMemo(string path, AllocationBudget budget)
{
    private readonly Dictionary<uint, object?> _scattered = [];
    private object?[] _inOrder = new object?[64];
    private int _inOrderCount;

    /// <summary>Values kept under different numbers.</summary>
    public uint Count => (uint)(_inOrderCount + _scattered.Count);

    public void Keep(uint number, object? value)
    {
        if (number < _inOrderCount)
        {
            _inOrder[number] = value;
        }
        else if (number == _inOrderCount && !_scattered.ContainsKey(number))
        {
            if (_inOrderCount == _inOrder.Length)
            {
                budget.Charge(16L * _inOrder.Length);
                Array.Resize(ref _inOrder, 2 * _inOrder.Length);
            }
            _inOrder[_inOrderCount++] = value;
        }
        else
        {
            if (!_scattered.ContainsKey(number))
                budget.Charge(72);
            _scattered[number] = value;
        }
    }

    public object? Recall(uint number)
    {
        if (number < _inOrderCount)
            return _inOrder[number];
        return _scattered.TryGetValue(number, out var value) ? value : throw PickleFault.Wrong(path, "it refers back to a value that it never kept");
    }
}
