using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Layers;

namespace Hita.Tests.Generation.Engine;

/// <summary>The float32 engine against the framework's model.</summary>
public sealed class FrameworkParityTests
{
    private const double Tolerance = 2e-5;

    [Theory]
    [InlineData("tiny", BoundaryMode.Trained)]
    [InlineData("tiny", BoundaryMode.Published)]
    [InlineData("tiny-llamagen", BoundaryMode.Trained)]
    public void Logits_agree_at_every_position(string preset, BoundaryMode boundary)
    {
        var config = Decoding.Preset(preset);
        AssertSameLogits(config, boundary);
    }

    [Fact]
    public void Sizes_that_fill_no_vector_or_panel_agree()
    {
        AssertSameLogits(Odd, BoundaryMode.Trained);
        AssertSameLogits(Odd with { HolisticTokenCount = 0 }, BoundaryMode.Trained);
    }

    /// <summary>A head of 20 values, a width of 60, 101 codes and a grid that is not square.</summary>
    public static GeneratorConfig Odd { get; } = new()
    {
        Width = 60,
        Layers = 2,
        Heads = 3,
        CodebookSize = 101,
        HolisticTokenCount = 37,
        GridHeight = 7,
        GridWidth = 5,
        ClassCount = 3,
    };

    private static void AssertSameLogits(GeneratorConfig config, BoundaryMode boundary)
    {
        int[][] tokens = [Decoding.Tokens(config, 0), Decoding.Tokens(config, 1), Decoding.Tokens(config, config.ClassCount)];
        using var network = new GeneratorModel(config, Placement.Cpu);
        network.FillByName();
        using var framework = new TorchTokenModel(network);
        using var engine = Decoding.Engine(config, threads: 2);
        var expected = Decoding.TeacherForced(framework, tokens, boundary);
        var actual = Decoding.TeacherForced(engine, tokens, boundary);
        for (var position = 0; position < expected.Length; position++)
        {
            var error = Decoding.RelativeError(actual[position], expected[position]);
            Assert.True(error < Tolerance, $"position {position}: {error:e2}");
        }
    }
}
