using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Layers;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization.Model;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using static TorchSharp.torch;

namespace Hita.Tests.Tokenization;

/// <summary>ResNet-18 gives what ONNX Runtime makes of the file that its weights come from.</summary>
public sealed class ResNet18Tests
{
    private const int Side = ResNet18Network.TrainedSize;

    [Fact]
    public void Tokens_equal_those_of_onnx_runtime_on_real_images()
    {
        var onnx = ResNet18File.Path();
        using var session = new InferenceSession(onnx);
        using var source = ResNet18Weights.Open(onnx);
        using var encoder = new ResNet18Encoder(Placement.Cpu);
        StrictLoader.Load(source, encoder.Parameters());
        var mean = Mean(onnx);
        foreach (var file in Directory.GetFiles(TestFiles.Shared("images"), "*.JPEG").Order(StringComparer.Ordinal).Take(6))
        {
            var image = ImageFit.Square(ImageDecoder.Decode(File.ReadAllBytes(file), file, ImageDecodeOptions.Photo), Side);
            var expected = Run(session, image, mean);
            using var frozen = no_grad();
            using var scope = NewDisposeScope();
            var unit = ImageTensors.ToTensor([image]).Plus(1).Times(0.5);
            var tokens = encoder.Tokens(unit, ScalarType.Float32);
            Assert.Equal([1, 50, 512], tokens.shape);
            var pooled = tokens.narrow(1, 0, 1).ToFloats();
            var scale = expected.Max();
            for (var i = 0; i < expected.Length; i++)
                Assert.InRange(Math.Abs(pooled[i] - expected[i]) / scale, 0, 1e-4);
            // The pooled token is the mean of the others.
            Assert.InRange(tokens.narrow(1, 1, 49).mean([1L]).Minus(tokens.narrow(1, 0, 1).squeeze(1)).abs().max().ToDouble(), 0, 1e-4);
        }
    }

    [Fact]
    public void An_import_holds_the_same_tensors_and_is_found_before_the_package()
    {
        var onnx = ResNet18File.Path();
        using var folder = new TemporaryFolder();
        var (path, count, parameters) = ResNet18Importer.Import(onnx, folder.Path);
        Assert.Equal(folder[ResNet18Weights.ImportedName], path);
        // 22 convolutions with a bias each, and the mean image.
        Assert.Equal((45, 15_891_328L + (3 * Side * Side)), (count, parameters));
        using var package = ResNet18Weights.Open(onnx);
        using var imported = ResNet18Weights.Open(path);
        Assert.Equal(WeightFingerprint.Of(package), WeightFingerprint.Of(imported));
        Assert.Equal(path, ResNet18Weights.FindIn(folder.Path, folder["packages"]));
        var version = folder[$"packages/{ResNet18Weights.PackageName.ToLowerInvariant()}/{ResNet18Weights.PackageVersion}/tools/DnnImageModels/ResNet18Onnx"];
        Directory.CreateDirectory(version);
        File.WriteAllText(Path.Combine(version, ResNet18Weights.OnnxName), "");
        Assert.Equal(Path.Combine(version, ResNet18Weights.OnnxName), ResNet18Weights.FindIn(folder["nowhere"], folder["packages"]));
        Assert.Null(ResNet18Weights.FindIn(folder["nowhere"], folder["nothing"]));
        Assert.Contains($"dotnet package download {ResNet18Weights.PackageName}@{ResNet18Weights.PackageVersion}", ResNet18Weights.Absence, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_graphs_and_damaged_files_are_refused_in_a_sentence()
    {
        var onnx = ResNet18File.Path();
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(onnx);
        File.WriteAllBytes(folder["short.onnx"], bytes[..(bytes.Length / 2)]);
        Refused(folder["short.onnx"], "damaged");
        // The first kernel's stride, in the attribute of that name: 2 becomes 4.
        var strides = bytes.AsSpan().IndexOf("strides"u8);
        var changed = (byte[])bytes.Clone();
        changed.AsSpan(strides, 16).Replace((byte)2, (byte)4);
        File.WriteAllBytes(folder["other.onnx"], changed);
        Refused(folder["other.onnx"], "strides");
        // The mean image lies in a file of its own, which a copied file lacks.
        File.Copy(onnx, folder["ResNet18.onnx"]);
        Refused(folder["ResNet18.onnx"], "ResNetPreprocess.onnx");
        // Another model is none of ours.
        using var preparation = WeightFile.Open(Path.Combine(Path.GetDirectoryName(onnx)!, "..", "ResNetPrepOnnx", "ResNetPreprocess.onnx"));
        Assert.Equal(ModelKind.Unknown, ModelKinds.Of(preparation));

        static void Refused(string path, string part)
        {
            var fault = Assert.Throws<CheckpointException>(() => ResNet18Weights.Open(path).Dispose());
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
            Assert.EndsWith(".", fault.Message, StringComparison.Ordinal);
        }
    }

    // Blue, green and red, as the package's own preparation makes them.
    private static float[] Mean(string onnx)
    {
        using var session = new InferenceSession(Path.Combine(Path.GetDirectoryName(onnx)!, "..", "ResNetPrepOnnx", "ResNetPreprocess.onnx"));
        var zero = new DenseTensor<float>(new float[3 * Side * Side], [1, 3, Side, Side]);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("OriginalInput", zero)]);
        return Array.ConvertAll(results[0].AsEnumerable<float>().ToArray(), static v => -v);
    }

    private static float[] Run(InferenceSession session, Image image, float[] mean)
    {
        var input = new float[3 * Side * Side];
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                var (red, green, blue) = image[x, y];
                foreach (var (channel, value) in ((int, byte)[])[(0, blue), (1, green), (2, red)])
                {
                    var at = (((channel * Side) + y) * Side) + x;
                    input[at] = value - mean[at];
                }
            }
        }
        using var results = session.Run([NamedOnnxValue.CreateFromTensor(session.InputNames[0], new DenseTensor<float>(input, [1, 3, Side, Side]))]);
        return [.. results[0].AsEnumerable<float>()];
    }
}
