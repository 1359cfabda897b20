using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Data;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Runs;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Commands.Evaluate;

/// <summary><c>hita evaluate generation</c>: how generated images compare with true ones.</summary>
internal static class GenerationCommand
{
    public static Command Create(CommandHost host)
    {
        var models = new ModelArguments();
        var reference = new Option<string?>("--reference")
        {
            Description = "What to compare with: an archive of statistics or images (.npz), or a set of images. Without it only the Inception score is measured.",
            HelpName = "NPZ|DATA",
        };
        var neighbours = new Option<bool>("--no-precision-recall") { Description = "Leave precision and recall out; they need the reference's images." };
        var precision = CommonOptions.PrecisionOption(Precision.Float32, Precision.BFloat16, Precision.Int8);
        var shared = new EvaluationArguments(EvaluationProtocols.Hita, "Samples to generate; as many as the protocol says (50000) if left out.");
        var sampling = new SamplingArguments();
        var command = new HitaCommand(
            "generation",
            "Generate samples with a pipeline and measure them against real images: FID, sFID, Inception score, precision, recall and codebook usage.",
            "hita evaluate generation -m models/hita --reference VIRTUAL_imagenet256_labeled.npz --protocol published --cfg-scale 3 -o evaluation",
            "hita evaluate generation -m models/own --reference photos/ --samples 2000 -o evaluation")
        {
            reference, neighbours, precision,
        };
        models.AddTo(command);
        shared.AddTo(command);
        sampling.AddTo(command);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            return shared.Together(parsed, host, group =>
            {
                var protocol = shared.Protocol(parsed);
                var options = shared.Options(parsed, host, protocol) with { PrecisionRecall = !parsed.GetValue(neighbours) };
                var (from, decoder) = models.Parts(parsed);
                var generator = NamedGenerator.Read(from);
                var request = sampling.Request(parsed, generator.Sampling);
                var name = models.Name(parsed);
                using var pipeline = NamedModel.OpenPipeline(generator, NamedTokenizer.Read(decoder), GeneratorOptionsOf(parsed, host, precision));
                IImageSource? source = null;
                try
                {
                    var against = parsed.GetValue(reference) is { } text ? EvaluationArguments.Reference(host, text, protocol, pipeline.Width, out source) : null;
                    using var features = shared.Features(parsed, host);
                    var origin = new GeneratorOrigin(pipeline, name, protocol, options.SampleCount ?? protocol.SampleCount, request);
                    shared.Measure(parsed, host, group, SampleEvaluation.Prepare(origin, against, features, options));
                }
                finally
                {
                    source?.Dispose();
                }
            });
        });
        return command;
    }

    /// <summary>How a generator is opened to be judged.</summary>
    public static GeneratorOptions GeneratorOptionsOf(ParseResult parsed, CommandHost host, Option<string> precision) => new()
    {
        Device = parsed.GetValue(host.Globals.Device)!,
        Threads = parsed.GetValue(host.Globals.Threads) ?? 0,
        Precision = CommonOptions.Chosen(parsed, precision),
    };
}
