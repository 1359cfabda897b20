using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Evaluation.Probing;
using Hita.Evaluation.Protocols;
using Hita.Models;
using Hita.Tokenization;

namespace Hita.Cli.Commands.Evaluate;

/// <summary><c>hita probe</c>: what a linear classifier reads from a tokenizer's features.</summary>
internal static class ProbeCommand
{
    public static Command Create(CommandHost host)
    {
        var data = new Argument<string>("DATA") { Description = EvaluationData.Help };
        var model = CommonOptions.Model("The folder of a tokenizer, a pipeline or a training run");
        var precision = CommonOptions.PrecisionOption(Runtime.Precision.Float32, Runtime.Precision.BFloat16);
        var shared = new EvaluationArguments(EvaluationProtocols.Hita, "Use N images, evenly chosen; all if left out.");
        var command = new HitaCommand(
            "probe",
            "Fit a linear classifier to a tokenizer's holistic, patch and semantic features, and measure it on images that were held out.",
            "hita probe photos/ -m models/hita -o probe",
            "hita probe materials -m models/own --samples 5000 -o probe --json")
        {
            data, model, precision,
        };
        shared.AddTo(command, weights: false, protocol: false);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            return shared.Together(parsed, host, group =>
            {
                var options = shared.Options(parsed, host, EvaluationProtocols.Hita);
                using var tokenizer = NamedModel.OpenTokenizer(
                    parsed.GetValue(model)!, new TokenizerOptions { Device = options.Device, Precision = CommonOptions.Chosen(parsed, precision) });
                using var source = EvaluationData.Open(host, parsed.GetValue(data)!, options.Protocol, tokenizer.Config.ImageSize);
                shared.WarnOfFewer(parsed, host, source.Count);
                shared.Measure(parsed, host, group, LinearProbe.Prepare(tokenizer, parsed.GetValue(model)!, source, options));
            });
        });
        return command;
    }
}
