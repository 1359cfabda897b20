using System.Runtime.InteropServices;
using Hita.Distributed.Collectives;

namespace Hita.Distributed;

/// <content>Operations on managed memory, which wait until they are done.</content>
public sealed unsafe partial class ProcessGroup
{
    /// <summary>Returns when every rank has called it.</summary>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public void Barrier() => _host.Barrier().Wait();

    /// <summary>Replaces each value by the sum or maximum over all ranks.</summary>
    /// <param name="values">The values.</param>
    /// <param name="reduction">How.</param>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public void AllReduce(Span<float> values, Reduction reduction) => AllReduce(MemoryMarshal.AsBytes(values), values.Length, ElementType.Float32, reduction);

    /// <inheritdoc cref="AllReduce(Span{float}, Reduction)"/>
    public void AllReduce(Span<long> values, Reduction reduction) => AllReduce(MemoryMarshal.AsBytes(values), values.Length, ElementType.Int64, reduction);

    /// <summary>The largest of all ranks' values.</summary>
    /// <param name="value">This rank's.</param>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public long Max(long value)
    {
        AllReduce(new Span<long>(ref value), Reduction.Max);
        return value;
    }

    /// <summary>Whether it is true on any rank.</summary>
    /// <param name="value">Whether it is on this one.</param>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public bool Any(bool value) => Size == 1 ? value : Max(value ? 1 : 0) != 0;

    /// <summary>Puts parts of equal length of all ranks one after the other.</summary>
    /// <param name="part">This rank's.</param>
    /// <param name="all">Size times as long.</param>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public void AllGather(ReadOnlySpan<byte> part, Span<byte> all)
    {
        if (all.Length != (long)part.Length * Size)
            throw new ArgumentException($"The parts of {Size} ranks have {(long)part.Length * Size} bytes, not {all.Length}.", nameof(all));
        fixed (byte* from = part, to = all)
            _host.AllGather((nint)from, (nint)to, part.Length, ElementType.Byte).Wait();
    }

    /// <summary>The bytes of every rank, of whatever length.</summary>
    /// <param name="part">This rank's.</param>
    /// <returns>One array a rank.</returns>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public byte[][] Gather(ReadOnlySpan<byte> part)
    {
        var lengths = new long[Size];
        lengths[Rank] = part.Length;
        AllReduce(lengths, Reduction.Sum);
        var padded = new byte[lengths.Max()];
        part.CopyTo(padded);
        var all = new byte[checked(padded.Length * Size)];
        AllGather(padded, all);
        return [.. Enumerable.Range(0, Size).Select(r => all.AsSpan(r * padded.Length, (int)lengths[r]).ToArray())];
    }

    /// <summary>Rank 0's bytes on every rank.</summary>
    /// <param name="own">Rank 0's bytes; not looked at on the others.</param>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public byte[] Broadcast(byte[]? own)
    {
        var length = IsFirst ? own!.LongLength : 0;
        fixed (byte* data = MemoryMarshal.AsBytes(new Span<long>(ref length)))
            _host.Broadcast((nint)data, 1, ElementType.Int64, 0).Wait();
        var bytes = IsFirst ? own! : new byte[length];
        fixed (byte* data = bytes)
            _host.Broadcast((nint)data, length, ElementType.Byte, 0).Wait();
        return bytes;
    }

    private void AllReduce(Span<byte> bytes, long count, ElementType type, Reduction reduction)
    {
        fixed (byte* data = bytes)
            _host.AllReduce((nint)data, count, type, reduction).Wait();
    }
}
