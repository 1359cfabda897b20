using Hita.Checkpoints.Tflite;
using Hita.Layers;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

/// <summary>Takes the layers of MobileNetV2 out of a TensorFlow Lite file, operation by operation; whatever differs is refused.</summary>
/// <param name="file">The file.</param>
/// <param name="placement">Where the weights live.</param>
internal sealed class MobileNet2Walk(TfliteFile file, Placement placement)
{
    private const int Add = 0, Conv = 3, DepthwiseConv = 4, Reshape = 22, Softmax = 25, MeanOf = 40, Quantize = 114;
    private const int Same = 0, NoActivation = 0, Relu6 = 3;
    private readonly List<MobileNet2Model.Layer> _made = [];
    private int _at = file.Operations.Count > 0 && file.Operations[0].Code == Quantize ? 1 : 0;
    private int _value = file.Operations.Count > 0 ? file.Operations[0].Outputs.FirstOrDefault(-1) : -1;
    private int _blockInput = -1;

    /// <summary>The next layer: a convolution [output, kernel, kernel, input].</summary>
    public MobileNet2Model.Layer Convolution(int input, int output, int kernel, int stride, bool active)
    {
        if (active && kernel == 1)
            _blockInput = _value;
        var operation = Next(Conv, [output, kernel, kernel, input]);
        RequireOptions(operation, stride, active, activation: 3);
        var values = Reordered(file.Values(operation.Inputs[1]), output, kernel * kernel, input);
        return Keep(values, [output, input, kernel, kernel], operation, stride, groups: 1, active);
    }

    /// <summary>The next layer: a convolution of each channel alone, 3 × 3, [1, 3, 3, channels].</summary>
    public MobileNet2Model.Layer Depthwise(int channels, int stride)
    {
        var operation = Next(DepthwiseConv, [1, 3, 3, channels]);
        if (operation.Options!.Value.Int(3) != 1)
            throw Refuse("a depthwise convolution multiplies its channels");
        RequireOptions(operation, stride, active: true, activation: 4);
        var values = Reordered(file.Values(operation.Inputs[1]), 1, 9, channels);
        return Keep(values, [channels, 1, 3, 3], operation, stride, groups: channels, active: true);
    }

    /// <summary>The sum at the end of a residual block.</summary>
    public void Sum()
    {
        var operation = Any(Add);
        if (!operation.Inputs.Contains(_blockInput) || !operation.Inputs.Contains(_value))
            throw Refuse("a sum does not join a block with its input");
        _value = operation.Outputs[0];
    }

    /// <summary>The mean over all positions.</summary>
    public void Mean()
    {
        var operation = Any(MeanOf);
        if (operation.Inputs[0] != _value)
            throw Refuse("the mean is not taken of the last feature map");
        _value = operation.Outputs[0];
    }

    /// <summary>What follows the logits: their shape, the softmax and the output's type.</summary>
    public void End()
    {
        foreach (var operation in file.Operations.Skip(_at))
        {
            if (operation.Code is not (Reshape or Softmax or Quantize))
                throw Refuse($"operation {operation.Code} follows the logits");
        }
    }

    /// <summary>Frees everything that was made.</summary>
    public void FreeAll() => _made.ForEach(static l => l.Dispose());

    private TfliteOperation Next(int code, int[] shape)
    {
        var operation = Any(code);
        if (operation.Inputs is not [var value, var weight, var bias] || value != _value || bias < 0 || weight < 0 || !file.Tensors[weight].Shape.SequenceEqual(shape))
            throw Refuse($"operation {_at} is not the one of weights [{string.Join(", ", shape)}] that comes next");
        _value = operation.Outputs[0];
        return operation;
    }

    private TfliteOperation Any(int code)
    {
        if (_at >= file.Operations.Count || file.Operations[_at] is not { Outputs: [_], Inputs: [_, ..] } operation || operation.Code != code)
            throw Refuse($"operation {_at} is not of the kind {code} that comes next");
        _at++;
        return operation;
    }

    private void RequireOptions(TfliteOperation operation, int stride, bool active, int activation)
    {
        if (operation.Options is not { } options || options.Byte(0) != Same || options.Int(1) != stride || options.Int(2) != stride ||
            options.Byte(activation) != (active ? Relu6 : NoActivation))
        {
            throw Refuse($"the options of operation {_at} differ");
        }
    }

    private MobileNet2Model.Layer Keep(float[] values, long[] shape, TfliteOperation operation, int stride, int groups, bool active)
    {
        var bias = file.Values(operation.Inputs[2]);
        if (bias.Length != shape[0])
            throw Refuse($"the bias of operation {_at} has {bias.Length} values");
        using var scope = NewDisposeScope();
        var weight = TensorOps.FromFloats(values, shape).to(placement.Device).ToChannelsLast().DetachFromDisposeScope();
        var layer = new MobileNet2Model.Layer(weight, TensorOps.FromFloats(bias, bias.Length).to(placement.Device).DetachFromDisposeScope(), stride, groups, active);
        _made.Add(layer);
        return layer;
    }

    // [outer, positions, channels] → [outer, channels, positions].
    private static float[] Reordered(float[] values, int outer, int positions, int channels)
    {
        var turned = new float[values.Length];
        for (var o = 0; o < outer; o++)
        {
            for (var p = 0; p < positions; p++)
            {
                for (var c = 0; c < channels; c++)
                    turned[(((o * channels) + c) * positions) + p] = values[(((o * positions) + p) * channels) + c];
            }
        }
        return turned;
    }

    private CheckpointException Refuse(string what) => new(file.Path, $"this TensorFlow Lite model is not MobileNetV2 at 224 pixels with 8-bit weights: {what}.");
}
