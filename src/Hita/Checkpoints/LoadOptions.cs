using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>How a file's tensors are matched with a model's.</summary>
public sealed class LoadOptions
{
    /// <summary>
    /// Gives the target's name for a name in the file; null drops the tensor on purpose. Default: names are equal.
    /// </summary>
    public Func<string, string?> NameMap { get; init; } = static name => name;

    /// <summary>Tells which targets may be left as they are when the file lacks them. Default: none.</summary>
    public Func<string, bool> AllowedMissing { get; init; } = static _ => false;

    /// <summary>Whether infinite values and values that are not numbers are faults. Default: they are.</summary>
    public bool CheckFinite { get; init; } = true;

    /// <summary>
    /// Given the faults, says in a clause without a full stop which option or preset would fit better; null for no advice.
    /// </summary>
    public Func<LoadFaults, string?>? Advice { get; init; }
}

/// <summary>Everything that keeps a file from being loaded. Names are the targets', except where said otherwise.</summary>
public sealed class LoadFaults
{
    /// <summary>Targets the file has nothing for.</summary>
    public List<string> Missing { get; } = [];

    /// <summary>Names in the file that belong to no target.</summary>
    public List<string> Unexpected { get; } = [];

    /// <summary>Tensors of another shape, each as <c>name (is [2], must be [3])</c>.</summary>
    public List<string> Misshapen { get; } = [];

    /// <summary>Tensors of a type that cannot be converted, each with both types.</summary>
    public List<string> WrongTyped { get; } = [];

    /// <summary>Tensors with infinite values or values that are not numbers.</summary>
    public List<string> NonFinite { get; } = [];

    /// <summary>Targets that several names in the file map to.</summary>
    public List<string> Duplicate { get; } = [];

    /// <summary>Number of all faults.</summary>
    public int Count => Missing.Count + Unexpected.Count + Misshapen.Count + WrongTyped.Count + NonFinite.Count + Duplicate.Count;

    /// <summary>One clause that counts each kind of fault and names the first few of it.</summary>
    public string Describe()
    {
        var parts = new List<string>();
        Add(Missing, "is missing", "are missing");
        Add(Unexpected, "is not expected", "are not expected");
        Add(Misshapen, "has the wrong shape", "have the wrong shape");
        Add(WrongTyped, "has the wrong type", "have the wrong type");
        Add(NonFinite, "holds values that are not finite", "hold values that are not finite");
        Add(Duplicate, "is given more than once", "are given more than once");
        return string.Join("; ", parts);

        void Add(List<string> names, string one, string many)
        {
            if (names.Count > 0)
                parts.Add($"{names.Count} {(names.Count == 1 ? $"tensor {one}" : $"tensors {many}")} ({MessageText.Few(names)})");
        }
    }
}

/// <summary>What a load did.</summary>
/// <param name="LoadedCount">Tensors copied.</param>
/// <param name="ByteCount">Bytes read from the file.</param>
/// <param name="Dropped">Names in the file that were left out on purpose.</param>
/// <param name="LeftAsIs">Targets that the file lacks and that were allowed to be missing.</param>
/// <param name="ConvertedCount">Tensors whose type was converted.</param>
public sealed record LoadReport(int LoadedCount, long ByteCount, IReadOnlyList<string> Dropped, IReadOnlyList<string> LeftAsIs, int ConvertedCount);

/// <summary>How far a load has come.</summary>
/// <param name="DoneBytes">Bytes of the file gone through.</param>
/// <param name="TotalBytes">Bytes to go through; each tensor counts twice where values are checked before anything is copied.</param>
/// <param name="Name">The tensor at work.</param>
public readonly record struct LoadProgress(long DoneBytes, long TotalBytes, string Name);
