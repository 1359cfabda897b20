using Hita.Generation;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Models;

/// <summary>A pipeline that samples while its tokenizer is still being loaded.</summary>
public sealed class PipelineForSamplingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(GeneratorEngine.Cpu)]
    [InlineData(GeneratorEngine.Torch)]
    public void It_makes_the_images_of_one_that_was_loaded_first(GeneratorEngine engine)
    {
        var options = new GeneratorOptions { Engine = engine };
        var (generator, tokenizer) = (NamedGenerator.Read("tiny"), NamedTokenizer.Read("tiny"));
        var prepared = 0;
        using var first = NamedModel.OpenPipeline(generator, tokenizer, options);
        using var second = NamedModel.OpenPipelineForSampling(generator, tokenizer, options, beforeTensors: () => Interlocked.Increment(ref prepared));
        Assert.Equal((first.Width, first.Height, first.TokensPerImage), (second.Width, second.Height, second.TokensPerImage));
        Assert.Equal(Pixels(first), Pixels(second));
        Assert.Equal(1, prepared);
        Assert.Equal(first.Tokenizer.ModelHash, second.Tokenizer.ModelHash);
    }

    [Fact]
    public void A_broken_tokenizer_is_named_while_it_generates()
    {
        var made = ModelCreator.Create("tiny", _folder["tiny"], byNamePrefix: "");
        var weights = Path.Combine(made.First(static m => m.Kind == ModelKind.Tokenizer).Folder, "model.safetensors");
        using (var file = new FileStream(weights, FileMode.Open))
            file.SetLength(file.Length / 2);
        using var pipeline = NamedModel.OpenPipelineForSampling(NamedGenerator.Read(_folder["tiny"]), NamedTokenizer.Read(_folder["tiny"]));
        var fault = Assert.Throws<CheckpointException>(() => Pixels(pipeline));
        Assert.Contains("model.safetensors", fault.Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => pipeline.Tokenizer);
    }

    [Fact]
    public void A_broken_generator_is_refused_once_nothing_is_loaded_any_more()
    {
        var made = ModelCreator.Create("tiny", _folder["tiny"], byNamePrefix: "");
        File.Delete(Path.Combine(made.First(static m => m.Kind == ModelKind.Generator).Folder, "model.safetensors"));
        var loading = false;
        Assert.Throws<CheckpointException>(() => NamedModel.OpenPipelineForSampling(
            NamedGenerator.Read(_folder["tiny"]),
            NamedTokenizer.Read(_folder["tiny"]),
            beforeTensors: () =>
            {
                Volatile.Write(ref loading, true);
                Thread.Sleep(200);
                Volatile.Write(ref loading, false);
            }));
        Assert.False(Volatile.Read(ref loading));
    }

    [Fact]
    public void Parts_of_different_codes_are_refused_before_anything_is_loaded() =>
        Assert.Throws<ConfigException>(() => NamedModel.OpenPipelineForSampling(
            NamedGenerator.Read("tiny"), NamedTokenizer.Read("hita-v"), beforeTensors: static () => Assert.Fail("loading")));

    private static byte[] Pixels(ImagePipeline pipeline)
    {
        byte[] pixels = [];
        pipeline.Generate(new GenerationRequest { Classes = [1], Seed = 5 }, image => pixels = image.Image.Pixels.ToArray());
        return pixels;
    }
}
