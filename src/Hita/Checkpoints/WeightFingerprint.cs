using System.IO.Hashing;
using System.Text;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>
/// Identifies a model's weights, so that codes and pictures can say which model made them.
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
    /// <returns>32 hexadecimal digits.</returns>
    public static string Of(ITensorSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Compute(source.Tensors.Values, (entry, offset, destination) => source.ReadPart(entry.Name, offset, destination));
    }

    /// <summary>The fingerprint of weights in memory: that of the file they would be saved to.</summary>
    /// <param name="tensors">The tensors by name.</param>
    /// <returns>32 hexadecimal digits.</returns>
    public static string Of(IReadOnlyDictionary<string, Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return Compute(tensors.Select(static t => TorchTensors.Describe(t.Key, t.Value)), (entry, offset, destination) =>
        {
            using var frozen = no_grad();
            using var scope = NewDisposeScope();
            var size = entry.Type.Size();
            var flat = tensors[entry.Name].detach().cpu().contiguous().view(-1);
            flat.narrow(0, offset / size, destination.Length / size).bytes.CopyTo(destination);
        });
    }

    private delegate void PartReader(TensorEntry entry, long byteOffset, Span<byte> destination);

    private static string Compute(IEnumerable<TensorEntry> entries, PartReader read)
    {
        var hash = new XxHash128();
        var sample = new byte[SampleBytes];
        foreach (var entry in entries.OrderBy(static e => e.Name, StringComparer.Ordinal))
        {
            hash.Append(Encoding.UTF8.GetBytes($"{entry.Name}:{entry.TypeName}:{entry.ShapeText};"));
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
