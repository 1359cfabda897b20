using System.Runtime.InteropServices;
using Hita.Checkpoints;
using Hita.Checkpoints.Onnx;
using Hita.Runtime;

namespace Hita.Tokenization.Model;

/// <summary>
/// The tensors of ML.NET's ResNet-18 under the names that the network has here: every convolution with the batch normalisation
/// after it folded in, and the mean image from the file that the package brings for preparing images.
/// </summary>
internal sealed class ResNet18Onnx : TensorSource
{
    private const string MeanFile = "ResNetPreprocess.onnx";
    private const string MeanName = "MeanImage";
    private const string Prefix = "network.";
    private readonly Dictionary<string, TensorEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, float[]> _values = new(StringComparer.Ordinal);

    private ResNet18Onnx(string path)
        : base(path)
    {
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorEntry> Tensors => _entries;

    /// <summary>Whether an ONNX file begins as a ResNet of this width does.</summary>
    public static bool Is(OnnxFile file) =>
        file.Nodes is [{ Operator: "Conv" } first, { Operator: "BatchNormalization" }, ..] && ShapeFit.Has(file.Tensors, first.Inputs.ElementAtOrDefault(1) ?? "", 64, 3, 7, 7);

    /// <summary>Goes along the graph, holds every operation against the network, and folds the tensors; the file is disposed.</summary>
    /// <exception cref="CheckpointException">The graph is another one, or the mean image is not beside it.</exception>
    public static ResNet18Onnx Convert(OnnxFile file)
    {
        using (file)
        {
            var result = new ResNet18Onnx(file.Path);
            var walk = new ResNet18Walk(file, result.Add);
            walk.Run();
            result.Add("mean", ReadMean(file.Path), 3, ResNet18Network.TrainedSize, ResNet18Network.TrainedSize);
            return result;
        }
    }

    /// <inheritdoc/>
    protected override void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination) =>
        MemoryMarshal.AsBytes(_values[entry.Name].AsSpan()).Slice((int)byteOffset, destination.Length).CopyTo(destination);

    /// <summary>Red, green and blue from blue, green and red, along the second side of four.</summary>
    internal static float[] Reversed(float[] values, int outer, int plane)
    {
        var turned = new float[values.Length];
        for (var o = 0; o < outer; o++)
        {
            for (var c = 0; c < 3; c++)
                values.AsSpan(((o * 3) + c) * plane, plane).CopyTo(turned.AsSpan(((o * 3) + 2 - c) * plane));
        }
        return turned;
    }

    private void Add(string name, float[] values, params long[] shape)
    {
        _entries.Add(Prefix + name, new TensorEntry(Prefix + name, TensorType.Float32, shape));
        _values.Add(Prefix + name, values);
    }

    private static float[] ReadMean(string path)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var found = ((string[])[System.IO.Path.Combine(folder, MeanFile), System.IO.Path.Combine(folder, "..", "ResNetPrepOnnx", MeanFile)])
            .FirstOrDefault(File.Exists)
            ?? throw new CheckpointException(path, $"the mean image of this network lies in {MeanFile}, which is neither beside it nor in ../ResNetPrepOnnx, where its package has it; put both files into one folder.");
        using var file = OnnxFile.Open(found);
        const int Side = ResNet18Network.TrainedSize;
        if (!file.Nodes.Select(static n => n.Operator).SequenceEqual(["Split", "Concat", "Sub"]) || !ShapeFit.Has(file.Tensors, MeanName, 1, 3, Side, Side))
            throw new CheckpointException(found, $"this is not the file that prepares images for {ResNet18Weights.OnnxName}: a mean image of {Side} × {Side} pixels is needed.");
        var values = new float[3 * Side * Side];
        file.ReadFloats(MeanName, values);
        return Reversed(values, 1, Side * Side);
    }
}
