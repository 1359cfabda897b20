using Hita.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

/// <summary>The image as the semantic encoder wants it: small, blurred before shrinking, normalised by ImageNet's statistics.</summary>
internal static class SemanticInput
{
    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] Deviation = [0.229f, 0.224f, 0.225f];

    /// <summary>Resizes an image [B, 3, H, W] in [-1, 1] to [B, 3, size, size] in [0, 1].</summary>
    public static Tensor Resize(Tensor image, long size)
    {
        using var scope = NewDisposeScope();
        long height = image.size(2), width = image.size(3);
        var x = image.to(ScalarType.Float32);
        if (height != size || width != size)
        {
            double shrinkHeight = (double)height / size, shrinkWidth = (double)width / size;
            if (Math.Max(shrinkHeight, shrinkWidth) > 1)
                x = Blur(x, shrinkHeight, shrinkWidth);
            x = nn.functional.interpolate(x, size: [size, size], mode: InterpolationMode.Bicubic, align_corners: true);
        }
        return x.Limit(-1, 1).Plus(1).Times(0.5).MoveToOuterDisposeScope();
    }

    /// <summary>Subtracts the mean and divides by the deviation of each channel; [B, 3, H, W] in [0, 1].</summary>
    public static Tensor Normalize(Tensor image)
    {
        using var scope = NewDisposeScope();
        var mean = TensorOps.FromFloats(Mean, 1, 3, 1, 1).to(image.device);
        var deviation = TensorOps.FromFloats(Deviation, 1, 3, 1, 1).to(image.device);
        return image.Minus(mean).Over(deviation).MoveToOuterDisposeScope();
    }

    private static Tensor Blur(Tensor x, double shrinkHeight, double shrinkWidth)
    {
        using var scope = NewDisposeScope();
        var y = BlurAxis(x, Kernel(shrinkWidth), vertical: false);
        return BlurAxis(y, Kernel(shrinkHeight), vertical: true).MoveToOuterDisposeScope();
    }

    private static Tensor BlurAxis(Tensor x, float[] kernel, bool vertical)
    {
        using var scope = NewDisposeScope();
        long channels = x.size(1), half = kernel.Length / 2;
        long[] padding = vertical ? [0, 0, half, half] : [half, half, 0, 0];
        var padded = nn.functional.pad(x, padding, PaddingModes.Reflect);
        long[] shape = vertical ? [1, 1, kernel.Length, 1] : [1, 1, 1, kernel.Length];
        var weight = TensorOps.FromFloats(kernel, shape).to(x.device).expand(channels, -1, -1, -1).contiguous();
        return nn.functional.conv2d(padded, weight, groups: channels).MoveToOuterDisposeScope();
    }

    private static float[] Kernel(double shrink)
    {
        var sigma = Math.Max((shrink - 1) / 2, 0.001);
        var length = (int)Math.Max(4 * sigma, 3);
        length += 1 - (length % 2);
        var values = new double[length];
        for (var i = 0; i < length; i++)
            values[i] = Math.Exp(-Math.Pow(i - (length / 2), 2) / (2 * sigma * sigma));
        var sum = values.Sum();
        return [.. values.Select(v => (float)(v / sum))];
    }
}
