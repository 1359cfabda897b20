using System.CommandLine;
using Hita.Checkpoints;
using Hita.Cli.Output;
using Hita.Generation.Pipeline;

namespace Hita.Cli.Commands;

/// <summary><c>hita import</c>: a published checkpoint becomes a model folder.</summary>
internal static class ImportCommand
{
    private const long SmallImport = 64 << 20;

    public static Command Create(CommandHost host)
    {
        var file = new Argument<string>("FILE") { Description = "A PyTorch checkpoint (.pt, .pth), a safetensors file or a model folder." };
        var semantic = new Option<string?>("--semantic-encoder")
        {
            Description = "The DINOv2 file of a Hita tokenizer; without it the tokenizer can decode only.",
            HelpName = "FILE",
        };
        var preset = new Option<string?>("--preset") { Description = "The architecture; found by itself if left out.", HelpName = "NAME" };
        var config = new Option<string?>("--config") { Description = "A config.json that describes the architecture.", HelpName = "FILE" };
        var weights = new Option<string?>("--weights")
        {
            Description = "Which weights of the checkpoint: their moving average (ema) or the model as trained.",
            HelpName = "ema|model",
        };
        weights.AcceptOnlyFromAmong("ema", "model");
        var output = CommonOptions.Output("The model folder to write.", "DIR");
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "import",
            "Make a model folder of a published checkpoint. The file is read as data: nothing in it is ever run.",
            "hita import hita-tok.pt --semantic-encoder dinov2_vitl14_reg4_pretrain.pth -o models/hita/tokenizer",
            "hita import GPT-B-50e.pt -o models/hita/generator")
        {
            file, semantic, preset, config, weights, output, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var options = new ImportOptions
            {
                SemanticEncoder = parsed.GetValue(semantic),
                Preset = parsed.GetValue(preset),
                ConfigFile = parsed.GetValue(config),
                Weights = parsed.GetValue(weights) switch
                {
                    "ema" => WeightSection.Ema,
                    "model" => WeightSection.Model,
                    _ => WeightSection.Automatic,
                },
            };
            var report = Import(host, parsed.GetValue(file)!, parsed.GetValue(output)!, options);
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, report);
            else
                Print(host.Terminal, parsed.GetValue(output)!, report);
            return ExitCodes.Success;
        });
        return command;
    }

    private static ImportReport Import(CommandHost host, string file, string folder, ImportOptions options)
    {
        ProgressLine? line = null;
        try
        {
            return ModelImporter.Import(file, folder, options, new DirectProgress<LoadProgress>(Report), host.Cancellation);
        }
        finally
        {
            line?.Dispose();
        }

        void Report(LoadProgress progress)
        {
            // What is done in a moment needs no line.
            if (progress.TotalBytes < SmallImport)
                return;
            line ??= new ProgressLine(host.Terminal, "Importing", "MB", progress.TotalBytes >> 20);
            line.Report(progress.DoneBytes >> 20);
        }
    }

    private static void Print(Terminal terminal, string folder, ImportReport report)
    {
        terminal.Line($"{folder}: a {Wording.Of(report.Kind)}{(report.Preset is null ? " of its own architecture" : $", {report.Preset}")}");
        var fields = new List<(string, string)>
        {
            ("tensors", $"{report.TensorCount}, {Wording.Count(report.ParameterCount)} parameters"),
            ("weights", report.ModelHash),
        };
        if (report.Dropped.Count > 0)
            fields.Add(("left out", string.Join(", ", report.Dropped)));
        if (report.AlsoFits.Count > 0)
            fields.Add(("fits too", $"{string.Join(", ", report.AlsoFits)} (choose with --preset)"));
        if (!report.CanEncode)
            fields.Add(("note", "it can decode only: import again with --semantic-encoder FILE to encode pictures"));
        terminal.Fields(fields);
    }
}
