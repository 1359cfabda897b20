using Hita.Checkpoints;
using Hita.Generation.Engine;
using Hita.Generation.Model;
using Hita.Layers;
using Hita.Runtime;

namespace Hita.Bench;

/// <summary>A token step: every precision of the engine beside the framework's loop.</summary>
internal static class StepBenchmark
{
    // Of a guided image, whose two rows they fill up to what a step takes.
    private const int KnownTogether = KnownPositions.MaxRows / 2;

    // Filling from names works in float32 and packs tensor by tensor.
    private const long Working = 256L << 20;

    public static void Run(BenchRun run)
    {
        foreach (var name in run.Options.Generators)
        {
            if (GeneratorPresets.TryGet(name, out var config) && run.Fits($"The step of {name}", Memory(config, run.Options)))
                Measure(run, name, config);
        }
    }

    /// <summary>A name for the engine of a precision.</summary>
    public static string Name(Precision precision) => precision switch
    {
        Precision.Float32 => "engine float32",
        Precision.BFloat16 => "engine bf16",
        _ => "engine int8",
    };

    /// <summary>Bytes that all models of a measurement take together.</summary>
    public static long Memory(GeneratorConfig config, BenchOptions options)
    {
        var weights = GeneratorShapes.Of(config).Values.Sum(static shape => shape.Aggregate(1L, static (a, b) => a * b));
        var rows = options.StepBatches.Append(2).Max();
        var cache = 2L * config.Layers * config.Width * config.SequenceLength * rows;
        var logits = 4L * rows * config.CodebookSize;
        var framework = options.Framework ? 4 * (weights + cache) : 0;
        return ((4 + 2 + 1) * weights) + ((4 + 2 + 2) * cache) + (4 * logits) + framework + Working;
    }

    private static void Measure(BenchRun run, string name, GeneratorConfig config)
    {
        var models = new List<ITokenModel>();
        try
        {
            foreach (var precision in Enum.GetValues<Precision>())
            {
                run.Stage($"Packing {name} in {precision}");
                models.Add(CpuTokenModel.Load(
                    config, new GeneratorWeightsByName(), new EngineOptions { Precision = precision, Threads = run.Threads, UseCache = false }));
            }
            if (run.Options.Framework)
            {
                run.Stage($"Filling {name} for the framework");
                var network = new GeneratorModel(config, Placement.Cpu);
                models.Add(new TorchTokenModel(network));
                network.FillByName();
            }
            foreach (var batch in run.Options.StepBatches)
            {
                var rows = batch == 1 ? 2 : batch;
                run.Stage($"Steps of {name}, {rows} rows");
                var duration = TimeSpan.FromSeconds(run.Options.Seconds * models.Count);
                Report(run, name, batch, models, EngineBenchmark.Measure(models, rows, duration, run.Threads, cancellation: run.Cancellation));
            }
            MeasureKnown(run, name, models);
        }
        finally
        {
            models.ForEach(static m => m.Dispose());
        }
    }

    /// <summary>Codes that are known before, as where an image is edited or scored, go together.</summary>
    private static void MeasureKnown(BenchRun run, string name, List<ITokenModel> models)
    {
        run.Stage($"Known codes of {name}");
        var duration = TimeSpan.FromSeconds(run.Options.Seconds * models.Count);
        var results = EngineBenchmark.Measure(models, 2, duration, run.Threads, KnownTogether, run.Cancellation);
        var framework = run.Options.Framework ? results[^1].Seconds : (double?)null;
        foreach (var (model, step) in models.Zip(results))
        {
            if (model is not CpuTokenModel engine)
                continue;
            run.Add(new BenchLine
            {
                Part = BenchPart.Steps,
                What = $"{name}, known codes of 1 guided image",
                With = Name(engine.Precision),
                Value = step.Seconds * 1e3 / KnownTogether,
                Unit = "ms a code",
                Floor = step.FloorSeconds * 1e3 / KnownTogether,
                Fraction = step.Fraction,
                Speedup = framework / step.Seconds,
                Note = FormattableString.Invariant($"{KnownTogether} codes a step, {step.ProcessorSeconds * 1e3 / KnownTogether:0.00} ms of processor time a code, {step.AllocatedBytes:0} bytes allocated a step"),
            });
        }
    }

    private static void Report(BenchRun run, string name, int batch, List<ITokenModel> models, IReadOnlyList<StepMeasurement> results)
    {
        var framework = run.Options.Framework ? results[^1].Seconds : (double?)null;
        for (var i = 0; i < models.Count; i++)
        {
            var (step, engine) = (results[i], models[i] as CpuTokenModel);
            var images = 60 * batch / (step.Seconds * models[i].Config.SequenceLength);
            // Beside the best bandwidth: what is reached while neighbours rest.
            var best = engine is null ? "" : FormattableString.Invariant($" ({step.WeightBytes / step.BestReadBandwidth / step.BestSeconds:0 %} of the best bandwidth)");
            var allocated = engine is null ? "" : FormattableString.Invariant($", {step.AllocatedBytes:0} bytes allocated a step");
            run.Add(new BenchLine
            {
                Part = BenchPart.Steps,
                What = batch == 1 ? $"{name}, 1 guided image" : $"{name}, {batch} images",
                With = engine is null ? "framework float32" : Name(engine.Precision),
                Value = step.Seconds * 1e3,
                Unit = "ms a step",
                Floor = engine is null ? null : step.FloorSeconds * 1e3,
                Fraction = engine is null ? null : step.Fraction,
                Speedup = framework / step.Seconds,
                Note = FormattableString.Invariant($"{images:0.0} images a minute of sampling, one step in ten under {step.BestSeconds * 1e3:0.00} ms{best}, {step.ProcessorSeconds * 1e3:0.00} ms of processor time{allocated}"),
            });
        }
    }
}
