using System.CommandLine;
using Hita.Checkpoints;
using Hita.Checkpoints.Torch;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Metrics.Networks;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Cli.Commands.Models;

/// <summary><c>hita inspect</c>: what a weight file or model folder holds.</summary>
internal static class InspectCommand
{
    public static Command Create(CommandHost host)
    {
        var path = new Argument<string>("FILE|DIR") { Description = $"A checkpoint, a safetensors file, the folder of a model, a pipeline or a training run, or a bundled pipeline: {string.Join(" or ", BundledModels.Names)}." };
        var brief = new Option<bool>("--brief") { Description = "Leave out the list of tensors." };
        var weights = CommonOptions.Weights("Which weights of a published checkpoint to list.");
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "inspect",
            "Show what a weight file or model folder holds: tensors, shapes, types, parameters, and the preset that fits.",
            "hita inspect hita-tok.pt --brief",
            "hita inspect models/hita --json")
        {
            path, brief, weights, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.ChooseLibrary(parsed);
            var section = CommonOptions.Section(parsed, weights);
            var reports = Places(parsed.GetValue(path)!).Select(p => Describe(p, section)).ToList();
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, reports);
            else
                reports.ForEach(r => Print(host.Terminal, r, parsed.GetValue(brief)));
            return ExitCodes.Success;
        });
        return command;
    }

    // A pipeline's folder stands for its two parts.
    private static List<string> Places(string path)
    {
        if (!File.Exists(path))
            path = BundledModels.Locate(path);
        if (!Directory.Exists(path) || ModelFolder.IsModel(path))
            return [path];
        // A training run stands for its model.
        if (ModelFolder.IsModel(Path.Combine(path, "model")))
            return [Path.Combine(path, "model")];
        var parts = new[] { TokenizerFolder.PipelinePart, GeneratorFolder.PipelinePart }.Select(p => Path.Combine(path, p)).Where(ModelFolder.IsModel).ToList();
        return parts.Count > 0 ? parts : [path];
    }

    private static Report Describe(string path, WeightSection section)
    {
        using var source = WeightFile.Open(path, section);
        var tensors = source.Tensors.Values.Select(static t => new TensorRow(t.Name, t.TypeName, [.. t.Shape])).ToList();
        var measure = MetricWeights.Of(source);
        var types = source.Tensors.Values.GroupBy(static t => t.TypeName).ToDictionary(static g => g.Key, static g => g.Count());
        return new Report(
            path,
            ModelKinds.Of(source),
            ModelKinds.FittingPresets(source),
            measure?.FileName,
            measure is null ? null : MetricWeights.Fault(source, measure),
            tensors.Count,
            source.Tensors.Values.Where(static t => t.Type.IsFloat()).Sum(static t => t.Count),
            source.Tensors.Values.Sum(static t => t.ByteLength),
            types,
            ModelKinds.Fingerprint(source),
            source.Metadata,
            TorchCheckpoint.Of(source)?.Summary,
            source.Notes,
            Classes(path),
            tensors);
    }

    // The names of a generator's classes; null for everything else.
    private static List<string>? Classes(string path)
    {
        if (!ModelFolder.IsModel(path) || ModelFolder.ReadConfig(path) is not { } json || ModelType.Of(json) != GeneratorConfig.TypeName)
            return null;
        var classes = ClassNames.Load(path, ConfigJson.Read<GeneratorConfig>(json, Path.Combine(path, ModelFolder.ConfigName)).Validate().ClassCount);
        return [.. Enumerable.Range(0, classes.Count).Select(i => classes[i])];
    }

    private static void Print(Terminal terminal, Report report, bool brief)
    {
        terminal.Heading(report.Path);
        var fields = new List<Field>
        {
            ("kind", Wording.Of(report.Kind)),
            report.StandsFor is { } published
                ? ("fits", report.Misfit is { } fault ? $"no: {fault}" : $"yes, as {published}")
                : ("preset", report.Presets.Count > 0 ? string.Join(" or ", report.Presets) : "none fits"),
            ("tensors", $"{report.TensorCount} ({string.Join(", ", report.Types.Select(static t => $"{t.Value} {t.Key}"))})"),
            ("parameters", Wording.Count(report.ParameterCount)),
            ("bytes", report.Bytes.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("weights", report.Weights),
        };
        if (report.Classes is { } classes)
            fields.Add(("classes", $"{classes.Count}: {string.Join(", ", classes.Take(4))}{(classes.Count > 4 ? ", …" : "")}; 'hita classes -m {report.Path}' lists them"));
        fields.AddRange(report.Metadata.Select(static m => new Field(m.Key, m.Value.Length > 200 ? m.Value[..200] + "…" : m.Value)));
        if (report.Checkpoint is { Items.Count: > 0 } checkpoint)
        {
            fields.Add(new("checkpoint", [.. checkpoint.Items.Select(static i => $"{i.Name}: {i.Text ?? i.Kind}{(i.TensorCount > 0 ? $", {i.TensorCount} tensors" : "")}")]));
            if (checkpoint.Arguments.Count > 0)
                fields.Add(new("arguments", [.. checkpoint.Arguments.Select(static a => $"{a.Key} = {a.Value}")]));
        }
        if (report.Notes.Count > 0)
            fields.Add(new("note", [.. report.Notes]));
        terminal.Fields(fields);
        if (!brief)
            terminal.Table(["tensor", "type", "shape"], [.. report.Tensors.Select(static t => (IReadOnlyList<string>)[t.Name, t.Type, $"[{string.Join(", ", t.Shape)}]"])]);
        terminal.Line();
    }

    private sealed record TensorRow(string Name, string Type, IReadOnlyList<long> Shape);

    /// <param name="Classes">The names of a generator's classes by number; null for other kinds.</param>
    /// <param name="StandsFor">The published name of a metric's weights; null for other kinds.</param>
    /// <param name="Misfit">Why they are not those that are needed; null where they are.</param>
    private sealed record Report(
        string Path, ModelKind Kind, IReadOnlyList<string> Presets, string? StandsFor, string? Misfit, int TensorCount, long ParameterCount, long Bytes,
        IReadOnlyDictionary<string, int> Types, string Weights, IReadOnlyDictionary<string, string> Metadata, CheckpointSummary? Checkpoint, IReadOnlyList<string> Notes,
        IReadOnlyList<string>? Classes, IReadOnlyList<TensorRow> Tensors);
}
