using Hita.Checkpoints;
using Hita.Generation.Engine;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Models;
using Hita.Tests.Support;

namespace Hita.Tests.Generation.Engine;

/// <summary>The float32 engine against the published implementation's vectors.</summary>
public sealed class VectorParityTests(ITestOutputHelper output)
{
    private const double Tolerance = 1e-4;

    [Fact]
    public void Tiny_logits_and_greedy_tokens_agree() => Verify(TestFiles.Vector("gpt.safetensors"), "tiny", "infer.");

    [Fact]
    public void Tiny_vanilla_greedy_tokens_agree() => Verify(TestFiles.Vector("llamagen.safetensors"), "tiny-llamagen", "");

    [Fact]
    [Trait("Category", "Slow")]
    public void Preset_b_logits_agree() => Verify(TestFiles.Shared(Path.Combine("parity", "full", "gpt-b.safetensors")), "hita-b", "infer.");

    private void Verify(string path, string preset, string prefix)
    {
        var config = Decoding.Preset(preset);
        using var vectors = WeightFile.Open(path);
        using var engine = Decoding.Engine(config, threads: 2);
        var compared = 0;
        foreach (var scale in (int[])[1, 4])
        {
            if (vectors.Tensors.ContainsKey($"{prefix}logits_cfg{scale}"))
            {
                CompareLogits(vectors, engine, $"{prefix}logits_cfg{scale}", scale);
                compared++;
            }
            if (vectors.Tensors.ContainsKey($"{prefix}greedy_cfg{scale}"))
            {
                var sampled = Run(vectors, engine, scale, forced: null, (_, _) => { });
                Assert.Equal(vectors.ReadInts($"{prefix}greedy_cfg{scale}"), sampled.SelectMany(t => t));
                compared++;
            }
        }
        Assert.True(compared >= 2);
    }

    private void CompareLogits(ITensorSource vectors, CpuTokenModel engine, string name, int scale)
    {
        var config = engine.Config;
        var positions = vectors.ReadInts("infer.positions");
        var expected = new float[vectors.Tensors[name].Count];
        vectors.ReadFloats(name, expected);
        var images = vectors.ReadInts("classes").Length;
        var holistic = vectors.ReadInts("holistic_tokens").Chunk(config.HolisticTokenCount).ToArray();
        var patches = vectors.ReadInts("patch_tokens").Chunk(config.PatchTokenCount).ToArray();
        int[][] forced = [.. holistic.Zip(patches, (h, p) => (int[])[.. h, .. p])];
        var worst = 0.0;
        Run(vectors, engine, scale, forced, (position, logits) =>
        {
            var place = Array.IndexOf(positions, position);
            for (var image = 0; place >= 0 && image < images; image++)
            {
                var size = config.CodebookSize;
                var error = Decoding.RelativeError(
                    logits.AsSpan(image * size, size), expected.AsSpan(((image * positions.Length) + place) * size, size));
                worst = Math.Max(worst, error);
            }
        });
        output.WriteLine($"{name}: {worst:e2}");
        Assert.InRange(worst, 1e-12, Tolerance);
    }

    /// <summary>Decodes the vectors' classes with the given tokens, or greedily, in the published mode.</summary>
    private static int[][] Run(
        ITensorSource vectors, CpuTokenModel engine, int scale, int[][]? forced, Action<int, float[]> onLogits)
    {
        var (config, classes) = (engine.Config, vectors.ReadInts("classes"));
        var images = classes.Length;
        using var pass = engine.Begin(scale > 1 ? 2 * images : images, BoundaryMode.Published);
        var inputs = Enumerable.Range(0, pass.Rows).Select(r => r < images ? classes[r] : config.ClassCount).ToArray();
        var logits = new float[pass.Rows * config.CodebookSize];
        var sampler = new TokenSampler(config.CodebookSize);
        var sampled = classes.Select(_ => new int[config.SequenceLength]).ToArray();
        for (var position = 0; position < config.SequenceLength; position++)
        {
            pass.Advance(inputs, logits);
            var conditional = logits.AsSpan(0, images * config.CodebookSize);
            if (scale > 1)
                TokenSampler.Guide(conditional, logits.AsSpan(conditional.Length), scale, conditional);
            onLogits(position, logits);
            for (var row = 0; row < pass.Rows; row++)
            {
                var image = row % images;
                if (row < images)
                {
                    sampled[image][position] = forced?[image][position] ?? sampler.Sample(
                        logits.AsSpan(image * config.CodebookSize, config.CodebookSize), TokenSampling.Greedy, 0);
                }
                inputs[row] = sampled[image][position];
            }
        }
        return sampled;
    }
}
