using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Commands.Machine;

/// <summary><c>hita bench first-token</c>: how long this very start takes until something is sampled.</summary>
internal static class FirstTokenCommand
{
    public static Command Create(CommandHost host)
    {
        var models = new ModelArguments();
        var precision = CommonOptions.PrecisionOption(Precision.Float32, Precision.BFloat16, Precision.Int8);
        var engine = CommonOptions.EngineOption();
        var whole = new Option<bool>("--whole") { Description = "Go on to the whole image, decoded, and tell when it is there." };
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "first-token",
            "Start as 'hita generate' does, sample one image of class 0 up to its first token, and tell how long each step took since the process began. The start after the first one has packed weights to begin with.",
            "hita bench first-token",
            "hita bench first-token -m models/hita --precision int8",
            "hita bench first-token --generator runs/b --whole --json")
        {
            precision, engine, whole, json,
        };
        models.AddTo(command);
        command.SetAction(parsed =>
        {
            var times = new List<Reached> { Reached.Now("command line read") };
            var prepare = host.Globals.PrepareLater(parsed);
            var (from, decoder) = models.Parts(parsed);
            var generator = NamedGenerator.Read(from);
            var options = new GeneratorOptions
            {
                Device = parsed.GetValue(host.Globals.Device)!,
                Precision = CommonOptions.Chosen(parsed, precision),
                Threads = parsed.GetValue(host.Globals.Threads) ?? 0,
                Engine = CommonOptions.ChosenEngine(parsed, engine),
            };
            using (var pipeline = NamedModel.OpenPipelineForSampling(generator, NamedTokenizer.Read(decoder), options, beforeTensors: prepare))
            {
                times.Add(Reached.Now("generator opened"));
                Sample(pipeline, new GenerationRequest { Classes = [0], Sampling = generator.Sampling }, parsed.GetValue(whole), times, host.Cancellation);
            }
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, times);
            else
                host.Terminal.Table(["reached", "seconds", "processor seconds"], [.. times.Select(static t => (string[])[t.What, Text(t.Seconds), Text(t.ProcessorSeconds)])]);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Sample(ImagePipeline pipeline, GenerationRequest request, bool whole, List<Reached> times, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sampled = false;
        var progress = new DirectProgress<GenerationProgress>(_ =>
        {
            if (sampled)
                return;
            sampled = true;
            times.Add(Reached.Now("first token sampled"));
            if (!whole)
                enough.Cancel();
        });
        try
        {
            pipeline.Generate(request, _ => times.Add(Reached.Now("image decoded")), progress, enough.Token);
        }
        catch (OperationCanceledException) when (sampled && !cancellation.IsCancellationRequested)
        {
            // That was enough.
        }
    }

    private static string Text(double seconds) => seconds.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>How far a start has come.</summary>
    /// <param name="What">What was reached.</param>
    /// <param name="Seconds">On the clock, since the process began; systems tell that to a hundredth of a second or so.</param>
    /// <param name="ProcessorSeconds">That all threads of the process computed, what is loaded meanwhile included.</param>
    private sealed record Reached(string What, double Seconds, double ProcessorSeconds)
    {
        private static readonly DateTime Began = Beginning();

        public static Reached Now(string what) => new(what, (DateTime.UtcNow - Began).TotalSeconds, Environment.CpuUsage.TotalTime.TotalSeconds);

        private static DateTime Beginning()
        {
            using var process = Process.GetCurrentProcess();
            return process.StartTime.ToUniversalTime();
        }
    }
}
