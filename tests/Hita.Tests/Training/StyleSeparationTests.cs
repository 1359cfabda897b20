using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization.Model;
using Hita.Training;
using Hita.Training.Losses;
using Hita.Training.Recipes;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

/// <summary>The two views of images that are seen twice, and the training with them.</summary>
public sealed class StyleSeparationTests
{
    [Theory]
    [InlineData(8, 0.5, 4)]
    [InlineData(8, 1, 8)]
    [InlineData(1, 1, 1)]
    public void Some_images_are_seen_twice_and_the_others_as_they_are(int batch, double share, int count)
    {
        using var scope = NewDisposeScope();
        var images = Noise(batch);
        var views = new StyleSeparation(new() { Share = share }).Views(images, new StepRandom(1, 1, 0));
        Assert.Equal(count, views.Count);
        Assert.Equal([batch + count, 3L, 16, 16], views.Images.shape);
        Assert.InRange(views.Images.abs().max().ToDouble(), 0.1, 1);
        if (count < batch)
            Assert.Equal(images.narrow(0, count, batch - count).ToFloats(), views.Images.narrow(0, count, batch - count).ToFloats());
        for (var i = 0; i < count; i++)
            Assert.True(Distance(images[i], views.Images[i]) > 0.05, $"the colours of image {i} stayed");
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(3, 0.1)]
    [InlineData(2, 0.7)]
    public void Parts_of_a_step_keep_the_share(int batch, double share)
    {
        using var scope = NewDisposeScope();
        var separation = new StyleSeparation(new() { Share = share });
        var images = Noise(batch);
        var counts = Enumerable.Range(1, 400).Select(step => separation.Views(images, new StepRandom(1, step, 0)).Count).ToArray();
        Assert.All(counts, c => Assert.InRange(c, (long)Math.Floor(batch * share), (long)Math.Ceiling(batch * share)));
        // A standard deviation of the mean of 400 samples is 0.025 at most.
        Assert.InRange(counts.Average(), (batch * share) - 0.1, (batch * share) + 0.1);
    }

    [Fact]
    public void The_views_are_a_function_of_the_step()
    {
        using var scope = NewDisposeScope();
        var separation = new StyleSeparation(new());
        var images = Noise(4);
        var views = separation.Views(images, new StepRandom(1, 1, 0)).Images.ToFloats();
        Assert.Equal(views, separation.Views(images, new StepRandom(1, 1, 0)).Images.ToFloats());
        Assert.NotEqual(views, separation.Views(images, new StepRandom(1, 2, 0)).Images.ToFloats());
    }

    [Fact]
    public void Colours_go_wrong_by_the_strength()
    {
        using var scope = NewDisposeScope();
        var images = Noise(8).Times(0.5);
        double Change(double strength) => Distance(images, Wrong(images, new() { Share = 1, Strength = strength }));

        Assert.InRange(Change(1e-6), 0, 1e-5);
        Assert.InRange(Change(0.1), 0.01, 0.2);
        Assert.InRange(Change(1), 0.2, 1);
    }

    [Fact]
    public void Wrong_colours_keep_places()
    {
        using var scope = NewDisposeScope();
        var half = zeros(4, 3, 16, 16);
        half.narrow(3, 8, 8).fill_(TensorOps.Constant(0.5));
        var seen = Wrong(half, new() { Share = 1 });
        foreach (var side in (Tensor[])[seen.narrow(3, 0, 8), seen.narrow(3, 8, 8)])
            Assert.True(side.std([2L, 3], unbiased: false).max().ToDouble() < 1e-6);
        Assert.True(Distance(seen.narrow(3, 0, 8), seen.narrow(3, 8, 8)) > 0.1);
    }

    [Fact]
    public void The_holistic_tokens_see_true_colours_mirrored_or_not()
    {
        using var scope = NewDisposeScope();
        var images = Noise(16);
        var mirrored = images.flip(3);
        var moved = Moved(images, new() { Share = 1, SmallestView = 1 });
        var turned = Enumerable.Range(0, 16).Count(i => Distance(mirrored[i], moved[i]) < 1e-5);
        Assert.InRange(turned, 1, 15);
        Assert.Equal(16 - turned, Enumerable.Range(0, 16).Count(i => Distance(images[i], moved[i]) < 1e-5));
        Assert.InRange(Distance(images, Moved(images, new() { Share = 1, SmallestView = 1, Mirror = false })), 0, 1e-5);
    }

    /// <summary>Of an image that grows brighter to the right and greener to the bottom, a part shows by how much and from where on.</summary>
    [Fact]
    public void The_holistic_tokens_see_a_part_of_the_image()
    {
        using var scope = NewDisposeScope();
        const int Count = 32;
        var ramp = TensorOps.FromFloats([.. Enumerable.Range(0, 16).Select(static i => (i - 7.5f) / 8)], 16);
        var across = ramp.reshape(1, 1, 1, 16).expand(Count, 1, 16, 16);
        var down = ramp.reshape(1, 1, 16, 1).expand(Count, 1, 16, 16);
        var moved = Moved(cat([across, down, across], 1), new() { Share = 1, SmallestView = 0.5, Mirror = false }).ToFloats();
        var scales = new List<double>();
        var places = new HashSet<float>();
        for (var i = 0; i < Count; i++)
        {
            float At(int channel, int y, int x) => moved[(((((i * 3) + channel) * 16) + y) * 16) + x];
            var scale = (At(0, 8, 13) - At(0, 8, 2)) / 11 * 8;
            Assert.Equal(scale, (At(1, 13, 8) - At(1, 2, 8)) / 11 * 8, 1e-4);
            Assert.Equal(At(0, 2, 8), At(0, 13, 8), 1e-5);
            // Where the part begins and ends lies inside the image, whose outermost pixels' middles are at 15/16.
            Assert.InRange(At(0, 8, 2) - (2.5 * scale / 8), -1.001, 1 - (2 * scale) + 0.001);
            scales.Add(scale);
            places.Add(At(0, 8, 8));
        }
        Assert.All(scales, static s => Assert.InRange(s, 0.4999, 1.0001));
        Assert.True(scales.Min() < 0.6 && scales.Max() > 0.9);
        Assert.True(places.Count > Count / 2);
    }

    [Fact]
    public void Features_are_told_apart()
    {
        using var scope = NewDisposeScope();
        var features = TensorOps.FromFloats([0, 1, 2, 3, 10, 11], 6, 1);
        Assert.Equal([0f, 1, 2, 3], new StyleViews(features, 2).OfPatches(features).ToFloats());
        Assert.Equal([10f, 11, 2, 3], new StyleViews(features, 2).OfHolistic(features).ToFloats());
        Assert.Equal([3f, 10, 11], new StyleViews(features, 3).OfHolistic(features).ToFloats());
        Assert.Equal([0f, 1, 2, 3, 10, 11], new StyleViews(features, 0).OfHolistic(features).ToFloats());
    }

    [Theory]
    [InlineData(TokenizerScope.All, Precision.Float32)]
    [InlineData(TokenizerScope.Decoder, Precision.Float32)]
    [InlineData(TokenizerScope.All, Precision.BFloat16)]
    public void Each_kind_of_token_sees_its_own_view(TokenizerScope scope, Precision precision)
    {
        using var disposal = NewDisposeScope();
        var options = TinyTrainers.Plain with { Dropout = 0, Scope = scope, Precision = precision, StyleSeparation = new() };
        using var model = new TokenizerModel(TinyTrainers.Tokenizer, TokenizerParts.All, Placement.Cpu, dropout: 0);
        TokenizerInitializer.Initialize(model, seed: 1);
        var images = TinyTrainers.Images(4, 1).Pixels;
        var objective = new TokenizerObjective(model, options, perceptual: null);
        objective.EnterTraining();
        var pass = objective.Run(images, new StepRandom(1, 1, 0));

        var views = new StyleSeparation(options.StyleSeparation).Views(images, new StepRandom(1, 1, 0));
        using var frozen = no_grad();
        using var cast = precision == Precision.BFloat16 ? Autocast.BFloat16(CPU) : null;
        var seen = model.Features(views.Images);
        var plain = model.Features(images);
        AssertSeen(pass.Patches, views.OfPatches(seen.PatchPrequant).ToSequence(), plain.PatchPrequant.ToSequence());
        AssertSeen(pass.Holistic!, views.OfHolistic(seen.HolisticPrequant!), plain.HolisticPrequant!);

        static void AssertSeen(QuantizedFeatures actual, Tensor expected, Tensor asTheyAre)
        {
            Assert.InRange(Distance(actual.Features, VectorQuantizer.Unit(expected.to(ScalarType.Float32))), 0, 1e-6);
            Assert.True(Distance(actual.Features, VectorQuantizer.Unit(asTheyAre.to(ScalarType.Float32))) > 1e-3);
        }
    }

    [Fact]
    public void A_tokenizer_without_holistic_tokens_is_refused()
    {
        var options = TinyTrainers.Plain with { StyleSeparation = new() };
        var e = Assert.Throws<ConfigException>(() => TokenizerTrainer.Create(TinyTrainers.Tokenizer with { Holistic = null }, options, seed: 1));
        Assert.Contains("style_separation needs holistic tokens", e.Message, StringComparison.Ordinal);
        const string Recipe = "model:\n  preset: tiny-llamagen\ndata:\n  source: materials\nschedule:\n  steps: 1\ntraining:\n  style_separation: {}\n";
        e = Assert.Throws<ConfigException>(() => TokenizerRecipe.Parse(Recipe));
        Assert.Contains("training.style_separation needs holistic tokens", e.Message, StringComparison.Ordinal);
    }

    private static Tensor Wrong(Tensor images, StyleSeparationOptions options) =>
        new StyleSeparation(options).Views(images, new StepRandom(1, 1, 0)).Images.narrow(0, 0, images.size(0));

    private static Tensor Moved(Tensor images, StyleSeparationOptions options) =>
        new StyleSeparation(options).Views(images, new StepRandom(1, 1, 0)).Images.narrow(0, images.size(0), images.size(0));

    private static Tensor Noise(int count)
    {
        var random = new Random(5);
        return TensorOps.FromFloats([.. Enumerable.Range(0, count * 3 * 256).Select(_ => (random.NextSingle() * 2) - 1)], count, 3, 16, 16);
    }

    // The root of the mean squared difference.
    private static double Distance(Tensor a, Tensor b) => Math.Sqrt(a.Minus(b).Squared().mean().ToDouble());
}
