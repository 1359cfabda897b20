using System.Numerics;
using System.Runtime.InteropServices;
using Hita.Distributed.Collectives;

namespace Hita.Distributed.Mpi;

/// <summary>How many values go from each rank to each other one, and where they lie; one number a rank in each array.</summary>
/// <param name="Counts">Values that this rank gives.</param>
/// <param name="Sources">Where they begin.</param>
/// <param name="Arrivals">Values that this rank gets.</param>
/// <param name="Targets">Where they go.</param>
internal sealed record AllToAllCounts(int[] Counts, int[] Sources, int[] Arrivals, int[] Targets);

/// <summary>
/// Sums of which each rank gets a part. Every rank sends each other one its values of that one's part, and each adds up what it got, in
/// float32 and in the ranks' order: as many bytes as a ring of ranks sends, no rank sends or gets more than another, and the sums do not
/// depend on how values are cut into messages. Libraries' own operation goes by way of one rank where it does not wait.
/// </summary>
internal sealed unsafe class MpiSums(MpiCollectives collectives)
{
    // Values that are gathered to be added up: 16 MiB of float32.
    private const long Gathered = 4 << 20;

    private byte[] _gathered = [];
    private float[] _sums = [];

    /// <summary>Adds up, on the library's thread.</summary>
    /// <param name="data">Ranks · count values.</param>
    /// <param name="part">Where the sums of this rank's part go: its own place in the data, or elsewhere.</param>
    /// <param name="count">Values of a part.</param>
    /// <param name="type">float32 or bfloat16.</param>
    public void ReduceScatter(nint data, nint part, long count, ElementType type)
    {
        var size = collectives.Size;
        MpiCollectives.Whole(count * size);
        var piece = (int)Math.Min(count, Math.Max(1, Gathered / size));
        if (_gathered.Length < (long)piece * size * type.Size())
            _gathered = GC.AllocateUninitializedArray<byte>(piece * size * type.Size(), pinned: true);
        fixed (byte* target = _gathered)
        {
            for (long first = 0; first < count; first += piece)
            {
                var length = (int)Math.Min(piece, count - first);
                collectives.AllToAll(data, (nint)target, type, Exchange((int)count, (int)first, length));
                var place = part + (nint)(first * type.Size());
                if (type == ElementType.BFloat16)
                    AddUp(new Span<ushort>((ushort*)place, length));
                else
                    AddUp(new Span<float>((float*)place, length));
            }
        }
    }

    private AllToAllCounts Exchange(int count, int first, int length)
    {
        var size = collectives.Size;
        var lengths = Enumerable.Repeat(length, size).ToArray();
        return new AllToAllCounts(
            lengths, [.. Enumerable.Range(0, size).Select(r => (r * count) + first)], lengths, [.. Enumerable.Range(0, size).Select(r => r * length)]);
    }

    private void AddUp(Span<float> sums)
    {
        var gathered = MemoryMarshal.Cast<byte, float>(_gathered.AsSpan());
        gathered[..sums.Length].CopyTo(sums);
        for (var rank = 1; rank < collectives.Size; rank++)
            Add(sums, gathered.Slice(rank * sums.Length, sums.Length));
    }

    private void AddUp(Span<ushort> rounded)
    {
        var gathered = MemoryMarshal.Cast<byte, ushort>(_gathered.AsSpan());
        if (_sums.Length < rounded.Length)
            _sums = new float[rounded.Length];
        var sums = _sums.AsSpan(0, rounded.Length);
        sums.Clear();
        for (var rank = 0; rank < collectives.Size; rank++)
            BFloat16Rows.Add(sums, gathered.Slice(rank * sums.Length, sums.Length));
        BFloat16Rows.Round(sums, rounded);
    }

    private static void Add(Span<float> sums, ReadOnlySpan<float> values)
    {
        var wide = MemoryMarshal.Cast<float, Vector<float>>(sums);
        var others = MemoryMarshal.Cast<float, Vector<float>>(values);
        for (var i = 0; i < wide.Length; i++)
            wide[i] += others[i];
        for (var i = wide.Length * Vector<float>.Count; i < sums.Length; i++)
            sums[i] += values[i];
    }
}
