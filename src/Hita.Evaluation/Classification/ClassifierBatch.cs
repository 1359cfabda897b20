using Hita.Imaging;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Evaluation.Classification;

/// <summary>A batch in plain memory, so that it can be prepared on other threads.</summary>
internal sealed record ClassifierBatch(float[] Values, int[] Classes)
{
    private const int Side = ImageClassifier.InputSize;
    private const int Size = Side * Side * Image.Channels;

    public static ClassifierBatch Read(Func<long, LabelledImage> read, long first, int count)
    {
        var batch = new ClassifierBatch(new float[count * Size], new int[count]);
        Parallel.For(0, count, i =>
        {
            var (image, label) = read(first + i);
            ImageTensors.ToPlanes(ImageClassifier.Fit(image), batch.Values.AsSpan(i * Size, Size));
            batch.Classes[i] = label;
        });
        return batch;
    }

    /// <summary>The first images.</summary>
    public ClassifierBatch Part(int count) =>
        count >= Classes.Length ? this : new ClassifierBatch(Values[..(count * Size)], Classes[..count]);

    /// <summary>These images and others, up to a number.</summary>
    public ClassifierBatch With(ClassifierBatch other, int max)
    {
        var both = new ClassifierBatch([.. Values, .. other.Values], [.. Classes, .. other.Classes]);
        return both.Part(max);
    }

    /// <summary>The images, left and right exchanged.</summary>
    public ClassifierBatch Mirrored()
    {
        var values = (float[])Values.Clone();
        for (var row = 0; row < values.Length; row += Side)
            values.AsSpan(row, Side).Reverse();
        return this with { Values = values };
    }

    /// <summary>[B, 3, 64, 64] in [-1, 1].</summary>
    public Tensor Images() => TensorOps.FromFloats(Values, Classes.Length, Image.Channels, Side, Side);

    /// <summary>int64 [B].</summary>
    public Tensor Labels() => TensorOps.FromInts(Classes, Classes.Length);
}
