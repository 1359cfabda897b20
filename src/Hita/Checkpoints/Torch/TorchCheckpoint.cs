using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>
/// A checkpoint that <c>torch.save</c> wrote, as a zip file or as PyTorch before 1.6 did. Its pickles are read as plain data and
/// nothing in them is ever run; tensors are read from where they lie, so that a file of any size costs little memory.
/// </summary>
public sealed class TorchCheckpoint : TensorSource
{
    private const int TensorCost = 420;
    private const long OtherDataAllowance = 1 << 20;
    private readonly CheckpointBytes _file;
    private readonly bool _bigEndian;
    private readonly OrderedDictionary<string, TensorEntry> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredTensor> _stored = new(StringComparer.Ordinal);

    private TorchCheckpoint(CheckpointBytes file, WeightSection section)
        : base(file.Path)
    {
        _file = file;
        var archive = TorchArchive.Read(file);
        _bigEndian = archive.BigEndian;
        Summary = CheckpointSummary.Of(archive);
        (Section, var weights) = CheckpointSections.Choose(file.Path, archive.Root, section);
        Ignored = Locate(archive, weights);
    }

    /// <summary>
    /// Where the tensors lie in the checkpoint, for example <c>ema</c> or <c>model.state_dict</c>; empty where the file itself is the
    /// dictionary of tensors.
    /// </summary>
    public string Section { get; }

    /// <summary>What the whole file holds.</summary>
    public CheckpointSummary Summary { get; }

    /// <summary>Names in the section that hold something other than tensors; they are left out.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    /// <summary>Opens a checkpoint and checks the place of every tensor of the section.</summary>
    /// <param name="path">The file.</param>
    /// <param name="section">Which weights to take.</param>
    /// <exception cref="CheckpointException">
    /// It cannot be opened, is damaged, asks for anything but plain data, or has no such weights.
    /// </exception>
    public static TorchCheckpoint Open(string path, WeightSection section = WeightSection.Automatic)
    {
        var file = CheckpointBytes.Open(path);
        try
        {
            return new TorchCheckpoint(file, section);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Tells what a checkpoint holds, even where there are no weights that could be chosen.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be opened, is damaged, or asks for anything but plain data.</exception>
    public static CheckpointSummary Describe(string path)
    {
        using var file = CheckpointBytes.Open(path);
        return CheckpointSummary.Of(TorchArchive.Read(file));
    }

    /// <inheritdoc/>
    protected override unsafe void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination)
    {
        var stored = _stored[entry.Name];
        if (stored.IsContiguous)
            _file.Read(stored.Start + byteOffset, destination);
        else
            Gather(stored, byteOffset, destination);
        if (_bigEndian)
            TensorConversion.Swap(destination, entry.Type.SwapUnit());
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
        base.Dispose(disposing);
    }

    private unsafe void Gather(StoredTensor stored, long byteOffset, Span<byte> destination)
    {
        fixed (byte* target = destination)
        {
            var (start, length) = ((nint)target, destination.Length);
            _file.View(stored.Start, stored.Span, elements => stored.Gather((byte*)elements, byteOffset, new Span<byte>((byte*)start, length)));
        }
    }

    private List<string> Locate(TorchArchive archive, PickleDict weights)
    {
        var ignored = new List<string>();
        // Tensors may share a storage, but a small file may not claim to hold a large model by naming one storage many times.
        var bytesLeft = Math.Min(_file.Length, long.MaxValue / 4) * 2 + OtherDataAllowance;
        foreach (var (key, value) in weights.Items)
        {
            if (key is not string name || value is not PickleTensor tensor)
            {
                archive.Budget.Charge(300);
                ignored.Add(CheckpointSummary.KeyText(key));
                continue;
            }
            archive.Budget.Charge(TensorCost + (8L * tensor.Shape.Length));
            var stored = StoredTensor.Locate(archive, name, tensor);
            bytesLeft -= stored.Entry.ByteLength;
            if (bytesLeft < 0)
                throw new CheckpointException(Path, "the tensors of this file are to hold more than twice the bytes that the file has, so it is refused; save them after .clone().");
            _stored.Add(name, stored);
            _tensors.Add(name, stored.Entry);
        }
        return ignored;
    }
}
