using Hita.Tokenization.Model;

namespace Hita.Bench;

/// <summary>Multiplications and additions of a tokenizer's matrix products and convolutions, for one image of its own size.</summary>
internal static class ImageOperations
{
    /// <summary>From pixels to codes.</summary>
    public static double Encode(TokenizerConfig config)
    {
        var (factors, pixels) = (config.ChannelMultipliers, (long)config.ImageSize);
        long channels = config.BaseChannels;
        var total = Convolution(3, channels, 3, pixels);
        for (var level = 0; level < factors.Count; level++)
        {
            long output = config.BaseChannels * factors[level];
            var coarsest = level == factors.Count - 1;
            total += Level(channels, output, config.ResidualBlocks, coarsest, pixels);
            channels = output;
            if (!coarsest)
                total += Convolution(output, output, 3, pixels /= 2);
        }
        total += Middle(channels, pixels) + Convolution(channels, config.LatentChannels, 3, pixels);
        var patches = pixels * pixels;
        if (config.Holistic is not { } holistic)
            return total;
        var semantic = 0L;
        if (holistic.SemanticEncoder is { } encoder)
        {
            semantic = encoder.TokenCount;
            total += encoder.Operations + (2.0 * semantic * holistic.Width * (encoder.TokenWidth + holistic.Width));
        }
        return total + Transformer(holistic, holistic.TokenCount + semantic + patches) + Transformer(holistic, holistic.TokenCount + patches);
    }

    /// <summary>From codes to pixels.</summary>
    public static double Decode(TokenizerConfig config)
    {
        var patches = (long)config.GridSide * config.GridSide;
        return CnnDecode(config) + (config.Holistic is { } holistic ? Transformer(holistic, holistic.TokenCount + patches) : 0);
    }

    /// <summary>The convolutional decoder alone.</summary>
    public static double CnnDecode(TokenizerConfig config)
    {
        var (factors, pixels) = (config.ChannelMultipliers, (long)config.GridSide);
        var channels = (long)config.BaseChannels * factors[^1];
        var total = Convolution(config.LatentChannels, channels, 3, pixels) + Middle(channels, pixels);
        for (var level = factors.Count - 1; level >= 0; level--)
        {
            long output = config.BaseChannels * factors[level];
            total += Level(channels, output, config.ResidualBlocks + 1, level == factors.Count - 1, pixels);
            channels = output;
            if (level > 0)
                total += Convolution(output, output, 3, pixels *= 2);
        }
        return total + Convolution(channels, 3, 3, pixels);
    }

    private static double Convolution(long input, long output, int kernel, long side) => 2.0 * kernel * kernel * input * output * side * side;

    private static double Residual(long input, long output, long side) =>
        Convolution(input, output, 3, side) + Convolution(output, output, 3, side) + (input == output ? 0 : Convolution(input, output, 1, side));

    private static double SpatialAttention(long channels, long side)
    {
        var positions = (double)side * side;
        return (4 * Convolution(channels, channels, 1, side)) + (4 * positions * positions * channels);
    }

    private static double Middle(long channels, long side) => (2 * Residual(channels, channels, side)) + SpatialAttention(channels, side);

    private static double Level(long input, long output, int blocks, bool attention, long side) =>
        Residual(input, output, side) + ((blocks - 1) * Residual(output, output, side)) + (attention ? blocks * SpatialAttention(output, side) : 0);

    private static double Transformer(HolisticConfig config, long tokens)
    {
        var inner = (double)config.Heads * config.HeadWidth;
        return config.Depth * Layer(tokens, (4 * inner * config.Width) + (3.0 * config.HiddenWidth * config.Width), inner);
    }

    // Every token passes every weight, and looks at every token: scores and sums.
    private static double Layer(double tokens, double weights, double width) => (2 * tokens * weights) + (4 * tokens * tokens * width);
}
