using Hita.Generation.Model;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Training;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

/// <summary>Blocks that are computed again give the step that blocks that are kept would have given.</summary>
/// <remarks>Alone, because dropout samples from the tensor library's one generator, which other tests would advance.</remarks>
[Collection(Alone.Name)]
public sealed class ActivationCheckpointingTests
{
    [Theory]
    [InlineData(4, Precision.Float32)]
    [InlineData(0, Precision.Float32)]
    [InlineData(4, Precision.BFloat16)]
    public void Steps_are_the_same_to_the_bit_with_dropout(int holistic, Precision precision)
    {
        var config = TinyTrainers.Generator with { Layers = 3, HolisticTokenCount = holistic };
        var options = TinyTrainers.Writing with { Dropout = 0.2, ClassDropout = 0.3, Precision = precision };
        using var kept = GeneratorTrainer.Create(config, options, seed: 3);
        using var recomputed = GeneratorTrainer.Create(config, options with { ActivationCheckpointing = true }, seed: 3);
        for (var step = 1; step <= 3; step++)
        {
            GeneratorBatch[] batches = [Codes(4, step), Codes(3, 100 + step)];
            // Losses, the norm of all gradients; then weights, their average, and the optimiser's moments, which are the gradients' own.
            Assert.Equal(kept.TakeStep(batches, step).Values, recomputed.TakeStep(batches, step).Values);
            ResumeTests.AssertSame(kept.Bytes(), recomputed.Bytes());
        }

        // Dropout was at work, or the comparison would show little.
        using var without = GeneratorTrainer.Create(config, options with { Dropout = 0, ActivationCheckpointing = true }, seed: 3);
        for (var step = 1; step <= 3; step++)
            without.TakeStep([Codes(4, step), Codes(3, 100 + step)], step);
        Assert.NotEqual(without.Bytes()["model/output.weight"], recomputed.Bytes()["model/output.weight"]);

        GeneratorBatch Codes(int count, int seed)
        {
            var codes = TinyTrainers.Codes(count, seed);
            return holistic > 0 ? codes : codes with { Holistic = [] };
        }
    }

    [Fact]
    public void Blocks_keep_nothing_until_they_are_computed_again()
    {
        using var scope = NewDisposeScope();
        using var model = new GeneratorModel(TinyTrainers.Generator, Placement.Cpu, dropout: 0.1);
        GeneratorInitializer.Initialize(model, 1);
        model.train();
        var parameters = model.named_parameters().ToDictionary(static p => p.name, static p => p.parameter);
        using var blocks = new RecomputedBlocks(model, new StepRandom(1, 1, 0), static () => null);
        var hidden = blocks.Hidden(TensorOps.FromInts([1, 2], 2), TensorOps.FromInts(new int[2 * 12], 2, 12));
        Assert.Equal([2L, 13, 32], hidden.shape);
        Assert.Throws<InvalidOperationException>(() => blocks.Backward());
        hidden.Squared().sum().backward();
        // The loss's own pass ends at the outputs of the last block.
        Assert.NotNull(parameters["norm.weight"].grad);
        Assert.All(parameters.Where(static p => p.Key.StartsWith("layers.", StringComparison.Ordinal)), static p => Assert.Null(p.Value.grad));
        Assert.Null(parameters["cls_embedding.embedding_table.weight"].grad);
        blocks.Backward();
        Assert.All(parameters.Where(static p => p.Key.StartsWith("layers.", StringComparison.Ordinal)), static p => Assert.NotNull(p.Value.grad));
        Assert.NotNull(parameters["cls_embedding.embedding_table.weight"].grad);
        Assert.NotNull(parameters["slot_pos.weight"].grad);
    }

    [Fact]
    public void What_is_sampled_from_a_place_is_sampled_again()
    {
        using var scope = NewDisposeScope();
        rand(3);
        using var place = RandomStateMark.Mark(CPU, new StepRandom(1, 1, 0));
        var first = rand(100).ToFloats();
        place.Return();
        Assert.Equal(first, rand(100).ToFloats());
    }
}
