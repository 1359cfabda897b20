using Hita.Checkpoints.Onnx;
using Hita.Runtime;

namespace Hita.Tokenization.Model;

/// <summary>Goes along an ONNX graph from its input and takes the tensors of ResNet-18 out of it; whatever differs is refused.</summary>
/// <param name="file">The graph.</param>
/// <param name="add">Takes a tensor: its name, its values and its shape.</param>
internal sealed class ResNet18Walk(OnnxFile file, Action<string, float[], long[]> add)
{
    private const float Eps = 1e-5f;
    private readonly ILookup<string, OnnxNode> _users = file.Nodes.SelectMany(static n => n.Inputs.Select(i => (i, n))).ToLookup(static p => p.i, static p => p.n, StringComparer.Ordinal);
    private int _seen;

    /// <summary>Takes everything.</summary>
    /// <exception cref="CheckpointException">The graph is not that network.</exception>
    public void Run()
    {
        if (file.Inputs is not [var input])
            throw Refuse($"it takes {file.Inputs.Count} inputs");
        var value = Relu(Convolution("conv1", input, 3, ResNet18Network.Widths[0], 7, 2));
        value = Pooled(value);
        var width = ResNet18Network.Widths[0];
        for (var stage = 0; stage < ResNet18Network.Depths.Length; stage++)
        {
            for (var i = 0; i < ResNet18Network.Depths[stage]; i++)
            {
                var output = ResNet18Network.Widths[stage];
                value = Block($"layer{stage + 1}.{i}", value, width, output, stage > 0 && i == 0);
                width = output;
            }
        }
        Only(value, "AveragePool");
        if (_seen != file.Nodes.Count)
            throw Refuse($"it has {file.Nodes.Count} operations where {_seen} are known");
    }

    private string Block(string name, string value, int input, int output, bool halves)
    {
        var first = Relu(Convolution($"{name}.conv1", value, input, output, 3, halves ? 2 : 1));
        var second = Convolution($"{name}.conv2", first, output, output, 3, 1);
        var shortcut = halves ? Convolution($"{name}.downsample", value, input, output, 1, 2) : value;
        var sum = Only(second, "Add");
        if (!sum.Inputs.Contains(shortcut))
            throw Refuse($"{name} adds {string.Join(" and ", sum.Inputs)}");
        return Relu(sum.Outputs[0]);
    }

    // A convolution without a bias and the normalisation after it, as one convolution with a bias.
    private string Convolution(string name, string value, int input, int output, int kernel, int stride)
    {
        var node = _users[value].FirstOrDefault(n => n.Operator == "Conv" && n.Integers.GetValueOrDefault("kernel_shape") is [var k, _] && k == kernel)
            ?? throw Refuse($"there is no convolution of {kernel} × {kernel} for {name}");
        var pads = (kernel, stride) switch { (7, _) => (long[])[3, 3, 2, 2], (3, 2) => [1, 1, 0, 0], (3, _) => [1, 1, 1, 1], _ => [0, 0, 0, 0] };
        Require(node, "kernel_shape", kernel, kernel);
        Require(node, "strides", stride, stride);
        Require(node, "pads", pads);
        Require(node, "dilations", 1, 1);
        Require(node, "group", 1);
        var norm = Only(node.Outputs[0], "BatchNormalization");
        if (node.Inputs.Count != 2 || norm.Inputs.Count != 5 || norm.Numbers.GetValueOrDefault("epsilon") is not Eps)
            throw Refuse($"{name} is not a convolution without a bias before a normalisation with eps {Eps}");
        _seen++;
        var weight = Read(node.Inputs[1], output, input, kernel, kernel);
        var (scale, shift) = (Read(norm.Inputs[1], output), Read(norm.Inputs[2], output));
        var (mean, variance) = (Read(norm.Inputs[3], output), Read(norm.Inputs[4], output));
        var bias = new float[output];
        var size = weight.Length / output;
        for (var o = 0; o < output; o++)
        {
            var factor = scale[o] / Math.Sqrt(variance[o] + (double)Eps);
            bias[o] = (float)(shift[o] - (mean[o] * factor));
            foreach (ref var w in weight.AsSpan(o * size, size))
                w = (float)(w * factor);
        }
        // The graph's own input is blue, green and red.
        add(name + ".weight", kernel == 7 ? ResNet18Onnx.Reversed(weight, output, kernel * kernel) : weight, [output, input, kernel, kernel]);
        add(name + ".bias", bias, [output]);
        return norm.Outputs[0];
    }

    private string Relu(string value) => Only(value, "Relu").Outputs[0];

    private string Pooled(string value)
    {
        var node = Only(value, "MaxPool");
        Require(node, "kernel_shape", 3, 3);
        Require(node, "strides", 2, 2);
        Require(node, "pads", 1, 1, 0, 0);
        return node.Outputs[0];
    }

    private OnnxNode Only(string value, string operation)
    {
        if (_users[value].Where(n => n.Operator == operation).ToList() is not [{ Outputs: [_] } node])
            throw Refuse($"{value} does not go through one {operation}");
        _seen++;
        return node;
    }

    private void Require(OnnxNode node, string attribute, params long[] wanted)
    {
        if (node.Integers.GetValueOrDefault(attribute) is not { } given || !given.SequenceEqual(wanted))
            throw Refuse($"the {attribute} of {node.Outputs[0]} are not {string.Join(", ", wanted)}");
    }

    private float[] Read(string name, params long[] shape)
    {
        if (!file.Tensors.TryGetValue(name, out var entry) || !entry.HasShape(shape))
            throw Refuse($"the tensor '{name}' of shape [{string.Join(", ", shape)}] is not there");
        var values = new float[entry.Count];
        file.ReadFloats(name, values);
        return values;
    }

    private CheckpointException Refuse(string what) => new(
        file.Path, $"this ONNX model is not the ResNet-18 of {ResNet18Weights.PackageName} {ResNet18Weights.PackageVersion}: {what}.");
}
