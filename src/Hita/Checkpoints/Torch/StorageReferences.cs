using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>
/// The storages that a pickle refers to. In files of PyTorch before 1.6 it alone says how long their elements are, and storages
/// may lie in others.
/// </summary>
internal sealed class StorageReferences(string path, AllocationBudget budget)
{
    private const int Cost = 120;
    private const int ViewCost = 48;
    private readonly Dictionary<string, PickleStorage> _whole = new(StringComparer.Ordinal);

    /// <summary>The whole storage of a name; null where the pickle has none of it.</summary>
    public PickleStorage? Find(string key) => _whole.GetValueOrDefault(key);

    /// <summary>Notes a reference.</summary>
    /// <param name="whole">The storage as it stands in the file.</param>
    /// <param name="view">Its part that is meant, as the pickle says it; null for all of it.</param>
    /// <returns>The storage that is meant.</returns>
    /// <exception cref="Runtime.CheckpointException">It contradicts an earlier reference, or is no part of the storage.</exception>
    public PickleStorage Note(PickleStorage whole, object? view)
    {
        if (!_whole.TryGetValue(whole.Key, out var known))
        {
            budget.Charge(Cost);
            _whole.Add(whole.Key, known = whole);
        }
        if (known.Element != whole.Element || known.Count != whole.Count)
            throw PickleFault.Wrong(path, $"it describes the storage '{MessageText.Short(whole.Key)}' in two different ways");
        if (view is null)
            return known;
        if (view is not PickleTuple { Items: [string, long first, long count] } || first < 0 || count < 0 || first > whole.Count - count)
            throw PickleFault.Wrong(path, $"it refers to a part of the storage '{MessageText.Short(whole.Key)}' that does not lie in it");
        budget.Charge(ViewCost);
        return whole with { First = first, Count = count };
    }
}
