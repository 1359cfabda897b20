using System.Text.Json;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>
/// Writes a model folder as a stream. Everything goes into a temporary folder beside it, which takes its name when
/// <see cref="Complete"/> is called; files of an older model there that are not the model's own are kept.
/// </summary>
public sealed class ModelFolderWriter : ITensorSink, IDisposable
{
    private readonly string _folder;
    private readonly string _temporary;
    private readonly Dictionary<string, SafetensorsWriter> _writers = new(StringComparer.Ordinal);
    private readonly List<SafetensorsWriter> _shards = [];
    private bool _done;

    /// <summary>Starts the folder.</summary>
    /// <param name="folder">Where it will appear.</param>
    /// <param name="configJson">The text of the configuration.</param>
    /// <param name="entries">All tensors, in order.</param>
    /// <param name="metadata">Texts for the weight files; null for none.</param>
    /// <param name="shardBytes">Bytes of tensors above which weights are split; a larger tensor has a file of its own.</param>
    /// <exception cref="CheckpointException">It cannot be written, or something that is not a model is there.</exception>
    public ModelFolderWriter(
        string folder,
        string configJson,
        IEnumerable<TensorEntry> entries,
        IReadOnlyDictionary<string, string>? metadata = null,
        long shardBytes = ModelFolder.DefaultShardBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shardBytes);
        _folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(_folder))
            throw new CheckpointException(folder, "this is a file where a model folder is to be written.");
        if (Directory.Exists(_folder) && Directory.EnumerateFileSystemEntries(_folder).Any() && !ModelFolder.IsModelFolder(_folder))
            throw new CheckpointException(folder, "the folder holds something other than a model, so nothing is written there; choose an empty or new one.");
        _temporary = Beside("tmp");
        try
        {
            Directory.CreateDirectory(_temporary);
            AddText(ModelFolder.ConfigName, configJson);
            StartShards(Split(entries, shardBytes), metadata ?? new Dictionary<string, string> { ["format"] = "pt" });
        }
        catch (Exception e)
        {
            Dispose();
            throw AtomicFile.CannotWrite(folder, e);
        }
    }

    /// <inheritdoc/>
    public void Write(string name, ReadOnlySpan<byte> bytes) => Find(name).Write(name, bytes);

    /// <summary>Writes a whole tensor of the library.</summary>
    /// <param name="name">A declared name.</param>
    /// <param name="tensor">A tensor of the declared type and shape.</param>
    /// <exception cref="CheckpointException">It cannot be written.</exception>
    public void WriteTensor(string name, Tensor tensor) => Find(name).Write(name, tensor);

    /// <summary>Adds a small text file, such as the names of the classes.</summary>
    /// <param name="fileName">Its plain name.</param>
    /// <param name="text">Its text.</param>
    public void AddText(string fileName, string text)
    {
        if (fileName != Path.GetFileName(fileName) || fileName.Length == 0)
            throw new ArgumentException($"{fileName} is not a plain file name.", nameof(fileName));
        File.WriteAllText(Path.Combine(_temporary, fileName), text);
    }

    /// <summary>Checks that every tensor is whole, and puts the folder in its place.</summary>
    /// <exception cref="InvalidOperationException">A tensor has not been written completely.</exception>
    /// <exception cref="CheckpointException">It cannot be written.</exception>
    public void Complete()
    {
        foreach (var shard in _shards)
            shard.Complete();
        try
        {
            if (Directory.Exists(_folder))
                Replace();
            else
                Directory.Move(_temporary, _folder);
            _done = true;
        }
        catch (Exception e)
        {
            throw AtomicFile.CannotWrite(_folder, e);
        }
    }

    /// <summary>Removes the unfinished folder, if <see cref="Complete"/> was not called.</summary>
    public void Dispose()
    {
        foreach (var shard in _shards)
            shard.Dispose();
        try
        {
            if (!_done && Directory.Exists(_temporary))
                Directory.Delete(_temporary, recursive: true);
        }
        catch (IOException)
        {
            // What cannot be removed now can be removed by hand: its name says that it is temporary.
        }
    }

    private void Replace()
    {
        var old = Beside("old");
        Directory.Move(_folder, old);
        try
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(old))
            {
                var name = Path.GetFileName(path);
                var kept = Path.Combine(_temporary, name);
                if (!IsOwn(name) && !Path.Exists(kept))
                    Copy(path, kept);
            }
            Directory.Move(_temporary, _folder);
        }
        catch
        {
            Directory.Move(old, _folder);
            throw;
        }
        Directory.Delete(old, recursive: true);
    }

    private static bool IsOwn(string name) =>
        name == ModelFolder.ConfigName || (name.StartsWith("model", StringComparison.Ordinal)
            && (name.EndsWith(".safetensors", StringComparison.Ordinal) || name == ModelFolder.IndexName));

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Copy(from, to);
            return;
        }
        Directory.CreateDirectory(to);
        foreach (var path in Directory.EnumerateFileSystemEntries(from))
            Copy(path, Path.Combine(to, Path.GetFileName(path)));
    }

    private SafetensorsWriter Find(string name) =>
        _writers.TryGetValue(name, out var writer) ? writer : throw new ArgumentException($"{name} was not declared.", nameof(name));

    private static List<List<TensorEntry>> Split(IEnumerable<TensorEntry> entries, long shardBytes)
    {
        var shards = new List<List<TensorEntry>> { new() };
        var filled = 0L;
        foreach (var entry in entries)
        {
            if (shards[^1].Count > 0 && filled > shardBytes - entry.ByteLength)
            {
                shards.Add([]);
                filled = 0;
            }
            shards[^1].Add(entry);
            filled = checked(filled + entry.ByteLength);
        }
        return shards;
    }

    private void StartShards(List<List<TensorEntry>> shards, IReadOnlyDictionary<string, string> metadata)
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var name = shards.Count == 1 ? ModelFolder.WeightsName : $"model-{i + 1:d5}-of-{shards.Count:d5}.safetensors";
            var writer = new SafetensorsWriter(Path.Combine(_temporary, name), shards[i], metadata);
            _shards.Add(writer);
            foreach (var entry in shards[i])
            {
                if (!_writers.TryAdd(entry.Name, writer))
                    throw new ArgumentException($"The name {entry.Name} is taken.", nameof(shards));
                map[entry.Name] = name;
            }
        }
        if (shards.Count == 1)
            return;
        var index = new { metadata = new { total_size = shards.Sum(s => s.Sum(e => e.ByteLength)) }, weight_map = map };
        AddText(ModelFolder.IndexName, JsonSerializer.Serialize(index, ConfigJson.Options) + "\n");
    }

    private string Beside(string ending) =>
        Path.Combine(Path.GetDirectoryName(_folder) ?? _folder, $".{Path.GetFileName(_folder)}.{Guid.NewGuid():N}.{ending}");
}
