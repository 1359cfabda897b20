using System.Text;
using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>The zip file that <c>torch.save</c> writes since PyTorch 1.6: one pickle, and one part for each storage.</summary>
internal sealed class TorchZipArchive : TorchArchive
{
    private const string PickleName = "data.pkl";
    private const int MaxByteOrder = 16;

    private readonly ZipDirectory _zip;
    private readonly string _folder;

    /// <summary>Reads the directory and the pickle, and no storage.</summary>
    /// <exception cref="CheckpointException">This is not a whole checkpoint of plain data.</exception>
    public TorchZipArchive(CheckpointBytes file)
        : base(file)
    {
        _zip = ZipDirectory.Read(file, Budget);
        _folder = FindFolder();
        BigEndian = ReadByteOrder();
        var pickle = _zip.ReadWhole(_zip.Entries[_folder + PickleName], MaxPickle);
        Root = PickleReader.Read(new PickleBytes(file.Path, pickle), Budget);
    }

    /// <inheritdoc/>
    public override long StorageStart(PickleStorage storage, int elementSize, string tensor)
    {
        if (!_zip.Entries.TryGetValue($"{_folder}data/{storage.Key}", out var entry))
            throw Lacks(storage, tensor);
        if (entry.Deflated)
            throw new CheckpointException(File.Path, $"the storage '{MessageText.Short(storage.Key)}' is compressed, and torch.save stores them as they are; unpack the zip file and pack it again without compression.");
        if (storage.Count > entry.Length / (storage.Element is null ? 1 : elementSize))
            throw new CheckpointException(File.Path, $"the storage '{MessageText.Short(storage.Key)}' is to hold {storage.Count} elements and has only {entry.Length} bytes; the file is damaged, so copy or download it again.");
        return _zip.DataStart(entry);
    }

    private string FindFolder()
    {
        string? found = null;
        foreach (var name in _zip.Entries.Keys)
        {
            if (name != PickleName && !name.EndsWith('/' + PickleName))
                continue;
            var folder = name[..^PickleName.Length];
            if (folder.IndexOf('/') != folder.Length - 1)
                continue;
            if (found is not null)
                throw new CheckpointException(File.Path, $"the zip file holds two checkpoints, '{MessageText.Short(found)}' and '{MessageText.Short(folder)}'; keep one of them.");
            found = folder;
        }
        if (found is null)
            throw new CheckpointException(File.Path, $"this is a zip file but not a PyTorch checkpoint, for it holds no {PickleName}{(_zip.Entries.Count == 0 ? "" : $" but {MessageText.Few([.. _zip.Entries.Keys.Take(3)], 3)}")}; unpack it if the weights are inside.");
        if (_zip.Entries.ContainsKey(found + "constants.pkl") || _zip.Entries.Keys.Any(k => k.StartsWith(found + "code/", StringComparison.Ordinal)))
            throw new CheckpointException(File.Path, "this is a TorchScript program and not a checkpoint; in Python, save its weights with torch.save(torch.jit.load(file).state_dict(), ...).");
        return found;
    }

    private bool ReadByteOrder()
    {
        if (!_zip.Entries.TryGetValue(_folder + "byteorder", out var entry))
            return false;
        return Encoding.UTF8.GetString(_zip.ReadWhole(entry, MaxByteOrder)).Trim() switch
        {
            "little" => false,
            "big" => true,
            var other => throw new CheckpointException(File.Path, $"the file's byte order is '{MessageText.Short(other)}', which is neither 'little' nor 'big'; copy or download it again."),
        };
    }
}
