using Hita.Checkpoints.Tflite;
using Hita.Layers;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

// B batch, C channels, H W positions.

/// <summary>
/// MobileNetV2 at 224 pixels, from a TensorFlow Lite file whose 8-bit weights are turned into the numbers they stand for. It
/// computes in float32: what the file's own program rounds to 8 bits on the way is not rounded here.
/// </summary>
internal sealed class MobileNet2Model : IDisposable
{
    /// <summary>Features before the classifier.</summary>
    public const int Width = 1280;

    /// <summary>Classes of ImageNet and one for the background.</summary>
    public const int ClassCount = 1001;

    private readonly Layer _stem;
    private readonly List<Layer[]> _blocks = [];
    private readonly Layer _last;
    private readonly Layer _classes;

    private MobileNet2Model(MobileNet2Walk walk)
    {
        _stem = walk.Convolution(3, 32, 3, 2, active: true);
        var input = 32;
        foreach (var (expansion, output, count, stride) in (ReadOnlySpan<(int, int, int, int)>)[(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)])
        {
            for (var i = 0; i < count; i++)
            {
                var hidden = input * expansion;
                var layers = new List<Layer>();
                if (expansion > 1)
                    layers.Add(walk.Convolution(input, hidden, 1, 1, active: true));
                layers.Add(walk.Depthwise(hidden, i == 0 ? stride : 1));
                layers.Add(walk.Convolution(hidden, output, 1, 1, active: false));
                if (i > 0)
                    walk.Sum();
                _blocks.Add([.. layers]);
                input = output;
            }
        }
        _last = walk.Convolution(input, Width, 1, 1, active: true);
        walk.Mean();
        _classes = walk.Convolution(Width, ClassCount, 1, 1, active: false);
        walk.End();
    }

    /// <summary>Loads the network.</summary>
    /// <param name="path">The TensorFlow Lite file.</param>
    /// <param name="placement">Where the weights live.</param>
    /// <exception cref="HitaException">The file is not that network.</exception>
    public static MobileNet2Model Load(string path, Placement placement)
    {
        var walk = new MobileNet2Walk(TfliteFile.Open(path), placement);
        try
        {
            return new MobileNet2Model(walk);
        }
        catch
        {
            walk.FreeAll();
            throw;
        }
    }

    /// <summary>Images [B, 3, 224, 224] in [-1, 1] → features [B, 1280] and logits [B, 1001], in the caller's dispose scope.</summary>
    public (Tensor Features, Tensor Logits) Run(Tensor images)
    {
        var features = _last.Apply(Maps(images, _blocks.Count)[^1]).mean([2L, 3L], keepdim: true); // [B, 1280, 1, 1]
        return (features.flatten(1), _classes.Apply(features).flatten(1));
    }

    /// <summary>Images [B, 3, 224, 224] in [-1, 1] → what comes out of each of the first blocks [B, C, H, W], in the caller's dispose scope.</summary>
    /// <param name="images">The images.</param>
    /// <param name="count">1 to 17.</param>
    public List<Tensor> Maps(Tensor images, int count)
    {
        var maps = new List<Tensor>();
        var x = _stem.Apply(images.ToChannelsLast());
        foreach (var block in _blocks.Take(count))
        {
            var y = x;
            foreach (var layer in block)
                y = layer.Apply(y);
            // A block that keeps the shape is a residual one.
            x = y.shape.SequenceEqual(x.shape) ? x.Plus(y) : y;
            maps.Add(x);
        }
        return maps;
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        foreach (var layer in _blocks.SelectMany(static b => b).Append(_stem).Append(_last).Append(_classes))
            layer.Dispose();
    }

    /// <summary>A convolution, padded as TensorFlow does: what is missing at odd ends goes to the bottom and the right.</summary>
    internal sealed record Layer(Tensor Weight, Tensor Bias, int Stride, int Groups, bool Active) : IDisposable
    {
        public Tensor Apply(Tensor x)
        {
            using var scope = NewDisposeScope();
            long kernel = Weight.size(2), bottom = Missing(x.size(2), kernel), right = Missing(x.size(3), kernel);
            if (bottom > 0 || right > 0)
                x = nn.functional.pad(x, [right / 2, right - (right / 2), bottom / 2, bottom - (bottom / 2)]);
            x = nn.functional.conv2d(x, Weight, Bias, [Stride, Stride], groups: Groups);
            return (Active ? x.Limit(0, 6) : x).MoveToOuterDisposeScope();
        }

        public void Dispose()
        {
            Weight.Dispose();
            Bias.Dispose();
        }

        private long Missing(long side, long kernel) => Math.Max(0, ((((side + Stride - 1) / Stride) - 1) * Stride) + kernel - side);
    }
}
