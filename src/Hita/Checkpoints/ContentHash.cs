using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>
/// Tells models apart by what they hold: 128 bits over the names, types, shapes and bytes of tensors, in the order of the names.
/// It does not depend on the file format, the order in a file, or how it is sharded. It guards against mistakes, not malice.
/// </summary>
/// <param name="Value">The 128 bits (XXH128).</param>
public sealed record ContentHash(UInt128 Value)
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = 16;

    private const int ChunkBytes = 4 << 20;

    /// <summary>Hashes an opened file or folder, a few megabytes at a time.</summary>
    /// <param name="source">The opened file.</param>
    /// <param name="include">Which names count; null for all.</param>
    /// <param name="cancellation">Stops between two parts.</param>
    /// <exception cref="Runtime.CheckpointException">The file cannot be read.</exception>
    public static ContentHash Compute(ITensorSource source, Func<string, bool>? include = null, CancellationToken cancellation = default)
    {
        var hash = new XxHash128();
        var buffer = new byte[(int)Math.Min(ChunkBytes, source.Tensors.Values.Select(e => e.ByteLength).DefaultIfEmpty().Max())];
        foreach (var entry in Ordered(source.Tensors.Values, include))
        {
            Append(hash, entry);
            for (var at = 0L; at < entry.ByteLength; at += buffer.Length)
            {
                cancellation.ThrowIfCancellationRequested();
                // Four megabytes divide by every element size, and a smaller buffer holds its tensor whole.
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.ByteLength - at));
                source.ReadPart(entry.Name, at, part);
                hash.Append(part);
            }
        }
        return new ContentHash(hash.GetCurrentHashAsUInt128());
    }

    /// <summary>Hashes tensors of the library, of any device and layout.</summary>
    /// <param name="tensors">Names and tensors.</param>
    /// <param name="include">Which names count; null for all.</param>
    public static ContentHash Compute(IReadOnlyDictionary<string, Tensor> tensors, Func<string, bool>? include = null)
    {
        var hash = new XxHash128();
        foreach (var entry in Ordered(tensors.Select(t => TorchTensors.Describe(t.Key, t.Value)), include))
        {
            Append(hash, entry);
            using var scope = NewDisposeScope();
            var tensor = tensors[entry.Name];
            var plain = TorchTensors.IsPlain(tensor) ? tensor : tensor.detach().cpu().contiguous();
            TorchTensors.VisitBytes(plain, (_, bytes) => hash.Append(bytes));
        }
        return new ContentHash(hash.GetCurrentHashAsUInt128());
    }

    /// <summary>The hash that 16 bytes stand for.</summary>
    /// <param name="bytes">16 bytes, the most significant first.</param>
    public static ContentHash FromBytes(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>Reads the form that <see cref="ToString"/> writes.</summary>
    /// <param name="text">32 hexadecimal digits.</param>
    /// <returns>The hash, or null where the text is something else.</returns>
    public static ContentHash? TryParse(string text) =>
        text.Length == 2 * Size && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? new ContentHash(value) : null;

    /// <summary>Writes the 16 bytes, the most significant first.</summary>
    /// <param name="destination">At least 16 bytes.</param>
    public void CopyTo(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);

    private static IEnumerable<TensorEntry> Ordered(IEnumerable<TensorEntry> entries, Func<string, bool>? include) =>
        entries.Where(e => include is null || include(e.Name)).OrderBy(e => e.Name, StringComparer.Ordinal);

    private static void Append(XxHash128 hash, TensorEntry entry)
    {
        Span<byte> eight = stackalloc byte[8];
        foreach (var text in new[] { entry.Name, entry.TypeName })
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt64LittleEndian(eight, bytes.Length);
            hash.Append(eight);
            hash.Append(bytes);
        }
        BinaryPrimitives.WriteInt64LittleEndian(eight, entry.Shape.Count);
        hash.Append(eight);
        foreach (var side in entry.Shape)
        {
            BinaryPrimitives.WriteInt64LittleEndian(eight, side);
            hash.Append(eight);
        }
    }
}
