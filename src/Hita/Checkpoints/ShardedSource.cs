using System.Text.Json;
using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>Weights split over several safetensors files, with an index that says which tensor lies where.</summary>
public sealed class ShardedSource : TensorSource
{
    private const int MostIndexBytes = 64 << 20;
    private const int MostShards = 4096;
    private const int NameCost = 250;

    private readonly Dictionary<string, SafetensorsFile> _shards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsFile> _places = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, TensorEntry> _tensors = new(StringComparer.Ordinal);

    private ShardedSource(string indexPath)
        : base(indexPath)
    {
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    /// <summary>The texts of the first shard.</summary>
    public override IReadOnlyDictionary<string, string> Metadata => _shards.Count == 0 ? base.Metadata : _shards.Values.First().Metadata;

    /// <summary>Opens all shards.</summary>
    /// <param name="indexPath">The index, <c>model.safetensors.index.json</c>; the shards lie beside it.</param>
    /// <exception cref="CheckpointException">The index or a shard is missing or damaged, or they contradict each other.</exception>
    public static ShardedSource Open(string indexPath)
    {
        var source = new ShardedSource(indexPath);
        try
        {
            foreach (var (name, file) in ReadMap(indexPath))
                source.Place(name, file);
            source.CheckComplete();
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination) =>
        _places[entry.Name].ReadPart(entry.Name, byteOffset, destination);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var shard in _shards.Values)
                shard.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Place(string name, string file)
    {
        if (!_shards.TryGetValue(file, out var shard))
        {
            // The index comes from outside and may name nothing but files in its own folder.
            if (file.Length == 0 || file is "." or ".." || file != System.IO.Path.GetFileName(file) || file.Contains('\\') || file.Contains(':'))
                throw new CheckpointException(Path, $"the index names the file '{MessageText.Short(file)}', which is not in its own folder.");
            if (_shards.Count == MostShards)
                throw new CheckpointException(Path, $"the index names more than {MostShards} files.");
            var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
            _shards[file] = shard = SafetensorsFile.Open(System.IO.Path.Combine(folder, file));
        }
        if (!shard.Tensors.TryGetValue(name, out var entry))
            throw new CheckpointException(Path, $"the index places '{MessageText.Short(name)}' in {MessageText.Short(file)}, which does not hold it.");
        if (!_tensors.TryAdd(name, entry))
            throw new CheckpointException(Path, $"the index names '{MessageText.Short(name)}' twice.");
        _places.Add(name, shard);
    }

    private void CheckComplete()
    {
        foreach (var shard in _shards.Values)
        {
            foreach (var name in shard.Tensors.Keys)
            {
                if (!_places.TryGetValue(name, out var place) || place != shard)
                    throw new CheckpointException(shard.Path, $"the file holds '{MessageText.Short(name)}', which its index does not place there.");
            }
        }
    }

    private static List<(string Name, string File)> ReadMap(string path)
    {
        using var file = CheckpointBytes.Open(path);
        if (file.Length > MostIndexBytes)
            throw new CheckpointException(path, $"the index has {file.Length} bytes, and at most {MostIndexBytes} are read.");
        var json = new byte[file.Length];
        file.Read(0, json);
        var budget = new AllocationBudget(path, file.Length);
        var map = new List<(string, string)>();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject)
                ReadRoot(ref reader, map, budget);
        }
        catch (JsonException e)
        {
            throw new CheckpointException(path, $"the index is not valid JSON near its line {e.LineNumber + 1}.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new CheckpointException(path, "the index holds something other than texts in its weight_map.", e);
        }
        return map.Count > 0 ? map : throw new CheckpointException(path, "this is neither weights nor the index of a model (it has no weight_map).");
    }

    private static void ReadRoot(ref Utf8JsonReader reader, List<(string, string)> map, AllocationBudget budget)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var wanted = reader.ValueTextEquals("weight_map"u8);
            reader.Read();
            if (!wanted || reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                budget.Charge(NameCost + (2L * reader.ValueSpan.Length));
                var name = reader.GetString()!;
                reader.Read();
                budget.Charge(2L * reader.ValueSpan.Length);
                map.Add((name, reader.GetString() ?? throw new InvalidOperationException()));
            }
        }
        while (reader.Read())
        {
        }
    }
}
