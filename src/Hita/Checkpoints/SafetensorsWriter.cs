using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>
/// Writes a safetensors file as a stream: all entries are declared first, then each tensor's bytes follow in any order and in
/// parts of any size. The file appears under its name only when <see cref="Complete"/> has been called.
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    private readonly AtomicFile _file;
    private readonly long _length;
    private readonly Dictionary<string, Place> _slots = new(StringComparer.Ordinal);

    /// <summary>Starts the file.</summary>
    /// <param name="path">Where it will appear; its folder is created.</param>
    /// <param name="entries">All tensors, in order. Wider types are laid out first, so that every tensor stays aligned.</param>
    /// <param name="metadata">Texts to carry along; null for none.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    /// <exception cref="ArgumentException">Two entries have one name, or an entry has a type that cannot be written.</exception>
    public SafetensorsWriter(string path, IEnumerable<TensorEntry> entries, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = entries.OrderByDescending(e => e.Type.SwapUnit()).ToList();
        var at = 0L;
        foreach (var entry in ordered)
        {
            if (entry.Type is TensorType.Other or TensorType.Complex128)
                throw new ArgumentException($"{entry.Name} has the type {entry.TypeName}, which safetensors files are not written with.", nameof(entries));
            if (entry.Name == "__metadata__" || !_slots.TryAdd(entry.Name, new Place { Start = at, Length = entry.ByteLength }))
                throw new ArgumentException($"The name {entry.Name} is taken.", nameof(entries));
            at = checked(at + entry.ByteLength);
        }
        var header = Header(ordered, metadata);
        foreach (var place in _slots.Values)
            place.Start += header.Length;
        _length = header.Length + at;
        _file = new AtomicFile(path);
        try
        {
            _file.Stream.SetLength(_length);
            _file.Stream.Write(header);
        }
        catch (Exception e)
        {
            _file.Dispose();
            throw _file.Fault(e, _length);
        }
    }

    /// <summary>Appends the next bytes of a tensor.</summary>
    /// <param name="name">A declared name.</param>
    /// <param name="bytes">Little-endian elements in row-major order: the whole tensor, or the part after what was written before.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    /// <exception cref="ArgumentException">The name was not declared, or the bytes are more than the tensor has.</exception>
    public void Write(string name, ReadOnlySpan<byte> bytes)
    {
        if (!_slots.TryGetValue(name, out var place))
            throw new ArgumentException($"{name} was not declared.", nameof(name));
        if (bytes.Length > place.Length - place.Done)
            throw new ArgumentException($"{name} has {place.Length} bytes, and {place.Done} are written already.", nameof(bytes));
        try
        {
            // Setting the position flushes the stream's buffer, so it is left alone between neighbours.
            if (_file.Stream.Position != place.Start + place.Done)
                _file.Stream.Position = place.Start + place.Done;
            _file.Stream.Write(bytes);
        }
        catch (Exception e)
        {
            throw _file.Fault(e, _length);
        }
        place.Done += bytes.Length;
    }

    /// <summary>Checks that every tensor is whole, and puts the file in its place.</summary>
    /// <exception cref="InvalidOperationException">A tensor has not been written completely.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Complete()
    {
        foreach (var (name, place) in _slots)
        {
            if (place.Done != place.Length)
                throw new InvalidOperationException($"{name} has {place.Length} bytes, and only {place.Done} were written.");
        }
        _file.Complete();
    }

    /// <summary>Removes the unfinished file, if <see cref="Complete"/> was not called.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Writes tensors of the library, of any device and layout, as one file.</summary>
    /// <param name="path">Where the file will appear.</param>
    /// <param name="tensors">Names and tensors, in order.</param>
    /// <param name="metadata">Texts to carry along; null for none.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public static void Save(string path, IReadOnlyCollection<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var writer = new SafetensorsWriter(path, tensors.Select(t => TorchTensors.Describe(t.Key, t.Value)), metadata);
        foreach (var (name, tensor) in tensors)
            writer.Write(name, tensor);
        writer.Complete();
    }

    /// <summary>Writes a whole tensor of the library.</summary>
    /// <param name="name">A declared name.</param>
    /// <param name="tensor">A tensor of the declared type and shape.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Write(string name, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var plain = TorchTensors.IsPlain(tensor) ? tensor : tensor.detach().cpu().contiguous();
        TorchTensors.VisitBytes(plain, (_, bytes) => Write(name, bytes));
    }

    private static byte[] Header(List<TensorEntry> entries, IReadOnlyDictionary<string, string>? metadata)
    {
        using var text = new MemoryStream();
        text.Write(new byte[8]);
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            var at = 0L;
            foreach (var entry in entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.Type.SafetensorsName());
                json.WriteStartArray("shape");
                foreach (var side in entry.Shape)
                    json.WriteNumberValue(side);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                json.WriteNumberValue(at += entry.ByteLength);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Blanks up to a multiple of eight keep the data aligned for readers that map it.
        while (text.Length % 8 != 0)
            text.WriteByte((byte)' ');
        var header = text.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - 8);
        return header;
    }

    private sealed class Place
    {
        public long Start { get; set; }

        public long Length { get; init; }

        public long Done { get; set; }
    }
}
