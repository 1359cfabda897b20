using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Layers;
using Hita.Models;
using Hita.Tests.Support;
using Hita.Tokenization.Model;
using Hita.Verification;

namespace Hita.Tests.Verification;

/// <summary>Every recorded stage of the published implementation, with weights filled by name.</summary>
public sealed class ByNameTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("tokenizer-vanilla.safetensors", "tiny")]
    [InlineData("tokenizer-ultra.safetensors", "tiny-ultra")]
    [InlineData("gpt.safetensors", "tiny")]
    [InlineData("llamagen.safetensors", "tiny-llamagen")]
    public void Tiny_models_agree_with_the_vectors_at_every_stage(string vectors, string preset) =>
        Verify(TestFiles.Vector(vectors), preset, preset);

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("tokenizer-vanilla.safetensors", "hita-v")]
    [InlineData("tokenizer-ultra.safetensors", "hita-u")]
    [InlineData("gpt-b.safetensors", "hita-b")]
    public void Full_size_models_agree_with_the_vectors_at_every_stage(string vectors, string preset) =>
        Verify(TestFiles.Shared(Path.Combine("parity", "full", vectors)), preset, preset);

    private void Verify(string path, string tokenizerPreset, string generatorPreset)
    {
        using var vectors = WeightFile.Open(path);
        var stages = VectorVerifier.Verify(
            vectors,
            () =>
            {
                Assert.True(TokenizerPresets.TryGet(tokenizerPreset, out var config));
                var model = new TokenizerModel(config, TokenizerParts.All, Placement.Cpu);
                model.FillByName(isCodebook: TokenizerInitializer.IsCodebook);
                return model;
            },
            () =>
            {
                Assert.True(GeneratorPresets.TryGet(generatorPreset, out var config));
                var model = new GeneratorModel(config, Placement.Cpu);
                model.FillByName();
                return model;
            },
            stage => output.WriteLine($"{stage.Name} {stage.Shape} {stage.Measure} {stage.Error:e2} (at most {stage.Tolerance:e0})"));
        Assert.NotEmpty(stages);
        Assert.All(stages, static stage => Assert.True(stage.Passed, $"{stage.Name}: {stage.Error:e2} > {stage.Tolerance:e0}"));
    }
}
