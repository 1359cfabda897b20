using System.Buffers;
using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>A tensor to copy from one file to another.</summary>
/// <param name="Source">Where it lies.</param>
/// <param name="Entry">What it is called there.</param>
/// <param name="Name">What it will be called.</param>
internal sealed record ImportedTensor(ITensorSource Source, TensorEntry Entry, string Name);

/// <summary>Copies tensors chunk by chunk: a file of any size needs a few megabytes of memory.</summary>
internal static class TensorCopy
{
    private const int ChunkBytes = 4 << 20;

    /// <summary>Takes the next bytes of a tensor.</summary>
    public delegate void Writer(string name, ReadOnlySpan<byte> bytes);

    /// <summary>Copies.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="tensors">What to copy, in order.</param>
    /// <param name="write">Takes the bytes under the new names.</param>
    /// <param name="progress">Told after each chunk; may be null.</param>
    /// <param name="cancellation">Stops between two chunks.</param>
    /// <exception cref="CheckpointException">Values are not finite, or a file cannot be read or written.</exception>
    public static void Run(string path, IReadOnlyList<ImportedTensor> tensors, Writer write, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        var nonFinite = new List<string>();
        long done = 0, total = tensors.Sum(static t => t.Entry.ByteLength);
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            foreach (var tensor in tensors)
            {
                var finite = true;
                for (var at = 0L; at < tensor.Entry.ByteLength; at += ChunkBytes)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var chunk = buffer.AsSpan(0, (int)Math.Min(ChunkBytes, tensor.Entry.ByteLength - at));
                    tensor.Source.ReadPart(tensor.Entry.Name, at, chunk);
                    finite &= FiniteCheck.AllFinite(tensor.Entry.Type, chunk);
                    write(tensor.Name, chunk);
                    done += chunk.Length;
                    progress?.Report(new LoadProgress(done, total, tensor.Name));
                }
                if (!finite)
                    nonFinite.Add(tensor.Name);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        if (nonFinite.Count > 0)
        {
            var faults = new LoadFaults();
            faults.NonFinite.AddRange(nonFinite);
            throw new CheckpointException(path, $"the weights are damaged: {faults.Describe()}.");
        }
    }
}
