using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Engine;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Bench;

/// <summary>Whole guided images, sampled and decoded one after the other, by the engine and by the framework.</summary>
internal static class PipelineBenchmark
{
    private const float GuidanceScale = 4;

    /// <summary>A way to images and its seconds; engine and decoder are null where they are the framework's.</summary>
    private sealed record Way(string With, CpuTokenModel? Engine, ImageTokenizer? Decoder, IReadOnlyList<ImageCodes> Codes, double Sample, double Decode)
    {
        /// <summary>Whether the codes are another way's, which was timed there.</summary>
        public bool SampledBefore { get; init; }
    }

    public static void Run(BenchRun run)
    {
        if (!GeneratorPresets.TryGet(run.Options.Generators[0], out var generator) || !TokenizerPresets.TryGet(run.Options.Tokenizer, out var tokenizer))
            return;
        if (generator.CodebookSize != tokenizer.CodebookSize || generator.HolisticTokenCount != tokenizer.HolisticTokenCount
            || generator.GridWidth != tokenizer.GridSide || generator.GridHeight != tokenizer.GridSide)
        {
            run.Skip($"Whole images were left out: {generator.Preset} does not write the codes of {tokenizer.Preset}.");
            return;
        }
        var memory = StepBenchmark.Memory(generator, run.Options with { StepBatches = [2 * run.Options.ImageBatches.Max()] }) + (3L << 30);
        if (run.Fits("Whole images", memory))
            Measure(run, generator, tokenizer);
    }

    private static void Measure(BenchRun run, GeneratorConfig generator, TokenizerConfig config)
    {
        run.Stage($"Preparing {generator.Preset} and {config.Preset}");
        using var tokenizer = ImageTokenizer.CreateByName(config, options: new TokenizerOptions { DecoderOnly = true });
        using var half = ImageTokenizer.CreateByName(config, options: new TokenizerOptions { DecoderOnly = true, Precision = Precision.BFloat16 });
        using var exact = Engine(Precision.Float32);
        using var small = Engine(Precision.Int8);
        using var framework = run.Options.Framework ? Framework(generator) : null;
        using var plain = run.Options.Framework ? TokenizerBenchmark.PlainDecoder(config) : null;
        // Everything is compiled and in memory before the first image that counts.
        foreach (var model in (ITokenModel?[])[exact, small, framework])
        {
            if (model is not null)
                SamplingLoop.Run(model, Batch(generator, 1, 2), null, run.Cancellation);
        }
        foreach (var decoder in (ImageTokenizer[])[tokenizer, half])
            decoder.Decode([Codes(generator, new int[generator.SequenceLength])]);
        foreach (var batch in run.Options.ImageBatches)
        {
            var sampled = Image("engine int8", small, tokenizer);
            var times = new List<Way>
            {
                sampled,
                sampled with { With = "engine int8, decoded in bf16", Decoder = half, Decode = Decode(sampled.Codes, half), SampledBefore = true },
                Image("engine float32", exact, tokenizer),
            };
            if (framework is not null)
                times.Add(Image("framework float32", framework, null));
            Report(run, generator, config, batch, times);

            Way Image(string with, ITokenModel model, ImageTokenizer? decoder)
            {
                run.Stage($"Whole images, {batch} together, {with}");
                var count = generator.SequenceLength - generator.UnseenPatchesOf(config);
                int[] tokens = [];
                var sample = BenchRun.Seconds(() => tokens = SamplingLoop.Run(model, Batch(generator, batch, count), null, run.Cancellation));
                var codes = tokens.Chunk(count).Select(t => Codes(generator, [.. t, .. new int[generator.SequenceLength - count]])).ToList();
                return new Way(with, model as CpuTokenModel, decoder, codes, sample, Decode(codes, decoder));
            }
        }

        // One by one, as the pipeline decodes them.
        double Decode(IReadOnlyList<ImageCodes> codes, ImageTokenizer? decoder) => BenchRun.Seconds(() =>
        {
            foreach (var image in codes)
            {
                run.Cancellation.ThrowIfCancellationRequested();
                if (decoder is null)
                    TokenizerBenchmark.Decode(plain!, [image]);
                else
                    decoder.Decode([image]);
            }
        });

        CpuTokenModel Engine(Precision precision) => CpuTokenModel.Load(
            generator, new GeneratorWeightsByName(), new EngineOptions { Precision = precision, Threads = run.Threads, UseCache = false });
    }

    private static void Report(
        BenchRun run, GeneratorConfig generator, TokenizerConfig tokenizer, int batch, List<Way> times)
    {
        var what = $"{generator.Preset} and {tokenizer.Preset}, {(batch == 1 ? "1 guided image" : $"{batch} guided images")}";
        var framework = times.Where(static t => t.Engine is null).Select(static t => (double?)(t.Sample + t.Decode)).FirstOrDefault();
        var decodeFloor = batch * ImageOperations.Decode(tokenizer) / run.Machine.BestRate;
        var steps = generator.SequenceLength - generator.UnseenPatchesOf(tokenizer);
        foreach (var way in times)
        {
            double? sampleFloor = way.Engine is null ? null : steps * Math.Max(
                way.Engine.WeightBytesPerStep / run.Machine.Bandwidth, 2.0 * 2 * batch * WeightsOf(generator) / run.Machine.EngineRate);
            if (!way.SampledBefore)
                Add("sampling", way.Sample, "s", sampleFloor, null, null);
            // The floor is of float32 arithmetic.
            Add("decoding", way.Decode, "s", way.Decoder is { Precision: Precision.Float32 } ? decodeFloor : null, null, null);
            Add("whole", 60 * batch / (way.Sample + way.Decode), "images a minute", null, framework / (way.Sample + way.Decode), null);

            void Add(string stage, double value, string unit, double? floor, double? speedup, string? note) => run.Add(new BenchLine
            {
                Part = BenchPart.Images,
                What = $"{what}: {stage}",
                With = way.With,
                Value = value,
                Unit = unit,
                Floor = floor,
                Fraction = floor / value,
                Speedup = speedup,
                Note = note,
            });
        }
    }

    /// <summary>Those that a step multiplies with: the blocks and one head.</summary>
    internal static double WeightsOf(GeneratorConfig config) =>
        (config.Layers * ((4.0 * config.Width) + (3.0 * config.HiddenWidth)) * config.Width) + ((double)config.CodebookSize * config.Width);

    private static SamplingBatch Batch(GeneratorConfig generator, int images, int tokens) => new(
        [.. Enumerable.Range(0, images).Select(i => i % generator.ClassCount)],
        Seed: 1,
        FirstImage: 0,
        tokens,
        new SamplingOptions { Guidance = new GuidanceOptions { Scale = GuidanceScale } },
        BoundaryMode.Trained);

    private static ImageCodes Codes(GeneratorConfig config, int[] tokens) =>
        new(tokens[..config.HolisticTokenCount], tokens[config.HolisticTokenCount..], config.GridHeight, config.GridWidth);

    private static TorchTokenModel Framework(GeneratorConfig config)
    {
        var network = new GeneratorModel(config, Placement.Cpu);
        network.FillByName();
        return new TorchTokenModel(network);
    }
}
