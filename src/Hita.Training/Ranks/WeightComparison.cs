using System.IO.Hashing;
using System.Runtime.InteropServices;
using Hita.Checkpoints;
using Hita.Distributed;
using Hita.Distributed.Launching;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training.Ranks;

/// <summary>Compares the weights of all ranks by checksums: they are the same to the bit unless a machine is at fault.</summary>
internal static class WeightComparison
{
    /// <summary>Compares. Every rank calls it.</summary>
    /// <param name="group">The ranks.</param>
    /// <param name="weights">This rank's tensors by name.</param>
    /// <param name="step">The step that was taken last.</param>
    /// <exception cref="HitaException">They differ; says the same on every rank.</exception>
    public static void Require(ProcessGroup group, IReadOnlyCollection<KeyValuePair<string, Tensor>> weights, long step)
    {
        ulong[] own = [.. weights.Select(static w => ChecksumOf(w.Value))];
        var together = new ulong[group.Size];
        ulong[] hash = [XxHash3.HashToUInt64(MemoryMarshal.AsBytes(own.AsSpan()))];
        group.AllGather(MemoryMarshal.AsBytes(hash.AsSpan()), MemoryMarshal.AsBytes(together.AsSpan()));
        if (together.Distinct().Count() == 1)
            return;
        // Only now is it of interest where.
        var all = new ulong[own.Length * group.Size];
        group.AllGather(MemoryMarshal.AsBytes(own.AsSpan()), MemoryMarshal.AsBytes(all.AsSpan()));
        throw new HitaException(Sentence([.. all.Chunk(own.Length)], [.. weights.Select(static w => w.Key)], group.Ranks, step));
    }

    /// <summary>What is to be said of ranks that differ.</summary>
    /// <param name="checksums">One array a rank, one number a tensor.</param>
    /// <param name="names">The tensors' names.</param>
    /// <param name="ranks">The ranks.</param>
    /// <param name="step">The step that was taken last.</param>
    internal static string Sentence(IReadOnlyList<ulong[]> checksums, IReadOnlyList<string> names, IReadOnlyList<RankIdentity> ranks, long step)
    {
        var groups = Enumerable.Range(0, checksums.Count)
            .GroupBy(r => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(checksums[r].AsSpan())))
            .OrderByDescending(static g => g.Count()).ThenBy(static g => g.Min()).ToList();
        var (usual, odd) = (groups[0].Min(), groups.Skip(1).SelectMany(static g => g).Min());
        var differing = checksums.Count - groups[0].Count();
        // Where as many ranks say this as that, nothing tells which of them is right.
        var isKnown = groups[0].Count() > groups[1].Count();
        var first = names[Enumerable.Range(0, names.Count).First(i => checksums[odd][i] != checksums[usual][i])];
        var who = isKnown
            ? $"Rank {odd} ({ranks[odd].Place}){(differing > 1 ? $" and {differing - 1} more" : "")} {(differing > 1 ? "have" : "has")} other weights than the other ranks"
            : $"Rank {odd} ({ranks[odd].Place}) has other weights than rank {usual} ({ranks[usual].Place})";
        return $"{who} after step {step}, first in '{MessageText.Short(first)}', and training stopped without saving: a machine's memory or processor is at fault, or its processors round otherwise; " +
            $"leave {(isKnown ? "that machine" : "one of the machines")} out and start the ranks again with --resume.";
    }

    private static ulong ChecksumOf(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var hash = new XxHash3();
        // In the memory's order, which is the same on every rank.
        var flat = MemoryOrder.Of(tensor).Flat(tensor.detach()).cpu();
        TorchTensors.VisitBytes(flat, (_, bytes) => hash.Append(bytes));
        return hash.GetCurrentHashAsUInt64();
    }
}
