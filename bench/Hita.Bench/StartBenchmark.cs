using Hita.Generation.Engine;
using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Bench;

/// <summary>How long it takes from packed weights on the disk to the first token's logits.</summary>
internal static class StartBenchmark
{
    public static void Run(BenchRun run)
    {
        var name = run.Options.Generators[0];
        if (!GeneratorPresets.TryGet(name, out var config))
            return;
        var folder = Directory.CreateTempSubdirectory("hita-bench-");
        try
        {
            foreach (var precision in (ReadOnlySpan<Precision>)[Precision.Float32, Precision.Int8])
            {
                run.Stage($"Packing {name} in {precision}, then starting from it");
                var packing = 0.0;
                try
                {
                    packing = BenchRun.Seconds(() => Load(precision).Dispose());
                }
                catch (IOException e)
                {
                    run.Skip($"The start of {name} was left out: {e.Message}");
                    return;
                }
                var start = run.Median(() =>
                {
                    using var engine = Load(precision);
                    using var pass = engine.Begin(2, BoundaryMode.Trained);
                    pass.Advance([0, config.ClassCount], new float[2 * config.CodebookSize]);
                });
                run.Add(new BenchLine
                {
                    Part = BenchPart.Start,
                    What = $"{name}, from the packed file to the first token",
                    With = StepBenchmark.Name(precision),
                    Value = start,
                    Unit = "s",
                    Note = FormattableString.Invariant($"the file in the system's cache; packing it once took {packing:0.0} s, filling the weights included"),
                });
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        CpuTokenModel Load(Precision precision) => CpuTokenModel.Load(
            config, new GeneratorWeightsByName(), new EngineOptions { Precision = precision, Threads = run.Threads, CacheFolder = folder.FullName });
    }
}
