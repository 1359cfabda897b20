using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Runtime.Products;
using Hita.Tests.Support;
using Hita.Training;

namespace Hita.Tests.Training;

/// <summary>What makes a step fast on a processor changes nothing but its rounding.</summary>
[Collection(Alone.Name)]
public sealed class StepKernelTests
{
    // Wide enough for layers to be multiplied by a kernel of choice.
    private static readonly GeneratorConfig Wide = TinyTrainers.Generator with { Width = 512, Heads = 8, Layers = 1, CodebookSize = 512 };

    [Theory]
    [InlineData("convolution")]
    [InlineData("packed")]
    public void Another_kernel_gives_the_same_steps_up_to_rounding(string kernel)
    {
        var expected = Steps(LinearKernel.Library, checkpointing: false);
        var found = Steps(Enum.Parse<LinearKernel>(kernel, ignoreCase: true), checkpointing: false);
        Assert.Equal(expected.Length, found.Length);
        // Three steps of Adam, whose first goes by the signs of gradients alone and so enlarges what rounding did to small ones.
        foreach (var (a, b) in expected.Zip(found))
            Assert.InRange(b / a, 1 - 1e-3, 1 + 1e-3);
    }

    [Theory]
    [InlineData("library")]
    [InlineData("convolution")]
    public void The_same_kernel_gives_the_same_bits_also_with_recomputed_blocks(string kernel)
    {
        var chosen = Enum.Parse<LinearKernel>(kernel, ignoreCase: true);
        var first = Steps(chosen, checkpointing: false);
        Assert.Equal(first, Steps(chosen, checkpointing: false));
        Assert.Equal(first, Steps(chosen, checkpointing: true));
    }

    [Fact]
    public void Memory_is_kept_during_a_step_and_not_after_it()
    {
        using var trainer = GeneratorTrainer.Create(TinyTrainers.Generator, TinyTrainers.Writing, seed: 1);
        var kept = new List<bool>();
        trainer.PartDone = _ => kept.Add(MemoryReuse.IsOn);
        trainer.TakeStep([TinyTrainers.Codes(2, 1)], 1);
        Assert.NotEmpty(kept);
        Assert.DoesNotContain(false, kept);
        Assert.False(MemoryReuse.IsOn);
    }

    // Losses and gradient norms of three steps; the head begins at zero, so that the first gives the layers no gradient.
    private static double[] Steps(LinearKernel kernel, bool checkpointing)
    {
        using var taken = LinearChoice.Take(kernel);
        using var trainer = GeneratorTrainer.Create(Wide, TinyTrainers.Writing with { ActivationCheckpointing = checkpointing }, seed: 1);
        var values = new List<double>();
        for (var step = 1; step <= 3; step++)
        {
            var report = trainer.TakeStep([Codes(step)], step);
            Assert.False(report.Skipped);
            values.AddRange(report.Values.Where(static v => v.Key is "loss" or "grad_norm").Select(static v => v.Value));
        }
        return [.. values];
    }

    private static GeneratorBatch Codes(int seed)
    {
        var random = new Random(seed);
        int[] Some(int count, int below) => [.. Enumerable.Range(0, count).Select(_ => random.Next(below))];
        return new GeneratorBatch(Some(3, Wide.ClassCount), Some(3 * Wide.HolisticTokenCount, Wide.CodebookSize), Some(3 * Wide.PatchTokenCount, Wide.CodebookSize));
    }
}
