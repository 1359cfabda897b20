using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>A weight file under the names that its tensors had before wrappers of PyTorch changed them.</summary>
internal sealed class UnwrappedTensors : TensorSource
{
    private readonly OrderedDictionary<string, TensorEntry> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _original = new(StringComparer.Ordinal);
    private readonly string[] _notes;

    private UnwrappedTensors(ITensorSource inner, IReadOnlyList<string?> names, IReadOnlyList<string> removed)
        : base(inner.Path)
    {
        Inner = inner;
        var outside = new List<string>();
        foreach (var (entry, name) in inner.Tensors.Values.Zip(names))
        {
            if (name is null)
            {
                outside.Add(entry.Name);
                continue;
            }
            _tensors.Add(name, entry with { Name = name });
            _original.Add(name, entry.Name);
        }
        var parts = string.Join(" and ", removed.Select(static p => $"'{p}'"));
        _notes = [.. inner.Notes, $"{parts} {(removed.Count == 1 ? "was" : "were")} removed from the names of {_tensors.Count} tensors, where a wrapper of the training program had put {(removed.Count == 1 ? "it" : "them")}."];
        if (outside.Count > 0)
            _notes = [.. _notes, $"{outside.Count} {(outside.Count == 1 ? "tensor that lies" : "tensors that lie")} outside of it {(outside.Count == 1 ? "was" : "were")} left out: {MessageText.Few(outside)}."];
    }

    /// <summary>The file as it is.</summary>
    public ITensorSource Inner { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata => Inner.Metadata;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes => _notes;

    /// <summary>The file itself where no wrapper shows in its names, else the file without them; it owns the file.</summary>
    public static ITensorSource Of(ITensorSource file) => WrapperNames.Unwrap([.. file.Tensors.Keys]) is var (names, removed) ? new UnwrappedTensors(file, names, removed) : file;

    /// <inheritdoc/>
    protected override void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination) => Inner.ReadPart(_original[entry.Name], byteOffset, destination);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Inner.Dispose();
        base.Dispose(disposing);
    }
}
