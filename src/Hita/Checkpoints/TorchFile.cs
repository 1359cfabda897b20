using Hita.Checkpoints.TorchZip;
using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>
/// A file of <c>torch.save</c>. Its pickle is read by an interpreter that knows the instructions and names weights need, builds
/// inert values and calls nothing; the elements are read where they lie.
/// </summary>
public sealed class TorchFile : TensorSource
{
    private static readonly string[] AutomaticOrder = ["ema", "model", "state_dict", "module"];
    private static readonly string[] ModelOrder = ["model", "module", "state_dict"];

    private readonly TorchArchive _archive;
    private readonly Dictionary<string, TorchTensor> _views = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, TensorEntry> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private TorchFile(TorchArchive archive, WeightSection section)
        : base(archive.Path)
    {
        _archive = archive;
        if (archive.Value is not PickleDict root)
            throw new CheckpointException(Path, $"the file holds {PickleText.Kind(archive.Value)} instead of a dictionary of tensors.");
        var (name, weights) = Choose(root, section);
        Section = name;
        if (name is not null)
            _metadata["section"] = name;
        if (root.Find("steps") is long steps)
            _metadata["steps"] = steps.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Collect(weights);
    }

    /// <summary>The key of the dictionary the tensors were taken from; null where the file itself is that dictionary.</summary>
    public string? Section { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    /// <summary><c>section</c> where a part of the file was chosen, and <c>steps</c> where the file tells them.</summary>
    public override IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Opens the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="section">Which of its weights to take.</param>
    /// <exception cref="CheckpointException">It is not a zip file of torch.save, is damaged, asks for more than weights need, or lacks the section.</exception>
    public static TorchFile Open(string path, WeightSection section = WeightSection.Automatic)
    {
        var archive = TorchArchive.Open(path);
        try
        {
            return new TorchFile(archive, section);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination) =>
        _archive.Read(_views[entry.Name], byteOffset, destination);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _archive.Dispose();
        base.Dispose(disposing);
    }

    private (string? Name, PickleDict Weights) Choose(PickleDict root, WeightSection section)
    {
        string[] order = section switch
        {
            WeightSection.Ema => ["ema"],
            WeightSection.Model => ModelOrder,
            _ => AutomaticOrder,
        };
        foreach (var name in order)
        {
            if (root.Find(name) is PickleDict weights && HasTensors(weights))
                return (name, weights);
        }
        if (section != WeightSection.Ema && HasTensors(root))
            return (null, root);
        var keys = root.Pairs.Select(p => p.Key).OfType<string>().Distinct().Take(20).ToList();
        var there = keys.Count == 0 ? "it has no named parts" : $"its parts are {MessageText.Few(keys, 8)}";
        throw new CheckpointException(Path, section switch
        {
            WeightSection.Ema => $"the file holds no averaged weights (ema), and {there}; ask for the weights as trained (model) or leave the choice out.",
            WeightSection.Model when root.Find("ema") is PickleDict => $"the file holds averaged weights (ema) only, and {there}; ask for ema or leave the choice out.",
            _ => $"the file holds no dictionary of tensors where weights are looked for, and {there}.",
        });
    }

    private static bool HasTensors(PickleDict dict) => dict.Pairs.Any(p => p.Key is string && p.Value is TorchTensor);

    private void Collect(PickleDict weights)
    {
        foreach (var (key, value) in weights.Pairs)
        {
            if (key is not string name || value is not TorchTensor tensor)
                continue;
            var type = tensor.Element.Type;
            var entry = new TensorEntry(name, type, tensor.Shape) { TypeName = tensor.Element.Name };
            if (type == TensorType.Other)
                entry = entry with { ByteLength = entry.Count * tensor.Element.Size };
            if (!_tensors.TryAdd(name, entry))
                throw new CheckpointException(Path, $"the file holds the tensor '{MessageText.Short(name)}' twice.");
            _views.Add(name, tensor);
        }
    }
}
