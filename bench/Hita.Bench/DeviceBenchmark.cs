using System.Runtime.InteropServices;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Bench;

/// <summary>What the tensor library does on a device: codes sampled and codes decoded, in float32 and bf16.</summary>
internal static class DeviceBenchmark
{
    private static readonly Precision[] Precisions = [Precision.Float32, Precision.BFloat16];

    public static void Run(BenchRun run)
    {
        foreach (var name in run.Options.Generators)
        {
            foreach (var precision in Precisions)
            {
                if (GeneratorPresets.TryGet(name, out var config))
                    Guard(run, $"Sampling with {name} in {Name(precision)}", () => Sample(run, name, config, precision));
            }
        }
        foreach (var precision in Precisions)
        {
            if (TokenizerPresets.TryGet(run.Options.Tokenizer, out var config))
                Guard(run, $"Decoding with {run.Options.Tokenizer} in {Name(precision)}", () => Decode(run, config, precision));
        }
    }

    private static void Sample(BenchRun run, string name, GeneratorConfig config, Precision precision)
    {
        run.Stage($"Filling {name} for {run.Options.Device} in {Name(precision)}");
        var options = new GeneratorOptions { Engine = GeneratorEngine.Torch, Device = run.Options.Device, Precision = precision };
        using var generator = ImageGenerator.CreateByName(config, options: options);
        var tokens = run.Options.Tokens > 0 ? Math.Min(run.Options.Tokens, config.SequenceLength) : config.SequenceLength;
        foreach (var images in run.Options.StepBatches)
        {
            run.Stage($"Sampling {tokens} tokens of {images} images with {name} in {Name(precision)}");
            var batch = new SamplingBatch([.. Enumerable.Range(0, images).Select(i => i % config.ClassCount)], 0, 0, tokens, new SamplingOptions(), BoundaryMode.Trained);
            int[]? first = null;
            var changed = false;
            // The tokens come to the processor one by one, so that nothing is left to be waited for at the end.
            var seconds = run.Median(() =>
            {
                var sampled = SamplingLoop.Run(generator.Tokens, batch, null, run.Cancellation);
                changed |= !sampled.AsSpan().SequenceEqual(first ??= sampled);
            });
            var rate = images * tokens / seconds;
            run.Add(new BenchLine
            {
                Part = BenchPart.Device,
                What = $"{name}, {tokens} tokens of {(images == 1 ? "1 image" : $"{images} images")} without guidance",
                With = $"{run.Options.Device} {Name(precision)}",
                Value = seconds / tokens * 1e3,
                Unit = "ms a step",
                Note = FormattableString.Invariant($"{rate:0} tokens a second, {60 * rate / config.SequenceLength:0.0} whole images a minute; {(changed ? "codes differed between runs" : "the same codes in each run")}"),
            });
        }
    }

    private static void Decode(BenchRun run, TokenizerConfig config, Precision precision)
    {
        run.Stage($"Filling {config.Preset}'s decoder for {run.Options.Device} in {Name(precision)}");
        using var tokenizer = ImageTokenizer.CreateByName(
            config, options: new TokenizerOptions { DecoderOnly = true, Device = run.Options.Device, Precision = precision });
        foreach (var images in run.Options.StepBatches)
        {
            var codes = Enumerable.Range(0, images).Select(i => TokenizerBenchmark.Codes(config, i)).ToList();
            run.Stage($"Decoding {images} images in {Name(precision)}");
            // Ends with pixels in the processor's memory.
            var seconds = run.Median(() => tokenizer.Decode(codes, images, run.Cancellation));
            run.Add(new BenchLine
            {
                Part = BenchPart.Device,
                What = $"{config.Preset}, codes of {(images == 1 ? "1 image" : $"{images} images")} to {config.ImageSize} pixels",
                With = $"{run.Options.Device} {Name(precision)}",
                Value = seconds / images * 1e3,
                Unit = "ms an image",
                Note = FormattableString.Invariant($"{60 * images / seconds:0} images a minute"),
            });
        }
    }

    // What does not fit on the device does not end the rest.
    private static void Guard(BenchRun run, string what, Action work)
    {
        try
        {
            work();
        }
        catch (ExternalException e) when (e.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase))
        {
            run.Skip($"{what} was left out from there on: {run.Options.Device} has not enough memory.");
        }
    }

    private static string Name(Precision precision) => precision == Precision.Float32 ? "float32" : "bf16";
}
