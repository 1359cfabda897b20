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
    private readonly string _temporary;
    private readonly long _bytes;
    private readonly Dictionary<string, SafetensorsWriter> _writerOf = new(StringComparer.Ordinal);
    private readonly List<SafetensorsWriter> _writers = [];
    private bool _done;

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
        _temporary = $"{_folder}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(_temporary);
            var shards = Split(entries, largestPart);
            for (var i = 0; i < shards.Count; i++)
            {
                var name = shards.Count == 1 ? ModelFolder.WeightsName : $"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors";
                var writer = new SafetensorsWriter(Path.Combine(_temporary, name), shards[i], new Dictionary<string, string> { ["format"] = "pt" });
                _writers.Add(writer);
                foreach (var entry in shards[i])
                    _writerOf.Add(entry.Name, writer);
            }
            if (shards.Count > 1)
                File.WriteAllText(Path.Combine(_temporary, ModelFolder.IndexName), Index(shards), ModelFolder.Text);
            File.WriteAllText(Path.Combine(_temporary, ModelFolder.ConfigName), configJson, ModelFolder.Text);
        }
        catch (Exception e)
        {
            Dispose();
            throw Explain(e);
        }
    }

    /// <summary>Writes further files of the model, before <see cref="Complete"/>.</summary>
    /// <param name="write">Writes them into the folder it is given.</param>
    /// <exception cref="CheckpointException">They cannot be written.</exception>
    public void WriteBeside(Action<string> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        Try(() => write(_temporary));
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
            throw Explain(e);
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
        Try(() => _writers.ForEach(static w => w.Complete()));
        var old = $"{_folder}.{Guid.NewGuid():N}.old";
        try
        {
            var replaces = Directory.Exists(_folder);
            if (replaces)
                Directory.Move(_folder, old);
            Directory.Move(_temporary, _folder);
            _done = true;
            if (replaces)
                Directory.Delete(old, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_done && Directory.Exists(old))
                Directory.Move(old, _folder);
            throw Explain(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var writer in _writers)
            writer.Dispose();
        try
        {
            if (!_done && Directory.Exists(_temporary))
                Directory.Delete(_temporary, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What made the writing fail has been reported; a leftover does no harm.
        }
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CheckpointException)
        {
            throw Explain(e);
        }
    }

    // The folder is written under another name first; its user knows the one it will have.
    private Exception Explain(Exception e) => e switch
    {
        CheckpointException { InnerException: IOException inner } fault when IsInside(fault.Path) => AtomicFile.CannotWrite(_folder, inner, _bytes),
        CheckpointException fault when IsInside(fault.Path) => new CheckpointException(_folder, fault.Message[(fault.Path.Length + 2)..], fault),
        HitaException => e,
        _ => AtomicFile.CannotWrite(_folder, e, _bytes),
    };

    private bool IsInside(string path) => path.StartsWith(_temporary, StringComparison.Ordinal);

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
