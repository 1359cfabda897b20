using Hita.Checkpoints;
using Hita.Checkpoints.Torch;
using Hita.Models;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>Files that PyTorch itself wrote, with weights that follow from their names.</summary>
public sealed class PublishedCheckpointTests
{
    [Fact]
    public void The_moving_average_is_taken_and_holds_the_values_of_its_names()
    {
        using var source = Open("gpt.pt");
        Assert.Equal("ema", source.Section);
        Assert.Equal(["ema", "model"], source.Summary.Sections);
        Assert.Empty(source.Ignored);
        AssertFilledByName(source);
    }

    [Fact]
    public void The_trained_weights_are_taken_where_they_are_asked_for()
    {
        using var trained = Open("gpt.pt", WeightSection.Model);
        using var average = Open("gpt.pt", WeightSection.Ema);
        Assert.Equal("model", trained.Section);
        Assert.Equal(average.Tensors.Keys.Order(), trained.Tensors.Keys.Order());
        var differing = trained.Tensors.Values.Where(t => !Floats(trained, t.Name).SequenceEqual(Floats(average, t.Name))).ToList();
        Assert.NotEmpty(differing);
        Assert.All(differing, t => Assert.Single(t.Shape));
        // The file's trained weights are those of the average with every vector halved.
        foreach (var entry in differing)
            Assert.Equal(Floats(average, entry.Name).Select(static v => v / 2), Floats(trained, entry.Name));
    }

    [Fact]
    public void The_summary_tells_what_else_the_file_holds()
    {
        var summary = TorchCheckpoint.Describe(TestFiles.Vector("gpt.pt"));
        Assert.Equal("a dictionary", summary.Kind);
        Assert.Equal(0, summary.FlatTensorCount);
        Assert.Contains(summary.Items, i => i is { Name: "ema", Kind: "a dictionary", TensorCount: 20, ElementCount: 198656, Text: null });
        Assert.Contains(summary.Items, i => i is { Name: "optimizer", Kind: "a dictionary" });
        Assert.Contains(summary.Items, i => i is { Name: "args", Kind: "an object argparse.Namespace" });
        Assert.Equal(678, summary.Steps);
        Assert.Equal("GPT-B", summary.Arguments["gpt_model"]);
    }

    [Fact]
    public void A_flat_file_is_taken_as_it_is_for_every_section()
    {
        foreach (var section in Enum.GetValues<WeightSection>())
        {
            using var source = Open("tokenizer-vanilla.dinov2.pth", section);
            Assert.Equal("", source.Section);
            Assert.Equal([""], source.Summary.Sections);
            Assert.Equal(source.Tensors.Count, source.Summary.FlatTensorCount);
        }
        using var flat = Open("tokenizer-vanilla.dinov2.pth");
        AssertFilledByName(flat, "encode_transformer.backbone.pretrained_encoder.");
    }

    [Fact]
    public void The_vanilla_generator_is_read()
    {
        using var source = Open("llamagen-gpt.pt");
        Assert.Equal("model", source.Section);
        AssertFilledByName(source);
    }

    [Fact]
    public void The_published_tokenizer_layout_is_read_with_its_codebooks_and_counters()
    {
        using var source = TorchCheckpoint.Open(TestFiles.Shared("parity/tiny/tokenizer-vanilla.pt"));
        Assert.Equal("ema", source.Section);
        AssertFilledByName(source);
    }

    [Fact]
    public void Opening_a_large_file_reads_only_its_description()
    {
        var path = TestFiles.Shared("parity/tiny/tokenizer-vanilla.pt");
        TorchCheckpoint.Open(path).Dispose();
        var before = GC.GetAllocatedBytesForCurrentThread();
        TorchCheckpoint.Open(path).Dispose();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 << 20);
    }

    private static TorchCheckpoint Open(string name, WeightSection section = WeightSection.Automatic)
    {
        var source = WeightFile.Open(TestFiles.Vector(name), section);
        return Assert.IsType<TorchCheckpoint>(source);
    }

    private static void AssertFilledByName(TorchCheckpoint source, string prefix = "")
    {
        Assert.NotEmpty(source.Tensors);
        var compared = 0;
        foreach (var entry in source.Tensors.Values.Where(static t => t.Type == TensorType.Float32))
        {
            var expected = new float[entry.Count];
            if (!entry.Name.EndsWith("codebook_used", StringComparison.Ordinal))
                WeightsByName.Fill(prefix + entry.Name, [.. entry.Shape], expected);
            if (entry.Name.EndsWith("quantize.embedding.weight", StringComparison.Ordinal))
                WeightsByName.NormalizeRows(expected, (int)entry.Shape[1]);
            var actual = Floats(source, entry.Name);
            for (var i = 0; i < expected.Length; i++)
                Assert.True(MathF.Abs(expected[i] - actual[i]) <= 1e-6f, $"{entry.Name}[{i}] is {actual[i]}, must be {expected[i]}");
            compared++;
        }
        Assert.True(compared > 10);
    }

    private static float[] Floats(ITensorSource source, string name) => SafetensorsTests.Floats(source, name);
}
