using System.Buffers.Binary;
using System.Numerics;
using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>
/// The file that <c>torch.save</c> wrote before PyTorch 1.6, and writes since when it is asked to: pickles of a number that marks the
/// format, of its version, of the machine, of the object and of the storages' names; then each storage behind its length.
/// </summary>
internal sealed class TorchLegacyArchive : TorchArchive
{
    private const long Version = 1001;
    private const int StorageCost = 40;
    private const string Anew = "load it in Python and save its tensors anew, with torch.save(model.state_dict(), ...) or as safetensors";

    // The number as pickles hold it, behind the instruction for long integers and its length.
    private static readonly byte[] Mark = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19];
    private static readonly BigInteger MarkNumber = new(Mark.AsSpan(2));

    private readonly Dictionary<string, long> _starts;

    /// <summary>Reads the pickles and the lengths of the storages.</summary>
    /// <exception cref="CheckpointException">This is not a whole checkpoint of plain data.</exception>
    public TorchLegacyArchive(CheckpointBytes file)
        : base(file)
    {
        var pickles = new PickleBytes(file, MaxPickle, Budget);
        if (Plain(PickleReader.Read(pickles, Budget)) is not BigInteger mark || mark != MarkNumber)
            throw PickleFault.Wrong(file.Path, "it does not begin with the number that marks the format");
        if (Plain(PickleReader.Read(pickles, Budget)) is not long version)
            throw PickleFault.Wrong(file.Path, "it does not say the version of the format");
        if (version != Version)
            throw new CheckpointException(file.Path, $"the file is of version {version} of the format of PyTorch before 1.6, and only version {Version} is known; {Anew}.");
        if (Plain(PickleReader.Read(pickles, Budget)) is not PickleDict machine || machine["little_endian"] is not bool littleEndian)
            throw PickleFault.Wrong(file.Path, "it does not say the order of the bytes in numbers");
        if (!littleEndian)
            throw new CheckpointException(file.Path, $"PyTorch before 1.6 wrote this file on a big-endian machine, and such files are not read; {Anew}.");
        var storages = new StorageReferences(file.Path, Budget);
        Root = Plain(PickleReader.Read(pickles, Budget, storages));
        if (Plain(PickleReader.Read(pickles, Budget)) is not PickleList names)
            throw PickleFault.Wrong(file.Path, "it does not list the storages");
        Budget.Charge((long)StorageCost * names.Items.Count);
        _starts = new Dictionary<string, long>(names.Items.Count, StringComparer.Ordinal);
        Locate(names, storages, pickles.Position);
    }

    /// <summary>Whether a file is of this format.</summary>
    /// <param name="head">Its first bytes; 23 are enough.</param>
    public static bool Begins(ReadOnlySpan<byte> head)
    {
        if (head.Length < 2 || head[0] != 0x80 || head[1] is < 2 or > 5)
            return false;
        head = head[2..];
        // Newer protocols say first how long the pickle is.
        if (head.Length > 9 && head[0] == 0x95)
            head = head[9..];
        return head.StartsWith(Mark);
    }

    /// <inheritdoc/>
    public override long StorageStart(PickleStorage storage, int elementSize, string tensor) =>
        _starts.TryGetValue(storage.Key, out var start) ? start + (storage.First * SizeIn(storage)) : throw Lacks(storage, tensor);

    // What frames the tensors is plain data in every honest file.
    private object? Plain(object? value) => CheckpointSections.ForeignName(value) is { } foreign ? throw PickleFault.Asks(File.Path, foreign) : value;

    private static int SizeIn(PickleStorage storage) => storage.Element?.Size ?? 1;

    private void Locate(PickleList names, StorageReferences storages, long at)
    {
        Span<byte> eight = stackalloc byte[sizeof(long)];
        foreach (var name in names.Items)
        {
            if (name is not string key || storages.Find(key) is not { } storage)
                throw PickleFault.Wrong(File.Path, $"it lists a storage that no tensor lies in{(name is string unknown ? $", '{MessageText.Short(unknown)}'" : "")}");
            File.Read(at, eight);
            at += eight.Length;
            var count = BinaryPrimitives.ReadInt64LittleEndian(eight);
            if (count != storage.Count)
                throw new CheckpointException(File.Path, $"the storage '{MessageText.Short(key)}' is to hold {storage.Count} elements and has {count}; the file is damaged, so copy or download it again.");
            if (count > (File.Length - at) / SizeIn(storage))
                throw new CheckpointException(File.Path, $"the file ends within the storage '{MessageText.Short(key)}' of {count} elements; it was cut short, so copy or download it again.");
            if (!_starts.TryAdd(key, at))
                throw PickleFault.Wrong(File.Path, $"it lists the storage '{MessageText.Short(key)}' twice");
            at += count * SizeIn(storage);
        }
    }
}
