using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>
/// Identifies a model's weights, so that codes and images can say which model made them.
/// </summary>
/// <remarks>
/// XXH128 over every tensor's name, type and shape and its first and last 4 KiB: a training step changes all tensors, and reading
/// gigabytes to start would be a poor trade. It tells models apart; it does not detect damage.
/// </remarks>
public static class WeightFingerprint
{
    private const int SampleBytes = 4096;

    /// <summary>The fingerprint of an opened file or folder.</summary>
    /// <param name="source">The weights.</param>
    /// <param name="include">The tensors that count; null for all.</param>
    /// <returns>32 hexadecimal digits.</returns>
    public static string Of(ITensorSource source, Func<string, bool>? include = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Compute(source.Tensors.Values, include, (entry, offset, destination) => source.ReadPart(entry.Name, offset, destination));
    }

    /// <summary>The fingerprint of weights that are filled from their names, without filling them.</summary>
    /// <param name="shapes">The tensors' shapes by name; none is a codebook.</param>
    /// <param name="prefix">Put before each name when filling.</param>
    /// <returns>32 hexadecimal digits: those of the float32 file they would be saved to.</returns>
    internal static string OfByName(IReadOnlyDictionary<string, long[]> shapes, string prefix) => Compute(
        shapes.Select(static s => new TensorEntry(s.Key, TensorType.Float32, s.Value)),
        include: null,
        (entry, offset, destination) => WeightsByName.FillPart(
            prefix + entry.Name, [.. entry.Shape], offset / sizeof(float), MemoryMarshal.Cast<byte, float>(destination)));

    /// <summary>The fingerprint of weights in memory: that of the file they would be saved to.</summary>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="include">The tensors that count; null for all.</param>
    /// <returns>32 hexadecimal digits.</returns>
    public static string Of(IReadOnlyDictionary<string, Tensor> tensors, Func<string, bool>? include = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return Compute(tensors.Select(static t => TorchTensors.Describe(t.Key, t.Value)), include, (entry, offset, destination) =>
        {
            using var frozen = no_grad();
            using var scope = NewDisposeScope();
            var size = entry.Type.Size();
            var flat = tensors[entry.Name].detach().cpu().contiguous().view(-1);
            flat.narrow(0, offset / size, destination.Length / size).bytes.CopyTo(destination);
        });
    }

    private delegate void PartReader(TensorEntry entry, long byteOffset, Span<byte> destination);

    private static string Compute(IEnumerable<TensorEntry> entries, Func<string, bool>? include, PartReader read)
    {
        var hash = new XxHash128();
        var sample = new byte[SampleBytes];
        foreach (var entry in entries.Where(e => include?.Invoke(e.Name) != false).OrderBy(static e => e.Name, StringComparer.Ordinal))
        {
            hash.Append(Encoding.UTF8.GetBytes($"{entry.Name}:{entry.TypeName}:{entry.ShapeText};"));
            // Types that cannot be read are told by their names and shapes alone.
            if (entry.Type == TensorType.Other)
                continue;
            var part = sample.AsSpan(0, (int)Math.Min(SampleBytes, entry.ByteLength));
            foreach (var offset in (ReadOnlySpan<long>)[0, entry.ByteLength - part.Length])
            {
                read(entry, offset, part);
                hash.Append(part);
            }
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
