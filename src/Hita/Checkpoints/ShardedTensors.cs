using System.Text.Json;
using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>Weights in several safetensors files under one index.</summary>
internal sealed class ShardedTensors : TensorSource
{
    private const long LargestIndex = 64 << 20;
    private readonly Dictionary<string, SafetensorsFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsFile> _fileOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorEntry> _tensors = new(StringComparer.Ordinal);

    private ShardedTensors(string folder)
        : base(folder)
    {
    }

    public override IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    /// <summary>Opens all parts and checks that they hold exactly what the index says.</summary>
    /// <exception cref="CheckpointException">The index is broken, or disagrees with the parts.</exception>
    public static ShardedTensors Open(string folder, string indexPath)
    {
        var source = new ShardedTensors(folder);
        try
        {
            source.OpenParts(folder, ReadIndex(indexPath), indexPath);
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    protected override void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination) =>
        _fileOf[entry.Name].ReadPart(entry.Name, byteOffset, destination);

    protected override void Dispose(bool disposing)
    {
        foreach (var file in _files.Values)
            file.Dispose();
        base.Dispose(disposing);
    }

    private static List<(string Tensor, string File)> ReadIndex(string path)
    {
        if (new FileInfo(path).Length > LargestIndex)
            throw new CheckpointException(path, "this is too large for an index of tensors.");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path), new JsonDocumentOptions { MaxDepth = 8 });
            return [.. document.RootElement.GetProperty("weight_map").EnumerateObject().Select(static p => (p.Name, p.Value.GetString() ?? ""))];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CheckpointException(path, "this is not an index of tensors: it needs an object 'weight_map' of names and files.", e);
        }
    }

    private void OpenParts(string folder, List<(string Tensor, string File)> map, string indexPath)
    {
        foreach (var (tensor, file) in map)
        {
            // A part lies beside its index: a name with a path in it would read from elsewhere.
            if (file.Length == 0 || System.IO.Path.GetFileName(file) != file)
                throw new CheckpointException(indexPath, $"the index names the file '{file}', which is not one of this folder.");
            if (!_files.TryGetValue(file, out var part))
                _files[file] = part = SafetensorsFile.Open(System.IO.Path.Combine(folder, file));
            if (!part.Tensors.TryGetValue(tensor, out var entry))
                throw new CheckpointException(indexPath, $"the index says that '{tensor}' lies in {file}, which does not hold it.");
            if (!_tensors.TryAdd(tensor, entry))
                throw new CheckpointException(indexPath, $"the index names '{tensor}' twice.");
            _fileOf[tensor] = part;
        }
        var unlisted = _files.Values.SelectMany(static f => f.Tensors.Keys).FirstOrDefault(k => !_tensors.ContainsKey(k));
        if (unlisted is not null)
            throw new CheckpointException(indexPath, $"the parts hold '{unlisted}', which the index does not name.");
    }
}
