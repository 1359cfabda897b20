using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Data;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Runs;
using Hita.Metrics.Archives;

namespace Hita.Cli.Commands.Evaluate;

/// <summary><c>hita evaluate archive</c>: an archive of samples, from whatever program, against a reference.</summary>
internal static class ArchiveCommand
{
    public static Command Create(CommandHost host)
    {
        var samples = new Argument<string>("SAMPLES") { Description = "An archive of samples: .npz with arr_0 of uint8 [n, height, width, 3]." };
        var reference = new Argument<string>("REFERENCE") { Description = "An archive of statistics (mu, sigma, mu_s, sigma_s) or of images (.npz), or a set of images." };
        var neighbours = new Option<bool>("--no-precision-recall") { Description = "Leave precision and recall out; they need the reference's images." };
        var shared = new EvaluationArguments(EvaluationProtocols.Adm, "Measure the first N samples; all if left out.");
        var command = new HitaCommand(
            "archive",
            "Measure an archive of samples against a reference: FID, sFID, Inception score, precision and recall. Archives of any size are read in a stream.",
            "hita evaluate archive samples.npz VIRTUAL_imagenet256_labeled.npz -o evaluation",
            "hita evaluate archive samples.npz photos/ --protocol hita -o evaluation")
        {
            samples, reference, neighbours,
        };
        shared.AddTo(command);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            return shared.Together(parsed, host, group =>
            {
                var protocol = shared.Protocol(parsed);
                var options = shared.Options(parsed, host, protocol) with { PrecisionRecall = !parsed.GetValue(neighbours) };
                var images = ImageSeries.Archive(parsed.GetValue(samples)!, protocol.Size, options.SampleCount);
                IImageSource? source = null;
                try
                {
                    var against = EvaluationArguments.Reference(host, parsed.GetValue(reference)!, protocol, Side(parsed.GetValue(samples)!), out source);
                    using var features = shared.Features(parsed, host);
                    shared.Measure(parsed, host, group, SampleEvaluation.Prepare(SampleOrigin.From(images), against, features, options));
                }
                finally
                {
                    source?.Dispose();
                }
            });
        });
        return command;
    }

    private static int Side(string archive)
    {
        using var reader = ImageArchiveReader.Open(archive);
        return reader.Height;
    }
}
