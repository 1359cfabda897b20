using System.Runtime.InteropServices;
using Hita.Imaging;
using Hita.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Data;

/// <summary>
/// Images of one size with their classes, as a loader hands them out. Its memory is used again after it is disposed; tensors
/// made from it are copies and stay.
/// </summary>
public sealed class ImageBatch : IDisposable
{
    private readonly Action<ImageBatch>? _release;
    private bool _released;

    internal ImageBatch(int epoch, int number, int size, BatchMemory memory, int count, Action<ImageBatch>? release) =>
        (Epoch, Number, Size, Memory, Count, _release) = (epoch, number, size, memory, count, release);

    /// <summary>The epoch it belongs to, from 0.</summary>
    public int Epoch { get; }

    /// <summary>Its place in the epoch, from 0.</summary>
    public int Number { get; }

    /// <summary>B, the images in it.</summary>
    public int Count { get; }

    /// <summary>Width and height of the images in pixels.</summary>
    public int Size { get; }

    /// <summary>The pixels: [B, H, W, 3], red, green, blue, 0 to 255.</summary>
    public ReadOnlySpan<byte> Pixels => Live.Pixels.AsSpan(0, Count * ImageBytes);

    /// <summary>The class of each image; 0 in a source without classes.</summary>
    public ReadOnlySpan<int> Labels => Live.Labels.AsSpan(0, Count);

    /// <summary>The number of each image in its source.</summary>
    public ReadOnlySpan<int> Indices => Live.Indices.AsSpan(0, Count);

    internal BatchMemory Memory { get; }

    private int ImageBytes => Size * Size * Image.Channels;

    private BatchMemory Live
    {
        get
        {
            ObjectDisposedException.ThrowIf(_released, this);
            return Memory;
        }
    }

    /// <summary>The images as models take them.</summary>
    /// <param name="device">Where the tensor is to be; the CPU where null.</param>
    /// <returns>[B, 3, H, W], float32 in [−1, 1].</returns>
    public Tensor ToTensor(Device? device = null)
    {
        if (device is null || device.type == DeviceType.CPU)
        {
            var tensor = empty([Count, Image.Channels, Size, Size], dtype: ScalarType.Float32);
            var values = MemoryMarshal.Cast<byte, float>(tensor.bytes);
            for (var i = 0; i < Count; i++)
                ImageTensors.ToPlanes(Pixels.Slice(i * ImageBytes, ImageBytes), values.Slice(i * ImageBytes, ImageBytes));
            return tensor;
        }
        // A quarter of the bytes travels, and the device does the rest.
        using var scope = NewDisposeScope();
        var bytes = empty([Count, Size, Size, Image.Channels], dtype: ScalarType.Byte);
        Pixels.CopyTo(bytes.bytes);
        return bytes.to(device).permute(0, 3, 1, 2).to(ScalarType.Float32).contiguous()
            .Times(1 / 127.5).Plus(-1).MoveToOuterDisposeScope();                                   // [B, 3, H, W]
    }

    /// <summary>The classes as models take them.</summary>
    /// <param name="device">Where the tensor is to be; the CPU where null.</param>
    /// <returns>[B], int64.</returns>
    public Tensor LabelTensor(Device? device = null)
    {
        var labels = TensorOps.FromInts(Labels, Count);
        if (device is null || device.type == DeviceType.CPU)
            return labels;
        using (labels)
            return labels.to(device);
    }

    /// <summary>One of the images, copied.</summary>
    /// <param name="place">0 to <see cref="Count"/> − 1.</param>
    public Image ImageAt(int place)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(place);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(place, Count);
        return new Image(Size, Size, Pixels.Slice(place * ImageBytes, ImageBytes).ToArray());
    }

    /// <summary>Hands the memory back to the loader.</summary>
    public void Dispose()
    {
        if (_released)
            return;
        _released = true;
        _release?.Invoke(this);
    }
}

/// <summary>The arrays of a batch, used by one batch after the other.</summary>
internal sealed class BatchMemory(int batchSize, int imageBytes)
{
    public byte[] Pixels { get; } = GC.AllocateUninitializedArray<byte>(batchSize * imageBytes, pinned: false);

    public int[] Labels { get; } = new int[batchSize];

    public int[] Indices { get; } = new int[batchSize];
}
