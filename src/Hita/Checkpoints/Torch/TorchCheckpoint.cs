using Hita.Models;
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

    // What torch calls that which a module keeps beside its tensors.
    private const string ExtraState = "_extra_state";
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
        (Ignored, Repeating) = Locate(archive, weights);
        Notes = Tell();
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

    /// <summary>
    /// Names in the section of tensors that repeat a few stored values, as one that was expanded does; they are left out, because a
    /// model's weights are never stored so and a small file could claim any size.
    /// </summary>
    public IReadOnlyList<string> Repeating { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes { get; }

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

    /// <summary>The checkpoint that an opened file is; null for files of other kinds.</summary>
    /// <param name="source">The file, as <see cref="WeightFile"/> opens it.</param>
    public static TorchCheckpoint? Of(ITensorSource source) => source as TorchCheckpoint ?? (source as UnwrappedTensors)?.Inner as TorchCheckpoint;

    private List<string> Tell()
    {
        var notes = new List<string>();
        if (Summary.Skipped.Count > 0)
        {
            var parts = Summary.Skipped.Select(static p => $"{p.Name} ({MessageText.Few(p.Kinds, 3)})").ToList();
            notes.Add($"Parts that are not plain data were left out and not run: {string.Join(", ", parts.Take(6))}{(parts.Count > 6 ? $" and {parts.Count - 6} more" : "")}.");
        }
        if (Repeating.Count > 0)
            notes.Add($"{MessageText.Few(Repeating)} {(Repeating.Count == 1 ? "repeats" : "repeat")} a few stored values, as expanded buffers do, and {(Repeating.Count == 1 ? "was" : "were")} left out.");
        return notes;
    }

    private (List<string> Ignored, List<string> Repeating) Locate(TorchArchive archive, PickleDict weights)
    {
        var (ignored, repeating) = (new List<string>(), new List<string>());
        // Tensors may share a storage, but a small file may not claim to hold a large model by naming one storage many times.
        var bytesLeft = Math.Min(_file.Length, long.MaxValue / 4) * 2 + OtherDataAllowance;
        foreach (var (key, value) in weights.Items)
        {
            if (CheckpointSections.ForeignName(value) is { } foreign && !(key is string extra && extra.EndsWith(ExtraState, StringComparison.Ordinal)))
                throw PickleFault.Asks(Path, foreign);
            if (key is not string name || value is not PickleTensor tensor)
            {
                archive.Budget.Charge(300);
                ignored.Add(CheckpointSummary.KeyText(key));
                continue;
            }
            archive.Budget.Charge(TensorCost + (8L * tensor.Shape.Length));
            if (StoredTensor.Locate(archive, name, tensor) is not { } stored)
            {
                repeating.Add(name);
                continue;
            }
            bytesLeft -= stored.Entry.ByteLength;
            if (bytesLeft < 0)
                throw new CheckpointException(Path, "the tensors of this file are to hold more than twice the bytes that the file has, so it is refused; save them after .clone().");
            _stored.Add(name, stored);
            _tensors.Add(name, stored.Entry);
        }
        if (_tensors.Count == 0 && repeating.Count > 0)
            throw new CheckpointException(Path, $"the tensor '{MessageText.Short(repeating[0])}' repeats a few stored elements many times, and the file holds no other; save it after .contiguous().");
        return (ignored, repeating);
    }
}
