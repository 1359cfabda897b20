using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Verification;
using static TorchSharp.torch;

namespace Hita.Tests.Metrics;

/// <summary>One network for all tests: making it takes a second.</summary>
public sealed class InceptionByName : IDisposable
{
    public InceptionExtractor Extractor { get; } = InceptionExtractor.ByName();

    public void Dispose() => Extractor.Dispose();
}

public sealed class InceptionTests(InceptionByName network, ITestOutputHelper output) : IClassFixture<InceptionByName>
{
    [Theory]
    [InlineData(64)]
    [InlineData(256)]
    public void Features_agree_with_the_published_network(int size)
    {
        using var vectors = SafetensorsFile.Open(TestFiles.Shared(Path.Combine("parity", "full", "inception.safetensors")));
        using var scope = NewDisposeScope();
        var entry = vectors.Tensors[$"{size}.image"];
        var images = empty([.. entry.Shape], dtype: ScalarType.Byte);
        vectors.Read(entry.Name, images.bytes);

        var features = network.Extractor.Extract(images);

        Assert.Equal(entry.Shape[0], features.Count);
        Close("pool", features.Pool);
        Close("logits_unbiased", features.UnbiasedLogits);
        Close("logits", features.Logits);
        Close("spatial", Transposed(features.Spatial.Span, features.Count));

        void Close(string name, ReadOnlyMemory<float> actual)
        {
            var error = StageComparer.RelativeError(actual.Span, vectors.Floats($"{size}.{name}"));
            output.WriteLine($"{size}.{name} relative error {error:e2}");
            Assert.True(error <= 1e-4, $"{name}: {error:e2}");
        }
    }

    [Fact]
    public void Images_and_tensors_give_the_same_features_in_any_batch()
    {
        Image[] images = [ImageFiles.Noise(40, 30, 1), ImageFiles.Noise(40, 30, 2)];
        var both = network.Extractor.Extract(images);
        var second = network.Extractor.Extract([images[1]]);
        Assert.True(StageComparer.RelativeError(second.Pool.Span, both.Pool.Span[InceptionFeatures.PoolWidth..]) < 1e-5);
        Assert.True(StageComparer.RelativeError(second.Spatial.Span, both.Spatial.Span[InceptionFeatures.SpatialWidth..]) < 1e-5);
        Assert.True(StageComparer.RelativeError(second.Pool.Span, both.Pool.Span[..InceptionFeatures.PoolWidth]) > 1e-4);
    }

    [Fact]
    public void The_network_has_the_names_of_the_published_file()
    {
        using var model = new InceptionModel(Placement.Meta);
        var names = model.Parameters();
        // The file's 566 tensors are these and one counter for each of the 94 normalisations.
        Assert.Equal(566 - 94, names.Count);
        Assert.Equal([32L, 3, 3, 3], names["Conv2d_1a_3x3.conv.weight"].shape);
        Assert.Equal([192L], names["Mixed_6e.branch7x7dbl_5.bn.running_var"].shape);
        Assert.Equal([160L, 160, 7, 1], names["Mixed_6c.branch7x7dbl_2.conv.weight"].shape);
        Assert.Equal([384L, 384, 1, 3], names["Mixed_7c.branch3x3_2a.conv.weight"].shape);
        Assert.Equal([1008L, 2048], names["fc.weight"].shape);
    }

    [Fact]
    public void Weights_from_a_file_give_the_features_of_the_same_weights_and_counters_are_left_out()
    {
        using var folder = new TemporaryFolder();
        using (var model = new InceptionModel(Placement.Cpu))
        using (NewDisposeScope())
        {
            model.FillByName("inception.");
            var tensors = model.Parameters().ToList();
            foreach (var name in tensors.Where(static t => t.Key.EndsWith("bn.weight", StringComparison.Ordinal)).Select(static t => t.Key).ToList())
                tensors.Add(new(name.Replace("bn.weight", "bn.num_batches_tracked", StringComparison.Ordinal), zeros([], dtype: ScalarType.Int64)));
            Assert.Equal(566, tensors.Count);
            SafetensorsWriter.Save(folder["inception.safetensors"], tensors);
        }
        using var loaded = InceptionExtractor.Load(folder["inception.safetensors"]);
        var image = ImageFiles.Noise(30, 30, 1);
        Assert.Equal(network.Extractor.Extract([image]).Pool.ToArray(), loaded.Extract([image]).Pool.ToArray());
        Assert.Equal(32, loaded.Fingerprint.Length);
    }

    [Fact]
    public void Weights_of_another_network_are_refused_in_a_sentence()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Save(folder["other.safetensors"], [new("fc.weight", zeros(2, 2))]);
        var fault = Assert.Throws<CheckpointException>(() => InceptionExtractor.Load(folder["other.safetensors"]));
        Assert.Contains("weights-inception-2015-12-05-6726825d.pth", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_weights_are_named_with_their_place_and_origin()
    {
        var file = MetricWeights.Inception with { FileName = "weights-that-nobody-has.pth" };
        var fault = Assert.Throws<HitaException>(() => MetricWeights.Find(file));
        Assert.Contains(file.FileName, fault.Message, StringComparison.Ordinal);
        Assert.Contains(MetricWeights.Folder, fault.Message, StringComparison.Ordinal);
        Assert.Contains("torch-fidelity", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_resize_takes_no_shift_by_half_a_pixel()
    {
        using var scope = NewDisposeScope();
        // Twice as large: places 0, ½, 1, 1½; beyond the last pixel it is repeated.
        var doubled = TensorflowResize.Resize(TensorOps.FromFloats([0, 10, 20, 30], 1, 1, 2, 2), 4);
        Assert.Equal([0, 5, 10, 10, 10, 15, 20, 20, 20, 25, 30, 30, 20, 25, 30, 30], doubled.ToFloats());
        // Half as large: every other pixel as it is, without a low-pass.
        var halved = TensorflowResize.Resize(TensorOps.FromFloats([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], 1, 1, 4, 4), 2);
        Assert.Equal([1, 3, 9, 11], halved.ToFloats());
    }

    [Fact]
    public void Images_of_two_sizes_in_a_batch_are_refused() =>
        Assert.Throws<ArgumentException>(() => network.Extractor.Extract([new Image(8, 8), new Image(8, 9)]));

    // [B, 17, 17, 7] → [B, 7, 17, 17]
    private static float[] Transposed(ReadOnlySpan<float> spatial, int count)
    {
        var result = new float[spatial.Length];
        for (var b = 0; b < count; b++)
        {
            for (var place = 0; place < 17 * 17; place++)
            {
                for (var channel = 0; channel < 7; channel++)
                    result[((b * 7) + channel) * 17 * 17 + place] = spatial[((b * 17 * 17) + place) * 7 + channel];
            }
        }
        return result;
    }
}
