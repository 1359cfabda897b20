using System.CommandLine;
using Hita.Checkpoints;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Hub;
using Hita.Metrics.Networks;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Commands.Models;

/// <summary><c>hita import</c>: a published checkpoint becomes a model folder, the weights of a metric go where they are found.</summary>
internal static class ImportCommand
{
    private const long SmallImport = 64 << 20;

    public static Command Create(CommandHost host)
    {
        var file = new Argument<string>("FILE") { Description = "A PyTorch checkpoint (.pt, .pth), a safetensors file, a model folder, or the ONNX file of ResNet-18." };
        var semantic = new Option<string?>("--semantic-encoder")
        {
            Description = "The DINOv2 file of a Hita tokenizer, or dinov2 to fetch it from the hub; without it the tokenizer can only decode.",
            HelpName = "FILE|dinov2",
        };
        var preset = new Option<string?>("--preset") { Description = "The architecture; recognised from the weights if left out.", HelpName = "NAME" };
        var config = new Option<string?>("--config") { Description = "A config.json that describes the architecture.", HelpName = "FILE" };
        var weights = CommonOptions.Weights("Which weights of the checkpoint: their moving average (ema) or the model as trained.");
        var output = CommonOptions.Output(
            "The model folder to write. Weights of metrics and losses need none: they go where Hita finds them, or into the folder or .safetensors file named here.",
            "PATH",
            required: false);
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "import",
            "Turn a published checkpoint into a model folder, or store the weights of LPIPS, FID or the DINO discriminator where Hita finds them. The file is read as data: nothing in it is ever executed.",
            "hita import hita-tok.pt --semantic-encoder dinov2_vitl14_reg4_pretrain.pth -o models/hita/tokenizer",
            "hita import GPT-B-50e.pt -o models/hita/generator",
            "hita import vgg16-397923af.pth",
            "hita import ResNet18.onnx")
        {
            file, semantic, preset, config, weights, output, overwrite, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var options = new ImportOptions
            {
                SemanticEncoder = PublishedModels.SemanticEncoder(parsed.GetValue(semantic)),
                Preset = parsed.GetValue(preset),
                ConfigFile = parsed.GetValue(config),
                Weights = CommonOptions.Section(parsed, weights),
            };
            var (path, place) = (parsed.GetValue(file)!, parsed.GetValue(output));
            using (var source = WeightFile.Open(path, options.Weights))
            {
                var known = MetricWeights.Of(source);
                var target = known is not null ? MetricWeightImporter.PathOf(known, place) : ModelKinds.Of(source) == ModelKind.ResNet18 ? ResNet18Importer.PathOf(place) : null;
                // A file in its own place is refused by the import, which knows that it is imported already.
                if (target is not null && Path.GetFullPath(target) != Path.GetFullPath(path))
                    overwrite.Check(parsed, target);
                if (known is not null)
                    return ImportWeights(host, known, path, place, options, parsed.GetValue(json));
                if (target is not null)
                    return ImportResNet(host, path, place, options, parsed.GetValue(json));
            }
            if (place is null)
                throw new HitaException($"{path} becomes a model folder; name it with -o DIR.");
            overwrite.Check(parsed, Path.Combine(place, ModelFolder.ConfigName));
            var report = WithProgress(host, progress => ModelImporter.Import(path, place, options, progress, host.Cancellation));
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, report);
            else
                Print(host.Terminal, place, report);
            return ExitCodes.Success;
        });
        return command;
    }

    private static int ImportWeights(CommandHost host, MetricWeightFile known, string path, string? place, ImportOptions options, bool json)
    {
        if (options != new ImportOptions { Weights = options.Weights })
            throw new HitaException($"{path} holds the {Wording.Of(known.Kind)}, whose architecture is known; leave --preset, --config and --semantic-encoder out.");
        var report = WithProgress(host, progress => MetricWeightImporter.Import(path, place, progress, host.Cancellation));
        if (json)
        {
            JsonOutput.Write(host.Terminal, report);
            return ExitCodes.Success;
        }
        var dropped = report.Dropped.Count > 0 ? $"; {Wording.Of(report.Dropped.Count, "tensor")} that nothing needs left out" : "";
        foreach (var note in report.Notes)
            host.Terminal.Line(note);
        host.Terminal.Line($"{report.Path}: the {Wording.Of(report.Kind)}, {Wording.Of(report.TensorCount, "tensor")}, {Wording.Count(report.ParameterCount)} parameters{dropped}");
        return ExitCodes.Success;
    }

    private static int ImportResNet(CommandHost host, string path, string? place, ImportOptions options, bool json)
    {
        if (options != new ImportOptions { Weights = options.Weights })
            throw new HitaException($"{path} holds the {Wording.Of(ModelKind.ResNet18)}, whose architecture is known; leave --preset, --config and --semantic-encoder out.");
        var (written, tensors, parameters) = WithProgress(host, progress => ResNet18Importer.Import(path, place, progress, host.Cancellation));
        if (json)
            JsonOutput.Write(host.Terminal, new { Kind = ModelKind.ResNet18, Path = written, TensorCount = tensors, ParameterCount = parameters });
        else
            host.Terminal.Line($"{written}: the {Wording.Of(ModelKind.ResNet18)}, {Wording.Of(tensors, "tensor")}, {Wording.Count(parameters)} parameters");
        return ExitCodes.Success;
    }

    private static T WithProgress<T>(CommandHost host, Func<IProgress<LoadProgress>, T> import)
    {
        ProgressLine? line = null;
        try
        {
            return import(new DirectProgress<LoadProgress>(Report));
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
        var fields = new List<Field>
        {
            ("tensors", $"{report.TensorCount}, {Wording.Count(report.ParameterCount)} parameters"),
            ("weights", report.ModelHash),
        };
        if (report.Dropped.Count > 0)
            fields.Add(("left out", string.Join(", ", report.Dropped)));
        if (report.AlsoFits.Count > 0)
            fields.Add(("fits too", $"{string.Join(", ", report.AlsoFits)} (choose with --preset)"));
        if (report.Notes.Count > 0)
            fields.Add(new("note", [.. report.Notes]));
        if (!report.CanEncode)
            fields.Add(("note", "it can only decode: import again with --semantic-encoder FILE to encode images"));
        terminal.Fields(fields);
    }
}
