using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Layers;
using Hita.Runtime;
using Hita.Runtime.Products;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Bench;

/// <summary>One image to codes, and codes to one image.</summary>
internal static class TokenizerBenchmark
{
    // Feature maps at the finest level and what a convolution needs beside, several times the largest one.
    private const long Working = 2L << 30;

    public static void Encode(BenchRun run)
    {
        var config = Config(run);
        if (!run.Fits($"Encoding with {config.Preset}", (6 * Weights(config, TokenizerParts.All)) + Working))
            return;
        run.Stage($"Filling {config.Preset} with its encoders");
        using var tokenizer = ImageTokenizer.CreateByName(config);
        using var half = ImageTokenizer.CreateByName(config, options: new TokenizerOptions { EncoderPrecision = Precision.BFloat16 });
        var image = Example(config.ImageSize);
        run.Stage("Encoding an image");
        var chosen = LinearChoice.For(ScalarType.Float32);
        var ways = new List<(string Name, ImageTokenizer Tokenizer, LinearKernel Kernel)>();
        ways.AddRange(LinearChoice.Possible(ScalarType.Float32).Select(k => (
            $"float32, linear layers by {LinearChoice.Name(k)}{(k == chosen ? " (chosen here)" : "")}", tokenizer, k)));
        var chosenHalf = LinearChoice.For(ScalarType.BFloat16);
        ways.AddRange(LinearChoice.Possible(ScalarType.BFloat16).Select(k => (
            $"bf16, linear layers by {LinearChoice.Name(k)}{(k == chosenHalf ? " (chosen here)" : "")}", half, k)));
        var times = run.Times([.. ways.Select(w => (Action)(() =>
        {
            using var pinned = LinearChoice.Take(w.Kernel);
            w.Tokenizer.Encode([image]);
        }))]);
        var floor = ImageOperations.Encode(config) / run.Machine.BestRate;
        for (var i = 0; i < ways.Count; i++)
        {
            // The floor is of float32 arithmetic.
            Add(
                run, BenchPart.Encode, $"{config.Preset}, {config.ImageSize} pixels to codes", ways[i].Name, times[i].Seconds,
                ways[i].Tokenizer == tokenizer ? floor : null, times[0].Seconds,
                FormattableString.Invariant($"{times[i].Processor:0.00} s of processor time"));
        }
    }

    public static void Decode(BenchRun run)
    {
        var config = Config(run);
        if (!run.Fits($"Decoding with {config.Preset}", (8 * Weights(config, TokenizerParts.Decoder)) + Working))
            return;
        run.Stage($"Filling {config.Preset}'s decoder");
        using var tokenizer = ImageTokenizer.CreateByName(config, options: new TokenizerOptions { DecoderOnly = true });
        using var half = ImageTokenizer.CreateByName(config, options: new TokenizerOptions { DecoderOnly = true, Precision = Precision.BFloat16 });
        var codes = Codes(config, 0);
        var floor = ImageOperations.Decode(config) / run.Machine.BestRate;
        var what = $"{config.Preset}, codes to {config.ImageSize} pixels";
        run.Stage("Decoding an image");
        using var plain = run.Options.Framework ? PlainDecoder(config) : null;
        List<Action> ways = [() => tokenizer.Decode([codes]), () => half.Decode([codes])];
        if (plain is not null)
            ways.Add(() => Decode(plain, [codes]));
        var times = run.Medians([.. ways]);
        double? framework = plain is null ? null : times[2];
        Add(run, BenchPart.Decode, what, "channels-last float32", times[0], floor, framework);
        // The floor is of float32 arithmetic.
        Add(run, BenchPart.Decode, what, "channels-last bf16", times[1], null, framework);
        if (plain is not null)
            Add(run, BenchPart.Decode, what, "framework's layout float32", times[2], floor, framework);
    }

    /// <summary>The decoder as the framework lays it out by itself.</summary>
    public static TokenizerModel PlainDecoder(TokenizerConfig config)
    {
        var model = new TokenizerModel(config, TokenizerParts.Decoder, Placement.Cpu with { ChannelsLast = false });
        model.FillByName("", TokenizerInitializer.IsCodebook);
        return model;
    }

    /// <summary>Codes to images by a network alone, without what the tokenizer does for its memory.</summary>
    public static Image[] Decode(TokenizerModel model, IReadOnlyList<ImageCodes> codes)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        int rows = codes[0].GridHeight, columns = codes[0].GridWidth;
        var patches = TensorOps.FromInts([.. codes.SelectMany(static c => c.Patches)], codes.Count, rows * columns);
        var holistic = model.Config.Holistic is { } h ? TensorOps.FromInts([.. codes.SelectMany(static c => c.Holistic)], codes.Count, h.TokenCount) : null;
        var (holisticVectors, patchVectors) = model.Dequantize(holistic, patches, rows, columns);
        return ImageTensors.ToImages(model.Decode(model.Fuse(holisticVectors, patchVectors)));
    }

    private static TokenizerConfig Config(BenchRun run) =>
        TokenizerPresets.TryGet(run.Options.Tokenizer, out var config) ? config : throw new InvalidOperationException("The options were not checked.");

    private static long Weights(TokenizerConfig config, TokenizerParts parts) =>
        TokenizerShapes.Of(config, parts).Values.Sum(static shape => shape.Aggregate(1L, static (a, b) => a * b));

    /// <summary>Codes of an image, of which each number gives another one.</summary>
    public static ImageCodes Codes(TokenizerConfig config, int first) => new(
        [.. Enumerable.Range(first, config.HolisticTokenCount).Select(i => i % config.CodebookSize)],
        [.. Enumerable.Range(first, config.GridSide * config.GridSide).Select(i => 7 * i % config.CodebookSize)],
        config.GridSide,
        config.GridSide);

    private static Image Example(int side)
    {
        var image = new Image(side, side);
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side; x++)
                image[x, y] = ((byte)(x * y), (byte)(x + y), (byte)(x ^ y));
        }
        return image;
    }

    private static void Add(BenchRun run, BenchPart part, string what, string with, double seconds, double? floor, double? framework, string? note = null) => run.Add(new BenchLine
    {
        Part = part,
        What = what,
        With = with,
        Value = seconds,
        Unit = "s",
        Floor = floor,
        Fraction = floor / seconds,
        Speedup = framework / seconds,
        Note = note,
    });
}
