using Hita.Runtime;
using Hita.Training;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

/// <summary>The two views of pictures that are seen twice, and the training with them.</summary>
public sealed class StyleSeparationTests
{
    [Theory]
    [InlineData(8, 0.5, 4)]
    [InlineData(8, 1, 8)]
    [InlineData(8, 0.01, 1)]
    [InlineData(1, 0.5, 1)]
    public void Some_pictures_are_seen_twice_and_the_others_as_they_are(int batch, double share, int count)
    {
        using var scope = NewDisposeScope();
        var separation = new StyleSeparation(new() { Share = share });
        var pictures = Noise(batch);
        var views = separation.Views(pictures, new StepRandom(1, 1, 0));
        Assert.Equal(count, separation.CountOf(batch));
        Assert.Equal([batch + count, 3L, 16, 16], views.shape);
        Assert.InRange(views.abs().max().ToDouble(), 0.1, 1);
        if (count < batch)
            Assert.Equal(pictures.narrow(0, count, batch - count).ToFloats(), views.narrow(0, count, batch - count).ToFloats());
        for (var i = 0; i < count; i++)
            Assert.True(Distance(pictures[i], views[i]) > 0.05, $"the colours of picture {i} stayed");
    }

    [Fact]
    public void The_views_are_a_function_of_the_step()
    {
        using var scope = NewDisposeScope();
        var separation = new StyleSeparation(new());
        var pictures = Noise(4);
        var views = separation.Views(pictures, new StepRandom(1, 1, 0)).ToFloats();
        Assert.Equal(views, separation.Views(pictures, new StepRandom(1, 1, 0)).ToFloats());
        Assert.NotEqual(views, separation.Views(pictures, new StepRandom(1, 2, 0)).ToFloats());
    }

    [Fact]
    public void Colours_go_wrong_by_the_strength()
    {
        using var scope = NewDisposeScope();
        var pictures = Noise(8).Times(0.5);
        double Change(double strength) =>
            Distance(pictures, new StyleSeparation(new() { Share = 1, Strength = strength }).Views(pictures, new StepRandom(1, 1, 0)).narrow(0, 0, 8));

        Assert.InRange(Change(1e-6), 0, 1e-5);
        Assert.InRange(Change(0.1), 0.01, 0.2);
        Assert.InRange(Change(1), 0.2, 1);
    }

    [Fact]
    public void Wrong_colours_keep_places()
    {
        using var scope = NewDisposeScope();
        var half = zeros(4, 3, 16, 16);
        half.narrow(3, 8, 8).fill_(TensorOps.Constant(0.5)).DetachFromDisposeScope();
        var seen = new StyleSeparation(new() { Share = 1 }).Views(half, new StepRandom(1, 1, 0)).narrow(0, 0, 4);
        foreach (var side in (Tensor[])[seen.narrow(3, 0, 8), seen.narrow(3, 8, 8)])
            Assert.True(side.std([2L, 3], unbiased: false).max().ToDouble() < 1e-6);
        Assert.True(Distance(seen.narrow(3, 0, 8), seen.narrow(3, 8, 8)) > 0.1);
    }

    [Fact]
    public void The_holistic_tokens_see_true_colours_elsewhere()
    {
        using var scope = NewDisposeScope();
        var pictures = Noise(16);
        var mirrored = pictures.flip(3);
        var moved = new StyleSeparation(new() { Share = 1, SmallestView = 1 }).Views(pictures, new StepRandom(1, 1, 0)).narrow(0, 16, 16);
        var turned = Enumerable.Range(0, 16).Count(i => Distance(mirrored[i], moved[i]) < 1e-5);
        Assert.InRange(turned, 1, 15);
        Assert.Equal(16 - turned, Enumerable.Range(0, 16).Count(i => Distance(pictures[i], moved[i]) < 1e-5));
        var still = new StyleSeparation(new() { Share = 1, SmallestView = 1, Mirror = false }).Views(pictures, new StepRandom(1, 1, 0)).narrow(0, 16, 16);
        Assert.InRange(Distance(pictures, still), 0, 1e-5);
        // What is seen lies inside the picture: a picture of one colour stays it, whatever part is looked at.
        var plain = full([4, 3, 16, 16], TensorOps.Constant(0.25), ScalarType.Float32);
        var part = new StyleSeparation(new() { Share = 1, SmallestView = 0.5 }).Views(plain, new StepRandom(1, 1, 0)).narrow(0, 4, 4);
        Assert.InRange(Distance(plain, part), 0, 1e-6);
    }

    [Fact]
    public void Holistic_features_come_from_the_moved_pictures()
    {
        using var scope = NewDisposeScope();
        var features = TensorOps.FromFloats([0, 1, 2, 3, 10, 11], 6, 1);
        Assert.Equal([10f, 11, 2, 3], new StyleSeparation(new()).ForHolistic(features, 4).ToFloats());
        Assert.Equal([3f, 4, 5], new StyleSeparation(new() { Share = 1 }).ForHolistic(TensorOps.FromFloats([0, 1, 2, 3, 4, 5], 6, 1), 3).ToFloats());
    }

    [Fact]
    public void A_tokenizer_without_holistic_tokens_is_refused()
    {
        var options = TinyStages.Plain with { StyleSeparation = new() };
        var e = Assert.Throws<ConfigException>(() => TokenizerStage.Create(TinyStages.Tokenizer with { Holistic = null }, options, seed: 1));
        Assert.Contains("style_separation needs holistic tokens", e.Message, StringComparison.Ordinal);
    }

    private static Tensor Noise(int count)
    {
        var random = new Random(5);
        return TensorOps.FromFloats([.. Enumerable.Range(0, count * 3 * 256).Select(_ => (random.NextSingle() * 2) - 1)], count, 3, 16, 16);
    }

    // The root of the mean squared difference.
    private static double Distance(Tensor a, Tensor b) => Math.Sqrt(a.Minus(b).Squared().mean().ToDouble());
}
