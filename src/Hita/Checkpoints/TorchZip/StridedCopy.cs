namespace Hita.Checkpoints.TorchZip;

/// <summary>Gathers the elements of a view whose elements do not lie one after the other.</summary>
internal static class StridedCopy
{
    /// <summary>What to gather: the view's elements from the given one on, in row-major order.</summary>
    public readonly ref struct Work(TorchTensor tensor, long first, Span<byte> destination)
    {
        public TorchTensor Tensor { get; } = tensor;

        public long First { get; } = first;

        public Span<byte> Destination { get; } = destination;
    }

    /// <summary>Gathers. All positions have been checked against the storage's length when the view was made.</summary>
    public static unsafe void Run(Work work, byte* storage)
    {
        var (shape, strides, size) = (work.Tensor.Shape, work.Tensor.Strides, work.Tensor.Element.Size);
        var index = new long[shape.Length];
        var position = work.Tensor.Offset;
        var rest = work.First;
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            index[i] = rest % shape[i];
            rest /= shape[i];
            position += index[i] * strides[i];
        }
        for (var at = 0; at < work.Destination.Length; at += size)
        {
            new ReadOnlySpan<byte>(storage + (position * size), size).CopyTo(work.Destination[at..]);
            for (var i = shape.Length - 1; i >= 0; i--)
            {
                position += strides[i];
                if (++index[i] < shape[i])
                    break;
                position -= index[i] * strides[i];
                index[i] = 0;
            }
        }
    }
}
