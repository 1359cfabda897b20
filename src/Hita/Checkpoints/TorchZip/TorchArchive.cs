using System.IO.Compression;
using System.Text;
using Hita.Runtime;

namespace Hita.Checkpoints.TorchZip;

/// <summary>A file of <c>torch.save</c>: the values of its pickle, and access to the elements of its storages.</summary>
internal sealed class TorchArchive : IDisposable
{
    private const long SmallAllowance = 1 << 20;

    private readonly CheckpointBytes _file;
    private readonly ZipDirectory _zip;
    private readonly string _root;
    private readonly bool _bigEndian;
    private readonly Dictionary<string, long> _starts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DeflatedEntry> _deflated = new(StringComparer.Ordinal);

    private TorchArchive(CheckpointBytes file, ZipDirectory zip, string root, AllocationBudget budget)
    {
        _file = file;
        _zip = zip;
        _root = root;
        RefuseBombs();
        _bigEndian = ReadByteOrder();
        Value = ReadPickle(budget);
    }

    /// <summary>What was saved.</summary>
    public object? Value { get; }

    public string Path => _file.Path;

    public long Length => _file.Length;

    /// <summary>Opens the file and reads its pickle.</summary>
    /// <exception cref="CheckpointException">It is not a zip file of torch.save, is damaged, or asks for more than weights need.</exception>
    public static TorchArchive Open(string path)
    {
        var file = CheckpointBytes.Open(path);
        try
        {
            var budget = new AllocationBudget(path, 2 * Math.Min(file.Length, long.MaxValue / 8));
            var zip = ZipDirectory.Read(file, budget);
            return new TorchArchive(file, zip, FindRoot(path, zip), budget);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a part of a tensor's elements in row-major order, as little-endian bytes.</summary>
    public void Read(TorchTensor tensor, long byteOffset, Span<byte> destination)
    {
        var entry = Record(tensor.Storage.Key)!;
        var size = tensor.Element.Size;
        if (tensor.IsContiguous)
            ReadEntry(entry, (tensor.Offset * size) + byteOffset, destination);
        else
            ReadStrided(entry, tensor, byteOffset / size, destination);
        if (_bigEndian)
            TensorConversion.Swap(destination, tensor.Element.Type.SwapUnit());
    }

    public void Dispose()
    {
        foreach (var entry in _deflated.Values)
            entry.Dispose();
        _file.Dispose();
    }

    private static string FindRoot(string path, ZipDirectory zip)
    {
        string? root = null;
        foreach (var name in zip.Entries.Keys)
        {
            if (name != "data.pkl" && !(name.EndsWith("/data.pkl", StringComparison.Ordinal) && name.Count(c => c == '/') == 1))
                continue;
            if (root is not null)
                throw new CheckpointException(path, "the zip file holds two saved objects, and torch.save writes one.");
            root = name[..^"data.pkl".Length];
        }
        if (zip.Entries.Keys.Any(n => n.EndsWith("/constants.pkl", StringComparison.Ordinal) || n.Contains("/code/", StringComparison.Ordinal)))
            throw new CheckpointException(path, "this is a TorchScript program, not weights; load it in Python and save its state_dict() with torch.save.");
        if (root is null && zip.Entries.Keys.Any(n => n.EndsWith(".npy", StringComparison.Ordinal)))
            throw new CheckpointException(path, "this is a NumPy archive, not a file of torch.save; save the arrays as safetensors instead.");
        return root ?? throw new CheckpointException(path, "this is a zip file, but not one that torch.save wrote (it has no data.pkl).");
    }

    // torch.save stores its parts as they are. Files that were zipped again are read too, as long as they do not blow up.
    private void RefuseBombs()
    {
        var unpacked = 0L;
        foreach (var entry in _zip.Entries.Values.Where(e => e.Deflated))
        {
            unpacked = unpacked > long.MaxValue - entry.Length ? long.MaxValue : unpacked + entry.Length;
            if (unpacked / 2 > _file.Length + SmallAllowance)
                throw new CheckpointException(Path, "the zip file claims to unpack to more than twice its size, which weights do not, so it is refused; zip it again without compression if it is honest.");
        }
    }

    private bool ReadByteOrder()
    {
        if (!_zip.Entries.TryGetValue(_root + "byteorder", out var entry))
            return false;
        var text = new byte[(int)Math.Min(entry.Length, 16)];
        if (text.Length > 0)
            ReadEntry(entry, 0, text);
        return Encoding.ASCII.GetString(text) switch
        {
            "little" => false,
            "big" => true,
            _ => throw new CheckpointException(Path, "the file names a byte order that is neither little nor big, so it is damaged."),
        };
    }

    private object? ReadPickle(AllocationBudget budget)
    {
        var entry = _zip.Entries[_root + "data.pkl"];
        using var stored = new EntryStream(_file, _zip.DataStart(entry), entry.StoredLength);
        using Stream stream = entry.Deflated ? new DeflateStream(stored, CompressionMode.Decompress) : stored;
        try
        {
            var builder = new PickleBuilder(Path, _file.Length, key => Record(key)?.Length, budget);
            return PickleMachine.Run(Path, stream, entry.Length, budget, builder);
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException(Path, "the compressed description of the tensors (data.pkl) is damaged.", e);
        }
    }

    private ZipEntry? Record(string key) => _zip.Entries.GetValueOrDefault($"{_root}data/{key}");

    private void ReadEntry(ZipEntry entry, long offset, Span<byte> destination)
    {
        if (entry.Deflated)
            Deflated(entry).Read(offset, destination);
        else
            _file.Read(Start(entry) + offset, destination);
    }

    private void ReadStrided(ZipEntry entry, TorchTensor tensor, long first, Span<byte> destination)
    {
        if (!entry.Deflated)
        {
            var work = new StridedCopy.Work(tensor, first, destination);
            unsafe
            {
                _file.ReadMapped(Start(entry), entry.Length, work, static (w, storage) => StridedCopy.Run(w, storage));
            }
            return;
        }
        // The elements are needed in any order, so the part must be whole; the check against bombs bounds it.
        if (entry.Length > Array.MaxLength)
            throw new CheckpointException(Path, $"the compressed part '{MessageText.Short(entry.Name)}' is too large to be read; zip the file again without compression.");
        var storage = new byte[entry.Length];
        Deflated(entry).Read(0, storage);
        unsafe
        {
            fixed (byte* start = storage)
                StridedCopy.Run(new StridedCopy.Work(tensor, first, destination), start);
        }
    }

    private long Start(ZipEntry entry)
    {
        lock (_starts)
        {
            if (!_starts.TryGetValue(entry.Name, out var start))
                _starts[entry.Name] = start = _zip.DataStart(entry);
            return start;
        }
    }

    private DeflatedEntry Deflated(ZipEntry entry)
    {
        lock (_deflated)
        {
            if (!_deflated.TryGetValue(entry.Name, out var reader))
                _deflated[entry.Name] = reader = new DeflatedEntry(_file, entry, _zip.DataStart(entry));
            return reader;
        }
    }
}
