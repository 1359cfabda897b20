using Hita.Generation;
using Hita.Generation.Model;
using Hita.Imaging;
using Hita.Models;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Tests.Editing;

/// <summary>Small models and images for the editing tests.</summary>
internal static class EditingModels
{
    public static ImageTokenizer Tokenizer(string preset = "tiny")
    {
        Assert.True(TokenizerPresets.TryGet(preset, out var config));
        return ImageTokenizer.CreateByName(config);
    }

    /// <summary>A tokenizer with fresh weights, as training starts from.</summary>
    public static ImageTokenizer FreshTokenizer()
    {
        Assert.True(TokenizerPresets.TryGet("tiny", out var config));
        return ImageTokenizer.Create(config with { Holistic = config.Holistic! with { SemanticEncoder = null } }, 3);
    }

    public static ImagePipeline Pipeline(string preset = "tiny", GeneratorEngine engine = GeneratorEngine.Cpu)
    {
        Assert.True(GeneratorPresets.TryGet(preset, out var config));
        return new ImagePipeline(
            ImageGenerator.CreateByName(config, options: new GeneratorOptions { Engine = engine, Threads = 1 }), Tokenizer(preset));
    }

    /// <summary>An image with colours that run and some disorder.</summary>
    public static Image Photo(int width, int height, int seed = 1)
    {
        var random = new Random(seed);
        var (a, b) = (random.Next(60, 200), random.Next(60, 200));
        var image = new Image(width, height);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
                image[x, y] = ((byte)(a * x / width), (byte)(b * y / height), (byte)random.Next(256));
        }
        return image;
    }

    /// <summary>The image with other pixels where a mask marks.</summary>
    public static Image Disturbed(Image image, ImageMask mask, int seed)
    {
        var result = image.Copy();
        var random = new Random(seed);
        for (var i = 0; i < mask.Marks.Length; i++)
        {
            if (mask.Marks[i])
                random.NextBytes(result.Pixels.Slice(3 * i, 3));
        }
        return result;
    }

    public static void AssertSame(Image expected, Image actual)
    {
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        Assert.True(expected.Pixels.SequenceEqual(actual.Pixels), $"the images differ from byte {expected.Pixels.CommonPrefixLength(actual.Pixels)} on");
    }

    /// <summary>How many marked pixels, or free ones, differ between two images.</summary>
    public static int Differences(Image a, Image b, ImageMask mask, bool marked)
    {
        var count = 0;
        for (var i = 0; i < mask.Marks.Length; i++)
        {
            if (mask.Marks[i] == marked && !a.Pixels.Slice(3 * i, 3).SequenceEqual(b.Pixels.Slice(3 * i, 3)))
                count++;
        }
        return count;
    }
}
