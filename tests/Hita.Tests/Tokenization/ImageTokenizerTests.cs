using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Tests.Tokenization;

public sealed class ImageTokenizerTests
{
    [Theory]
    [InlineData("tiny", 64, 64)]
    [InlineData("tiny", 96, 48)]
    [InlineData("tiny-ultra", 32, 112)]
    [InlineData("tiny-llamagen", 80, 64)]
    public void Reconstructing_is_encoding_and_decoding_at_any_size(string preset, int width, int height)
    {
        using var tokenizer = ByName(preset);
        var image = Noise(width, height, 5);
        var (codes, reconstruction) = tokenizer.Reconstruct(image);
        Assert.Equal((height / 16, width / 16), (codes.GridHeight, codes.GridWidth));
        Assert.Equal((width, height), (reconstruction.Width, reconstruction.Height));
        Assert.Equal(reconstruction.Pixels.ToArray(), tokenizer.Decode(tokenizer.Encode([image]))[0].Pixels.ToArray());
    }

    [Fact]
    public void An_image_has_the_same_codes_alone_and_in_a_batch_of_other_sizes()
    {
        using var tokenizer = ByName("tiny");
        var images = new[] { Noise(64, 64, 1), Noise(96, 64, 2), Noise(64, 64, 3), Noise(64, 64, 4) };
        var together = tokenizer.Encode(images, batchSize: 3);
        for (var i = 0; i < images.Length; i++)
        {
            var alone = tokenizer.Encode([images[i]])[0];
            Assert.Equal(alone.Holistic, together[i].Holistic);
            Assert.Equal(alone.Patches, together[i].Patches);
        }
    }

    [Fact]
    public void A_saved_tokenizer_loads_as_the_same_model()
    {
        using var folder = new TemporaryFolder();
        using var tokenizer = ByName("tiny");
        tokenizer.Save(folder["model"]);
        using var loaded = ImageTokenizer.Load(folder["model"]);
        using var decoder = ImageTokenizer.Load(folder["model"], new TokenizerOptions { DecoderOnly = true });
        Assert.Equal(tokenizer.Config, loaded.Config);
        Assert.Equal(tokenizer.ModelHash, loaded.ModelHash);
        Assert.Equal(tokenizer.ModelHash, decoder.ModelHash);
        var (codes, image) = tokenizer.Reconstruct(Noise(64, 64, 9));
        Assert.Equal(codes.Patches, loaded.Encode([Noise(64, 64, 9)])[0].Patches);
        Assert.Equal(image.Pixels.ToArray(), decoder.Decode([codes])[0].Pixels.ToArray());
        Assert.Throws<HitaException>(() => decoder.Encode([image]));
    }

    [Fact]
    public void Fresh_weights_follow_the_seed()
    {
        Assert.True(TokenizerPresets.TryGet("tiny", out var config));
        using var one = ImageTokenizer.Create(config, 1);
        using var same = ImageTokenizer.Create(config, 1);
        using var other = ImageTokenizer.Create(config, 2);
        Assert.Equal(one.ModelHash, same.ModelHash);
        Assert.NotEqual(one.ModelHash, other.ModelHash);
        Assert.All(one.Reconstruct(Noise(64, 64, 1)).Codes.Patches, c => Assert.InRange(c, 0, 255));
    }

    [Theory]
    [InlineData(65, 64, "multiples of 16")]
    [InlineData(16, 16, "at least 4 patches")]
    [InlineData(16 * 129, 16, "too large")]
    public void A_size_that_does_not_fit_is_refused_in_a_sentence(int width, int height, string reason)
    {
        using var tokenizer = ByName("tiny");
        var error = Assert.Throws<HitaException>(() => tokenizer.Encode([new Image(width, height)]));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Codes_of_another_model_are_refused_in_a_sentence()
    {
        using var tokenizer = ByName("tiny");
        Assert.Contains("holistic", Assert.Throws<HitaException>(() => tokenizer.Decode([new ImageCodes([], new int[16], 4, 4)])).Message, StringComparison.Ordinal);
        Assert.Contains("256", Assert.Throws<HitaException>(() => tokenizer.Decode([new ImageCodes(new int[16], Enumerable.Repeat(256, 16).ToArray(), 4, 4)])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bfloat16_decodes_nearly_the_same_image()
    {
        Assert.True(TokenizerPresets.TryGet("tiny", out var config));
        using var exact = ByName("tiny");
        using var half = ImageTokenizer.CreateByName(config, options: new TokenizerOptions { Precision = Precision.BFloat16, DecoderOnly = true });
        var codes = exact.Encode([Noise(64, 64, 3), Noise(64, 64, 4)]);
        var (difference, _, images) = Hita.Bench.DecoderComparison.Compare(exact, half, codes, TestContext.Current.CancellationToken);
        Assert.Equal((Precision.BFloat16, 2), (difference.Precision, difference.Images));
        // Eight bits of mantissa through some thirty layers: a few grey levels on average.
        Assert.InRange(difference.MeanDifference, 0.01, 4);
        var distances = codes.SelectMany((c, i) => exact.Decode([c])[0].Pixels.ToArray().Zip(images[i].Pixels.ToArray(), static (x, y) => Math.Abs(x - y))).ToList();
        Assert.Equal(distances.Average(), difference.MeanDifference, 1e-9);
        Assert.Equal(distances.Max(), difference.LargestDifference);

        using var another = ImageTokenizer.CreateByName(config, "another.", new TokenizerOptions { DecoderOnly = true });
        Assert.Contains(another.ModelHash, Assert.Throws<HitaException>(() => Hita.Bench.DecoderComparison.Compare(exact, another, codes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bfloat16_encoder_changes_some_codes_and_no_pixel_of_given_ones()
    {
        Assert.True(TokenizerPresets.TryGet("tiny", out var config));
        using var exact = ByName("tiny");
        using var half = ImageTokenizer.CreateByName(config, options: new TokenizerOptions { EncoderPrecision = Precision.BFloat16 });
        Assert.Equal((Precision.Float32, Precision.BFloat16), (half.Precision, half.EncoderPrecision));
        Assert.Equal((Precision.Float32, exact.ModelHash), (exact.EncoderPrecision, half.ModelHash));
        var images = Enumerable.Range(0, 6).Select(static seed => Noise(64, 64, seed)).ToList();
        var codes = exact.Encode(images, batchSize: 1);
        Assert.All(exact.Decode(codes).Zip(half.Decode(codes)), static pair => Assert.Equal(pair.First.Pixels.ToArray(), pair.Second.Pixels.ToArray()));

        var difference = Hita.Bench.EncoderComparison.Compare(exact, half, images, TestContext.Current.CancellationToken);
        Assert.Equal((Precision.BFloat16, 6), (difference.Precision, difference.Images));
        var other = half.Encode(images, batchSize: 1);
        Assert.Equal(Share(codes, other, static c => c.Patches), difference.PatchShare, 1e-12);
        Assert.Equal(Share(codes, other, static c => c.Holistic), difference.HolisticShare, 1e-12);
        // Weights by name lie close together, so that many codes are undecided.
        Assert.InRange(difference.PatchShare, 1e-3, 0.6);

        using var decoder = ImageTokenizer.CreateByName(config, options: new TokenizerOptions { DecoderOnly = true, EncoderPrecision = Precision.BFloat16 });
        Assert.False(decoder.CanEncode);
    }

    [Fact]
    public void Every_kernel_of_linear_layers_encodes_nearly_the_same()
    {
        // Wide enough for layers that are measured.
        Assert.True(TokenizerPresets.TryGet("tiny", out var config));
        config = config with { Holistic = config.Holistic! with { MlpWidth = 8192 } };
        using var tokenizer = ImageTokenizer.CreateByName(config);
        var image = Noise(64, 64, 9);
        var features = new List<IReadOnlyList<float>>();
        foreach (var kernel in Hita.Runtime.Products.LinearChoice.Possible(TorchSharp.torch.ScalarType.Float32))
        {
            using var taken = Hita.Runtime.Products.LinearChoice.Take(kernel);
            features.Add(tokenizer.Features([image])[0].Holistic);
        }
        Assert.All(features, f => Assert.InRange(f.Zip(features[0], static (a, b) => Math.Abs(a - b)).Max(), 0, 1e-4f));
        Assert.True(features.Count < 2 || features.Skip(1).Any(f => !f.SequenceEqual(features[0])), "the kernels were not used");
    }

    private static double Share(IReadOnlyList<ImageCodes> a, IReadOnlyList<ImageCodes> b, Func<ImageCodes, IReadOnlyList<int>> codes) =>
        a.Zip(b).SelectMany(p => codes(p.First).Zip(codes(p.Second), static (x, y) => x == y ? 0.0 : 1)).Average();

    private static ImageTokenizer ByName(string preset)
    {
        Assert.True(TokenizerPresets.TryGet(preset, out var config));
        return ImageTokenizer.CreateByName(config);
    }

    private static Image Noise(int width, int height, int seed)
    {
        var image = new Image(width, height);
        new Random(seed).NextBytes(image.Pixels);
        return image;
    }
}
