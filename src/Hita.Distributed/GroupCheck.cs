using System.Runtime.InteropServices;
using Hita.Distributed.Collectives;

namespace Hita.Distributed;

/// <summary>Runs every operation over all ranks on values whose result is known.</summary>
internal static class GroupCheck
{
    // More than one message of any library, and no multiple of anything.
    private const int Count = 100_003;

    /// <summary>Checks a group. Every rank calls it.</summary>
    /// <exception cref="GroupException">A result is wrong.</exception>
    public static void Run(ProcessGroup group)
    {
        CheckSums(group);
        CheckParts(group);
        var text = group.Broadcast(group.IsFirst ? "from rank 0"u8.ToArray() : null);
        Require(text.AsSpan().SequenceEqual("from rank 0"u8), "broadcast");
        var gathered = group.Gather(new byte[group.Rank]);
        Require(gathered.Select(static b => b.Length).SequenceEqual(Enumerable.Range(0, group.Size)), "gather");
        group.Barrier();
    }

    private static void CheckSums(ProcessGroup group)
    {
        int size = group.Size, ranks = size * (size - 1) / 2;
        var floats = new float[Count];
        var longs = new long[Count];
        var halves = new ushort[Count];
        for (var i = 0; i < Count; i++)
        {
            floats[i] = (i % 1000) + group.Rank;
            longs[i] = (1L << 40) + i + group.Rank;
            // Small whole numbers are exact in every type.
            halves[i] = BFloat16((i % 8) + group.Rank);
        }
        group.AllReduce(floats, Reduction.Sum);
        group.AllReduce(longs, Reduction.Max);
        Reduce(group, halves, Reduction.Sum);
        Require(floats.Select((v, i) => v == ((i % 1000) * size) + ranks).All(static b => b), "all-reduce of float32");
        Require(longs.Select((v, i) => v == (1L << 40) + i + size - 1).All(static b => b), "all-reduce of int64");
        Require(size > 16 || halves.Select((v, i) => v == BFloat16(((i % 8) * size) + ranks)).All(static b => b), "all-reduce of bfloat16");
    }

    private static unsafe void CheckParts(ProcessGroup group)
    {
        const int Part = 1_001;
        var whole = new float[Part * group.Size];
        for (var i = 0; i < whole.Length; i++)
            whole[i] = i + group.Rank;
        // In place, as gradients are.
        fixed (float* data = whole)
            group.Host.ReduceScatter((nint)data, (nint)(data + (Part * group.Rank)), Part, ElementType.Float32).Wait();
        var part = whole.AsSpan(Part * group.Rank, Part).ToArray();
        var ranks = group.Size * (group.Size - 1) / 2;
        Require(part.Select((v, i) => v == ((float)(i + (Part * group.Rank)) * group.Size) + ranks).All(static b => b), "reduce-scatter");
        var bytes = new byte[whole.Length * sizeof(float)];
        group.AllGather(MemoryMarshal.AsBytes(part.AsSpan()), bytes);
        Require(MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select((v, i) => v == ((float)i * group.Size) + ranks).All(static b => b), "all-gather");
        fixed (float* data = whole)
            group.Host.AllGather((nint)(data + (Part * group.Rank)), (nint)data, Part, ElementType.Float32).Wait();
        Require(MemoryMarshal.AsBytes(whole.AsSpan()).SequenceEqual(bytes), "all-gather in place");
        CheckRounded(group);
        CheckUneven(group);
    }

    private static unsafe void CheckRounded(ProcessGroup group)
    {
        const int Part = 1_001;
        var ranks = group.Size * (group.Size - 1) / 2;
        var values = new ushort[Part * group.Size];
        for (var i = 0; i < values.Length; i++)
            values[i] = BFloat16((i % 8) + group.Rank);
        fixed (ushort* data = values)
            group.Host.ReduceScatter((nint)data, (nint)(data + (Part * group.Rank)), Part, ElementType.BFloat16).Wait();
        Require(group.Size > 16 || values.AsSpan(Part * group.Rank, Part).ToArray().Select((v, i) => v == BFloat16((((i + (Part * group.Rank)) % 8) * group.Size) + ranks)).All(static b => b), "reduce-scatter of bfloat16");
    }

    private static unsafe void CheckUneven(ProcessGroup group)
    {
        long[] counts = [.. Enumerable.Range(0, group.Size).Select(static r => (long)r)];
        var part = Enumerable.Repeat((float)group.Rank, group.Rank).ToArray();
        var all = new float[group.IsFirst ? counts.Sum() + 1 : 0];
        fixed (float* from = part, to = all)
            group.Host.Gather((nint)from, (nint)to, counts, ElementType.Float32, 0).Wait();
        Require(!group.IsFirst || all.SequenceEqual([.. Enumerable.Range(0, group.Size).SelectMany(static r => Enumerable.Repeat((float)r, r)), 0]), "gather of uneven parts");
    }

    private static unsafe void Reduce(ProcessGroup group, ushort[] values, Reduction reduction)
    {
        fixed (ushort* data = values)
            group.Host.AllReduce((nint)data, values.Length, ElementType.BFloat16, reduction).Wait();
    }

    private static ushort BFloat16(int value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);

    private static void Require(bool right, string what)
    {
        if (!right)
            throw new GroupException($"The {what} over all ranks gives wrong results: the MPI library is damaged, or of another kind than it says; name another one with {Mpi.MpiSearch.Variable}.");
    }
}
