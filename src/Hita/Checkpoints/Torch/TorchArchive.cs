using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>A file that <c>torch.save</c> wrote, in either of its formats: what its pickle holds, and where its storages lie.</summary>
internal abstract class TorchArchive
{
    /// <summary>The longest pickle that is read, in bytes.</summary>
    protected const int MaxPickle = 64 << 20;
    private const int HeadBytes = 32;

    /// <summary>Notes the file; the formats read it.</summary>
    protected TorchArchive(CheckpointBytes file)
    {
        File = file;
        Budget = new AllocationBudget(file.Path, 2 * Math.Min(file.Length, long.MaxValue / 4));
    }

    public CheckpointBytes File { get; }

    public AllocationBudget Budget { get; }

    /// <summary>Whether the storages' numbers have their highest byte first.</summary>
    public bool BigEndian { get; protected init; }

    /// <summary>What the pickle holds.</summary>
    public object? Root { get; protected init; }

    /// <summary>Reads what describes the tensors, and no storage.</summary>
    /// <exception cref="CheckpointException">This is not a whole checkpoint of plain data.</exception>
    public static TorchArchive Read(CheckpointBytes file)
    {
        Span<byte> head = stackalloc byte[(int)Math.Min(file.Length, HeadBytes)];
        file.Read(0, head);
        return TorchLegacyArchive.Begins(head) ? new TorchLegacyArchive(file) : new TorchZipArchive(file);
    }

    /// <summary>Where a storage's bytes start in the file.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="elementSize">Bytes of its elements.</param>
    /// <param name="tensor">A tensor that lies in it, for messages.</param>
    /// <exception cref="CheckpointException">The file does not hold all of it as it is.</exception>
    public abstract long StorageStart(PickleStorage storage, int elementSize, string tensor);

    /// <summary>The sentence about a storage that is not there.</summary>
    protected CheckpointException Lacks(PickleStorage storage, string tensor) =>
        new(File.Path, $"the tensor '{MessageText.Short(tensor)}' lies in the storage '{MessageText.Short(storage.Key)}', which the file lacks; copy or download it again.");
}
