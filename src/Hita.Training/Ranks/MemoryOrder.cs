using static TorchSharp.torch;

namespace Hita.Training.Ranks;

/// <summary>
/// The order in which a tensor's numbers lie in memory: that of its dimensions, or with channels last. Pieces of tensors are cut in this
/// order, as a piece then is one stretch of memory.
/// </summary>
internal sealed class MemoryOrder
{
    private readonly long[] _order;
    private readonly long[] _inverse;
    private readonly long[] _shape;

    private MemoryOrder(long[] order, long[] shape)
    {
        _order = order;
        _shape = [.. order.Select(d => shape[d])];
        _inverse = new long[order.Length];
        for (var i = 0; i < order.Length; i++)
            _inverse[order[i]] = i;
    }

    /// <summary>The order of a tensor without gaps.</summary>
    public static MemoryOrder Of(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var strides = tensor.stride();
        long[] order = [.. Enumerable.Range(0, strides.Length).OrderByDescending(d => strides[d]).Select(static d => (long)d)];
        if (!tensor.detach().permute(order).is_contiguous())
            throw new ArgumentException("The tensor's numbers do not lie one after the other.", nameof(tensor));
        return new MemoryOrder(order, tensor.shape);
    }

    /// <summary>A tensor of this order as a row of numbers, in the same memory.</summary>
    public Tensor Flat(Tensor tensor) => tensor.permute(_order).view(-1);

    /// <summary>A row of numbers as a tensor of this order, in the same memory.</summary>
    public Tensor Shaped(Tensor flat) => flat.view(_shape).permute(_inverse);
}
