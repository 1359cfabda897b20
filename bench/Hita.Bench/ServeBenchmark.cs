using System.Diagnostics;
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
        run.Stage($"Serving {name}, one by one");
        void One() => pipeline.Generate(Request(pipeline, 0).ToGenerationRequest(), static _ => { }, null, run.Cancellation);
        var alone = run.Median(One);
        Report(run, pipeline, name, 1, "one by one", alone, null);
        var shown = run.Options.Clients[run.Options.Clients.Count / 2];
        var plain = 0.0;
        foreach (var clients in run.Options.Clients)
        {
            var (seconds, latency, _) = Serve(run, pipeline, name, clients, previews: 0);
            plain = clients == shown ? seconds : plain;
            Report(run, pipeline, name, clients, Clients(clients), seconds, $"{Times(alone / seconds)} × one by one, {latency:0.00} s from request to image");
        }
        var (withPreviews, _, previews) = Serve(run, pipeline, name, shown, Previews);
        Report(run, pipeline, name, shown, $"{Clients(shown)}, {Previews} previews wanted", withPreviews, $"{Times(plain / withPreviews)} × without; {previews} previews decoded");
    }

    /// <summary>
    /// Clients of which each asks for its next image as soon as it has one. Counted is what comes after each has had one, so that neither
    /// the rush of the beginning nor the lull of the end is in it.
    /// </summary>
    /// <returns>Seconds an image, the median seconds from a request to its image, and the previews of all of the time.</returns>
    private static (double Seconds, double Latency, long Previews) Serve(BenchRun run, ImagePipeline pipeline, string name, int clients, int previews)
    {
        run.Stage($"Serving {name} to {Clients(clients)}{(previews > 0 ? ", with previews" : "")}");
        var host = new ImageHost(pipeline, new ImageHostOptions { MaxBatch = clients });
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(run.Cancellation);
            var log = new ServedImages(clients, run.Options.Seconds);
            Task.WhenAll(Enumerable.Range(0, clients).Select(c => AskAsync(c))).GetAwaiter().GetResult();
            run.Cancellation.ThrowIfCancellationRequested();
            return (log.SecondsAnImage, log.MedianLatency, host.Status.PreviewsDone);

            async Task AskAsync(int client)
            {
                var unheard = new Unheard();
                try
                {
                    for (var number = client; !end.IsCancellationRequested; number += clients)
                    {
                        var asked = Stopwatch.GetTimestamp();
                        await host.GenerateAsync(Request(pipeline, number) with { Previews = previews }, unheard, end.Token).ConfigureAwait(false);
                        if (log.Add(asked))
                            await end.CancelAsync().ConfigureAwait(false);
                    }
                }
                catch (OperationCanceledException) when (end.IsCancellationRequested)
                {
                    // Enough is known.
                }
            }
        }
        finally
        {
            host.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
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
        // Each image's own keys and values are read too, half of them on the way.
        var caches = (double)steps * KeyValueCache.BytesPerStep(generator, pipeline.Generator.Precision.ToCacheKind(), 2 * images, steps / 2) / run.Machine.Bandwidth;
        var sampling = 2.0 * 2 * images * steps * PipelineBenchmark.WeightsOf(generator) / run.Machine.EngineRate;
        var decoding = images * ImageOperations.Decode(pipeline.Tokenizer.Config) / run.Machine.BestRate;
        // Memory delivers while the processor multiplies, but decoding is arithmetic too.
        var floor = Math.Max(reading + caches, sampling + decoding) / images;
        run.Add(new BenchLine
        {
            Part = BenchPart.Serve,
            What = $"{name}, guided images",
            With = with,
            Value = seconds,
            Unit = "s an image",
            Floor = floor,
            Fraction = floor / seconds,
            Note = string.Create(CultureInfo.InvariantCulture, $"{60 / seconds:0.0} images a minute{(note is null ? "" : ", ")}{note}"),
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
