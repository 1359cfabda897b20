using System.Text.Json;
using System.Text.Json.Nodes;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>
/// Writes a model folder as a stream, tensor by tensor, beside its place; <see cref="Complete"/> puts it there.
/// </summary>
public sealed class ModelFolderWriter : IDisposable
{
    private readonly string _folder;
    private readonly AtomicFolder _staging;
    private readonly long _bytes;
    private readonly Dictionary<string, SafetensorsWriter> _writerOf = new(StringComparer.Ordinal);
    private readonly List<SafetensorsWriter> _writers = [];

    /// <summary>Starts the folder.</summary>
    /// <param name="folder">Where it will appear; a model that lies there is replaced, anything else is refused.</param>
    /// <param name="configJson">The configuration's text.</param>
    /// <param name="entries">All tensors, in order.</param>
    /// <param name="largestPart">Bytes of tensors in one file.</param>
    /// <exception cref="CheckpointException">The folder cannot be written, or holds something else.</exception>
    public ModelFolderWriter(string folder, string configJson, IReadOnlyList<TensorEntry> entries, long largestPart = ModelFolder.LargestPart)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(entries);
        _folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        RefuseForeign(_folder);
        _bytes = entries.Sum(static e => e.ByteLength);
        try
        {
            _staging = new AtomicFolder(_folder);
        }
        catch (Exception e)
        {
            throw AtomicFile.CannotWrite(folder, e);
        }
        try
        {
            var shards = Split(entries, largestPart);
            for (var i = 0; i < shards.Count; i++)
            {
                var name = shards.Count == 1 ? ModelFolder.WeightsName : $"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors";
                var writer = new SafetensorsWriter(Path.Combine(_staging.StagingFolder, name), shards[i], new Dictionary<string, string> { ["format"] = "pt" });
                _writers.Add(writer);
                foreach (var entry in shards[i])
                    _writerOf.Add(entry.Name, writer);
            }
            if (shards.Count > 1)
                AtomicFile.WriteText(Path.Combine(_staging.StagingFolder, ModelFolder.IndexName), Index(shards));
            AtomicFile.WriteText(Path.Combine(_staging.StagingFolder, ModelFolder.ConfigName), configJson);
        }
        catch (Exception e)
        {
            Dispose();
            throw Whole(e);
        }
    }

    /// <summary>Writes further files of the model, before <see cref="Complete"/>.</summary>
    /// <param name="write">Writes them into the folder it is given.</param>
    /// <exception cref="CheckpointException">They cannot be written.</exception>
    public void WriteBeside(Action<string> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        Try(() => write(_staging.StagingFolder));
    }

    /// <summary>Appends the next bytes of a tensor.</summary>
    /// <param name="name">A declared name.</param>
    /// <param name="bytes">Little-endian elements in row-major order.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Write(string name, ReadOnlySpan<byte> bytes)
    {
        try
        {
            _writerOf[name].Write(name, bytes);
        }
        catch (CheckpointException e)
        {
            throw Whole(e);
        }
    }

    /// <summary>Writes a whole tensor.</summary>
    /// <param name="name">A declared name.</param>
    /// <param name="tensor">The values, of the declared type and shape.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Write(string name, Tensor tensor) => Try(() => _writerOf[name].Write(name, tensor));

    /// <summary>Puts the folder in its place.</summary>
    /// <exception cref="CheckpointException">It cannot be put there; what was there before is still there.</exception>
    public void Complete()
    {
        try
        {
            foreach (var writer in _writers)
                writer.Complete();
            _staging.Complete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CheckpointException)
        {
            throw Whole(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var writer in _writers)
            writer.Dispose();
        _staging.Dispose();
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CheckpointException)
        {
            throw Whole(e);
        }
    }

    // The folder is written under another name first; its user knows the one it will have.
    private Exception Whole(Exception e) => e switch
    {
        CheckpointException { InnerException: IOException or UnauthorizedAccessException } fault when IsInside(fault.Path) => AtomicFile.CannotWrite(_folder, fault.InnerException!, _bytes),
        CheckpointException fault when IsInside(fault.Path) => new CheckpointException(_folder, fault.Message[(fault.Path.Length + 2)..], fault),
        HitaException => e,
        _ => AtomicFile.CannotWrite(_folder, e, _bytes),
    };

    private bool IsInside(string path) => path.StartsWith(_staging.StagingFolder, StringComparison.Ordinal);

    private static void RefuseForeign(string folder)
    {
        if (File.Exists(folder))
            throw new CheckpointException(folder, "this is a file where a folder is to be written; name another place.");
        var foreign = Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder).FirstOrDefault(static e => !ModelFolder.IsPart(e)) : null;
        if (foreign is not null)
            throw new CheckpointException(folder, $"this folder holds '{Path.GetFileName(foreign)}', which is no part of a model and would be lost; name another place.");
    }

    private static List<List<TensorEntry>> Split(IReadOnlyList<TensorEntry> entries, long largestPart)
    {
        var shards = new List<List<TensorEntry>> { new() };
        var size = 0L;
        foreach (var entry in entries)
        {
            if (size > 0 && size + entry.ByteLength > largestPart)
            {
                shards.Add([]);
                size = 0;
            }
            shards[^1].Add(entry);
            size += entry.ByteLength;
        }
        return shards;
    }

    private static string Index(List<List<TensorEntry>> shards)
    {
        var map = new JsonObject();
        for (var i = 0; i < shards.Count; i++)
        {
            foreach (var entry in shards[i])
                map[entry.Name] = $"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors";
        }
        var total = shards.Sum(static s => s.Sum(static e => e.ByteLength));
        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = total }, ["weight_map"] = map };
        return index.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
    }
}
