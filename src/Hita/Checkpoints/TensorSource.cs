using System.Buffers;
using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>The part that all sources share: checks and conversions over the reading of raw parts.</summary>
public abstract class TensorSource : ITensorSource
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Creates the source.</summary>
    /// <param name="path">The file or folder, for messages.</param>
    protected TensorSource(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <inheritdoc/>
    public virtual IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> Notes { get; } = [];

    /// <inheritdoc/>
    public void Read(string name, Span<byte> destination)
    {
        var entry = Find(name);
        if (destination.Length != entry.ByteLength)
            throw new ArgumentException($"{name} has {entry.ByteLength} bytes, not {destination.Length}.", nameof(destination));
        RefuseOther(entry);
        if (destination.Length > 0)
            ReadCore(entry, 0, destination);
    }

    /// <inheritdoc/>
    public void ReadPart(string name, long byteOffset, Span<byte> destination)
    {
        var entry = Find(name);
        RefuseOther(entry);
        var size = entry.Type.Size();
        if (byteOffset < 0 || byteOffset % size != 0 || destination.Length % size != 0 || byteOffset > entry.ByteLength - destination.Length)
            throw new ArgumentException($"{destination.Length} bytes at {byteOffset} are not a part of {name}, which has {entry.ByteLength} bytes.", nameof(byteOffset));
        if (destination.Length > 0)
            ReadCore(entry, byteOffset, destination);
    }

    /// <inheritdoc/>
    public void ReadFloats(string name, Span<float> destination)
    {
        var entry = Find(name);
        if (!entry.Type.IsFloat())
            throw new CheckpointException(Path, $"the tensor '{name}' holds {entry.TypeName} values where floating-point ones are needed.");
        if (destination.Length != entry.Count)
            throw new ArgumentException($"{name} has {entry.Count} elements, not {destination.Length}.", nameof(destination));
        if (entry.Type == TensorType.Float32)
        {
            Read(name, System.Runtime.InteropServices.MemoryMarshal.AsBytes(destination));
            return;
        }
        var done = 0;
        foreach (var part in Parts(entry, destination.Length))
        {
            TensorConversion.ToFloats(entry.Type, part.Span, destination.Slice(done, part.Count));
            done += part.Count;
        }
    }

    /// <inheritdoc/>
    public int[] ReadInts(string name)
    {
        var entry = Find(name);
        if (!entry.Type.IsInteger())
            throw new CheckpointException(Path, $"the tensor '{name}' holds {entry.TypeName} values where integers are needed.");
        if (entry.Count > Array.MaxLength / sizeof(int))
            throw new CheckpointException(Path, $"the tensor '{name}' of shape {entry.ShapeText} is too large to be read as integers at once.");
        var values = new int[entry.Count];
        var done = 0;
        foreach (var part in Parts(entry, values.Length))
        {
            if (!TensorConversion.ToInts(entry.Type, part.Span, values.AsSpan(done, part.Count)))
                throw new CheckpointException(Path, $"the tensor '{name}' holds integers beyond 32 bits.");
            done += part.Count;
        }
        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the file.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Reads a part that has been checked to lie inside the tensor and on element boundaries.</summary>
    /// <param name="entry">The tensor.</param>
    /// <param name="byteOffset">Where the part starts, in bytes.</param>
    /// <param name="destination">Receives the part; never empty.</param>
    protected abstract void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination);

    private TensorEntry Find(string name) =>
        Tensors.TryGetValue(name, out var entry)
            ? entry
            : throw new CheckpointException(Path, $"there is no tensor '{name}' among the {Tensors.Count} in this file.");

    private void RefuseOther(TensorEntry entry)
    {
        if (entry.Type == TensorType.Other)
            throw new CheckpointException(Path, $"the tensor '{entry.Name}' has the type {entry.TypeName}, which cannot be read; save it as float32, float16 or bfloat16.");
    }

    // A class enumerator over one pooled buffer: a tensor is converted chunk by chunk without a second copy of it.
    private IEnumerable<Part> Parts(TensorEntry entry, int count)
    {
        var size = entry.Type.Size();
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(ChunkBytes, Math.Max(size, (int)Math.Min(entry.ByteLength, ChunkBytes))));
        try
        {
            var max = Math.Min(buffer.Length, ChunkBytes) / size;
            for (var at = 0; at < count; at += max)
            {
                var now = Math.Min(max, count - at);
                ReadCore(entry, (long)at * size, buffer.AsSpan(0, now * size));
                yield return new Part(buffer, now * size, now);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private readonly record struct Part(byte[] Buffer, int Length, int Count)
    {
        public ReadOnlySpan<byte> Span => Buffer.AsSpan(0, Length);
    }
}
