using System.Globalization;
using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Engine;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Models;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Bench;

/// <summary>Guided images for several clients at a time by one host, beside the same pipeline making one after the other.</summary>
internal static class ServeBenchmark
{
    private const float GuidanceScale = 4;
    private const int Previews = 4;

    public static void Run(BenchRun run)
    {
        run.Stage("Preparing the pipeline that serves");
        using var pipeline = Open(run);
        if (pipeline is null)
            return;
        var name = run.Options.Pipeline ?? $"{run.Options.Generators[0]} and {run.Options.Tokenizer}";
        var largest = run.Options.Clients.Max();
        var cache = KeyValueCache.BytesPerStep(pipeline.Generator.Config, pipeline.Generator.Precision.ToCacheKind(), 2 * largest, pipeline.Generator.Config.SequenceLength - 1);
        if (run.Fits($"Serving {name}", cache + (1L << 30)))
            Measure(run, pipeline, name);
    }

    private static ImagePipeline? Open(BenchRun run)
    {
        var options = new GeneratorOptions { Engine = GeneratorEngine.Cpu, Threads = run.Threads };
        if (run.Options.Pipeline is { } folder)
            return ImagePipeline.Load(BundledModels.Locate(folder), options);
        if (!GeneratorPresets.TryGet(run.Options.Generators[0], out var generator) || !TokenizerPresets.TryGet(run.Options.Tokenizer, out var tokenizer))
            return null;
        if (generator.CodebookSize != tokenizer.CodebookSize || generator.HolisticTokenCount != tokenizer.HolisticTokenCount)
        {
            run.Skip($"Serving was left out: {generator.Preset} does not write the codes of {tokenizer.Preset}.");
            return null;
        }
        return new ImagePipeline(
            ImageGenerator.CreateByName(generator, options: options), ImageTokenizer.CreateByName(tokenizer, options: new TokenizerOptions { DecoderOnly = true }));
    }

    private static void Measure(BenchRun run, ImagePipeline pipeline, string name)
    {
        run.Stage($"Serving {name}, one by one and to {string.Join(", ", run.Options.Clients)} clients in turn");
        IReadOnlyList<int> clients = run.Options.Clients;
        var shown = clients[clients.Count / 2];
        var hosts = clients.Select(c => new ImageHost(pipeline, new ImageHostOptions { MaxBatch = c })).ToList();
        try
        {
            long previews = 0;
            var works = new List<Action> { () => pipeline.Generate(Request(pipeline, 0).ToGenerationRequest(), static _ => { }, null, run.Cancellation) };
            works.AddRange(clients.Select<int, Action>((c, i) => () => Serve(run, hosts[i], c, 0)));
            works.Add(() =>
            {
                Serve(run, hosts[clients.Count / 2], shown, Previews);
                previews = hosts[clients.Count / 2].Status.PreviewsDone;
            });
            var seconds = run.Medians([.. works]);
            Report(run, pipeline, name, 1, "one by one", seconds[0], null);
            for (var i = 0; i < clients.Count; i++)
                Report(run, pipeline, name, clients[i], Clients(clients[i]), seconds[i + 1], $"{Times(seconds[0] * clients[i] / seconds[i + 1])} × one by one");
            var plain = seconds[1 + (clients.Count / 2)];
            Report(run, pipeline, name, shown, $"{Clients(shown)}, {Previews} previews wanted", seconds[^1], $"{Times(plain / seconds[^1])} × without; {previews} previews decoded");
        }
        finally
        {
            foreach (var host in hosts)
                host.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Each client asks for an image at the same time as the others.</summary>
    private static void Serve(BenchRun run, ImageHost host, int clients, int previews)
    {
        var unheard = new Unheard();
        Task.WhenAll(Enumerable.Range(0, clients).Select(i => host.GenerateAsync(Request(host.Pipeline, i) with { Previews = previews }, unheard, run.Cancellation)))
            .GetAwaiter().GetResult();
    }

    private static HostedImageRequest Request(ImagePipeline pipeline, int number) => new()
    {
        Class = number % pipeline.Generator.Config.ClassCount,
        Image = number,
        Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = GuidanceScale } },
    };

    private static void Report(BenchRun run, ImagePipeline pipeline, string name, int images, string with, double seconds, string? note)
    {
        var generator = pipeline.Generator.Config;
        var steps = generator.SequenceLength - generator.UnseenPatchesOf(pipeline.Tokenizer.Config);
        var reading = (double)steps * ((CpuTokenModel)pipeline.Generator.Tokens).WeightBytesPerStep / run.Machine.Bandwidth;
        var sampling = 2.0 * 2 * images * steps * PipelineBenchmark.WeightsOf(generator) / run.Machine.EngineRate;
        var decoding = images * ImageOperations.Decode(pipeline.Tokenizer.Config) / run.Machine.BestRate;
        // Memory delivers while the processor multiplies, but decoding is arithmetic too.
        var floor = Math.Max(reading, sampling + decoding) / images;
        run.Add(new BenchLine
        {
            Part = BenchPart.Serve,
            What = $"{name}, guided images",
            With = with,
            Value = seconds / images,
            Unit = "s an image",
            Floor = floor,
            Fraction = floor / (seconds / images),
            Note = string.Create(CultureInfo.InvariantCulture, $"{60 * images / seconds:0.0} images a minute{(note is null ? "" : ", ")}{note}"),
        });
    }

    private static string Clients(int count) => count == 1 ? "1 client" : $"{count} clients";

    private static string Times(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);

    private sealed class Unheard : IProgress<HostedImageProgress>
    {
        public void Report(HostedImageProgress value)
        {
            // Previews are made only where someone is told.
        }
    }
}
