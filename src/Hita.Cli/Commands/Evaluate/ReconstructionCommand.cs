using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Runs;
using Hita.Models;
using Hita.Tokenization;

namespace Hita.Cli.Commands.Evaluate;

/// <summary><c>hita evaluate reconstruction</c>: how well a tokenizer gives images back.</summary>
internal static class ReconstructionCommand
{
    public static Command Create(CommandHost host)
    {
        var data = new Argument<string>("DATA") { Description = EvaluationData.Help };
        var model = CommonOptions.Model("The folder of a tokenizer, a pipeline or a training run");
        var precision = CommonOptions.PrecisionOption(Runtime.Precision.Float32, Runtime.Precision.BFloat16);
        var shared = new EvaluationArguments(EvaluationProtocols.Hita, "Measure on N images, evenly chosen; all if left out.");
        var command = new HitaCommand(
            "reconstruction",
            "Measure how well a tokenizer reconstructs images: PSNR, SSIM, codebook usage and, with their weights, LPIPS, rFID, rsFID and rIS.",
            "hita evaluate reconstruction photos/ -m models/hita/tokenizer -o evaluation",
            "hita evaluate reconstruction imagenet/val -m models/hita --protocol published -o evaluation")
        {
            data, model, precision,
        };
        shared.AddTo(command);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            return shared.Together(parsed, host, group =>
            {
                var options = shared.Options(parsed, host, shared.Protocol(parsed));
                using var tokenizer = NamedModel.OpenTokenizer(
                    parsed.GetValue(model)!, new TokenizerOptions { Device = options.Device, Precision = CommonOptions.Chosen(parsed, precision) });
                using var source = EvaluationData.Open(host, parsed.GetValue(data)!, options.Protocol, tokenizer.Config.ImageSize);
                shared.WarnOfFewer(parsed, host, source.Count);
                using var features = shared.Features(parsed, host);
                using var perceptual = shared.Perceptual(parsed, host);
                shared.Measure(parsed, host, group, ReconstructionEvaluation.Prepare(tokenizer, parsed.GetValue(model)!, source, features, perceptual, options));
            });
        });
        return command;
    }
}
