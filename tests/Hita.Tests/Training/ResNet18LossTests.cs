using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Training;
using Hita.Training.Losses;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

/// <summary>The perceptual loss on the stages of ResNet-18.</summary>
public sealed class ResNet18LossTests
{
    [Fact]
    public void It_is_0_for_the_same_image_grows_with_the_change_and_moves_the_image_only()
    {
        using var scope = NewDisposeScope();
        using var loss = ResNet18Stages.Load([1, 2, 3, 4], ResNet18File.Path(), mixed: false, Placement.Cpu);
        var images = TinyTrainers.Images(2, 1, 64).Pixels;
        Assert.Equal(0, loss.Distances(images, images).abs().max().ToDouble());
        var noise = randn(images.shape, generator: new Generator(1));
        var little = loss.Distances(images.Plus(noise.Times(0.02)).detach().requires_grad_(), images);
        var much = loss.Distances(images.Plus(noise.Times(0.3)), images);
        Assert.Equal([2L], little.shape);
        Assert.True(much.mean().ToDouble() > 4 * little.mean().ToDouble());
        Assert.InRange(much.max().ToDouble(), 0, 2);
        var moved = images.Plus(noise.Times(0.1)).detach().requires_grad_();
        var before = loss.Distances(moved, images).mean();
        before.backward();
        var gradient = moved.grad!;
        Assert.True(double.IsFinite(gradient.norm().ToDouble()) && gradient.norm().ToDouble() > 0);
        var after = loss.Distances(moved.detach().PlusScaled(gradient, -0.02 / gradient.abs().max().ToDouble()), images).mean();
        Assert.True(after.ToDouble() < before.ToDouble());
    }

    [Fact]
    public void A_white_image_has_a_finite_gradient()
    {
        using var scope = NewDisposeScope();
        using var loss = ResNet18Stages.Load([1, 2, 3], ResNet18File.Path(), mixed: false, Placement.Cpu);
        var white = ones([1, 3, 64, 64]).requires_grad_();
        loss.Distances(white, zeros([1, 3, 64, 64])).sum().backward();
        Assert.True(double.IsFinite(white.grad!.norm().ToDouble()));
    }

    [Fact]
    public void A_trainer_reports_it_under_its_own_name()
    {
        var options = TinyTrainers.Plain with { Perceptual = new() { Kind = PerceptualKind.Resnet18Stages, ResnetFile = ResNet18File.Path(), Stages = [1, 2] } };
        using var scope = NewDisposeScope();
        using var trainer = TokenizerTrainer.Create(TinyTrainers.Larger, options, seed: 1);
        var report = trainer.TakeStep([TinyTrainers.Images(2, 1, 32)], 1);
        Assert.InRange(report.Value("resnet18_stages"), 0.01, 2);
        Assert.DoesNotContain(report.Values, static v => v.Key == "perceptual");
    }

    [Fact]
    public void Small_images_and_impossible_stages_are_refused()
    {
        using var loss = ResNet18Stages.Load([1], ResNet18File.Path(), mixed: false, Placement.Cpu);
        using var scope = NewDisposeScope();
        Assert.Contains("32 pixels", Assert.Throws<HitaException>(() => loss.Distances(zeros([1, 3, 16, 16]), zeros([1, 3, 16, 16]))).Message, StringComparison.Ordinal);
        foreach (var stages in (int[][])[[], [0], [5], [2, 2]])
        {
            var options = TinyTrainers.Plain with { Perceptual = new() { Kind = PerceptualKind.Resnet18Stages, Stages = stages } };
            Assert.Contains("perceptual.stages", Assert.Throws<ConfigException>(() => options.Validate()).Message, StringComparison.Ordinal);
        }
    }
}
