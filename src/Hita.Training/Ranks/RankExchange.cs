using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Hita.Distributed;
using Hita.Distributed.Collectives;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training.Ranks;

/// <summary>What ranks that train together give each other besides gradients.</summary>
/// <param name="group">The ranks.</param>
/// <param name="options">How they train together.</param>
internal sealed unsafe class RankExchange(ProcessGroup group, DistributedOptions options)
{
    private ExceptionDispatchInfo? _fault;

    /// <summary>The ranks.</summary>
    public ProcessGroup Group => group;

    /// <summary>How they train together.</summary>
    public DistributedOptions Options => options;

    /// <summary>Adds up the shares of all ranks.</summary>
    public void Sum(List<KeyValuePair<string, double>> values)
    {
        var sums = values.Select(static v => (float)v.Value).ToArray();
        group.AllReduce(sums, Reduction.Sum);
        for (var i = 0; i < sums.Length; i++)
            values[i] = KeyValuePair.Create(values[i].Key, (double)sums[i]);
    }

    /// <summary>The sum of all ranks' float32 tensors, the same to the bit on each of them; in the caller's scope.</summary>
    public Tensor SumOf(Tensor value)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var flat = value.detach().cpu().reshape(-1).clone();
        group.AllReduce(MemoryMarshal.Cast<byte, float>(flat.bytes), Reduction.Sum);
        return flat.view(value.shape).to(value.device).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// As <see cref="SumOf"/>, for a backward pass, out of which no exception may come: native code lies in between. After a fault it gives
    /// zeros, and <see cref="ThrowIfFailed"/> throws it.
    /// </summary>
    public Tensor SumInBackward(Tensor value)
    {
        try
        {
            if (_fault is null)
                return SumOf(value);
        }
        catch (Exception e)
        {
            _fault = ExceptionDispatchInfo.Capture(e);
        }
        return zeros_like(value);
    }

    /// <summary>To be called after a backward pass.</summary>
    /// <exception cref="GroupException">A rank was lost during it; its gradients are not to be used.</exception>
    public void ThrowIfFailed()
    {
        var fault = _fault;
        _fault = null;
        fault?.Throw();
    }

    /// <summary>The codes of all ranks, in the ranks' order, which is that of the images in the step.</summary>
    public void Gather(List<int> codes)
    {
        var all = group.Gather(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(codes)));
        codes.Clear();
        foreach (var part in all)
            codes.AddRange(MemoryMarshal.Cast<byte, int>(part));
    }

    /// <summary>The rows of all ranks' float32 matrices, equally many of each, in the ranks' order; in the caller's scope.</summary>
    public Tensor Gather(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var own = rows.detach().to(ScalarType.Float32).cpu().contiguous();
        var all = empty([own.size(0) * group.Size, own.size(1)], dtype: ScalarType.Float32);
        group.AllGather(own.bytes, all.bytes);
        return all.to(rows.device).MoveToOuterDisposeScope();
    }

    /// <summary>Replaces statistics by their means over all ranks, and counts by the largest.</summary>
    public void Average(IEnumerable<Tensor> buffers)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        foreach (var buffer in buffers)
        {
            var counts = !is_floating_point(buffer);
            var flat = buffer.detach().to(counts ? ScalarType.Int64 : ScalarType.Float32).cpu().reshape(-1).clone();
            if (counts)
                group.AllReduce(MemoryMarshal.Cast<byte, long>(flat.bytes), Reduction.Max);
            else
                group.AllReduce(MemoryMarshal.Cast<byte, float>(flat.bytes), Reduction.Sum);
            buffer.copy_((counts ? flat : flat.Times(1.0 / group.Size)).view(buffer.shape));
        }
    }

    /// <summary>Rank 0's tensors on every rank.</summary>
    public void Spread(IEnumerable<Tensor> tensors)
    {
        using var frozen = no_grad();
        foreach (var tensor in tensors)
        {
            using var scope = NewDisposeScope();
            var flat = tensor.detach().cpu().reshape(-1).clone();
            fixed (byte* data = flat.bytes)
                group.Host.Broadcast((nint)data, flat.bytes.Length, ElementType.Byte, 0).Wait();
            if (!group.IsFirst)
                tensor.detach().copy_(flat.view(tensor.shape));
        }
    }
}
