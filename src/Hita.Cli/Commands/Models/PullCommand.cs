using System.Collections.Concurrent;
using System.CommandLine;
using Hita.Checkpoints;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Hub;
using Hita.Runtime;

namespace Hita.Cli.Commands.Models;

/// <summary><c>hita pull</c>: files and published models from the hub.</summary>
internal static class PullCommand
{
    public static Command Create(CommandHost host)
    {
        var repository = new Argument<string>("REPOSITORY") { Description = "The repository, OWNER/NAME, or OWNER/NAME@REVISION for a branch, tag or commit; dinov2 for the semantic encoder of Hita's tokenizers." };
        var file = new Option<string[]>("--file") { Description = "A file of the repository, or a pattern such as 'vanilla/*'; may be given several times.", HelpName = "FILE" };
        var preset = new Option<string?>("--preset") { Description = "A published pipeline by its short name, such as ultra-l or ultra-l-50e: its two files are fetched and imported.", HelpName = "NAME" };
        var semantic = new Option<string?>("--semantic-encoder") { Description = "With --preset: the DINOv2 file of a Hita tokenizer, or dinov2 to fetch it too; without it the tokenizer can only decode.", HelpName = "FILE|dinov2" };
        var output = CommonOptions.Output("With --preset: the pipeline's folder; models/ and the preset's name if left out.", "DIR", required: false);
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "pull",
            "Fetch files or a published pipeline from the Hugging Face hub. Files go into the cache that Python programs use too; what has arrived is kept, so that the same command goes on after a stop.",
            "hita pull yexiguafu/hita-gen --preset ultra-l",
            "hita pull yexiguafu/hita-gen --preset ultra-l --semantic-encoder dinov2",
            "hita pull FoundationVision/LlamaGen --preset b-256 -o models/llamagen",
            "hita pull yexiguafu/hita-gen --file vanilla/tokenizer/hita-tok.pt",
            "hita pull me/my-pipeline@v2")
        {
            repository, file, preset, semantic, output, overwrite, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var reference = HubReference.Parse(PublishedModels.SemanticEncoder(parsed.GetValue(repository)!)!);
            var (files, name) = (parsed.GetValue(file) ?? [], parsed.GetValue(preset));
            if (reference.Path.Length > 0)
                throw new HitaException($"'{reference}' goes into the repository; name files in it with --file.");
            if (files.Length > 0 && name is not null)
                throw new HitaException("Both --file and --preset say what to fetch; give one of them.");
            if (name is null && (parsed.GetValue(output) ?? parsed.GetValue(semantic)) is not null)
                throw new HitaException("-o and --semantic-encoder are for a pipeline that is imported; name it with --preset.");
            using var hub = Client(host.Terminal);
            using var bar = new PullProgress(host.Terminal);
            if (name is null)
                return files.Length > 0 ? Fetch(host, hub, reference, files, bar, parsed.GetValue(json)) : Locate(host, hub, reference, bar, parsed.GetValue(json));
            var model = PublishedModels.Find(reference.Repository, name);
            var folder = parsed.GetValue(output) ?? Path.Combine("models", model.Name);
            overwrite.Check(parsed, [Path.Combine(folder, "generator", ModelFolder.ConfigName), Path.Combine(folder, "tokenizer", ModelFolder.ConfigName)]);
            return Pull(host, new ModelPuller(hub), model, (reference.Revision, folder, parsed.GetValue(semantic)), bar, parsed.GetValue(json));
        });
        return command;
    }

    /// <summary>
    /// Gives the folders of models on the hub, as <c>-m hf:OWNER/NAME</c> names them; fetched where they are not there. A command asks
    /// for each of a pipeline's parts, and the hub is asked once.
    /// </summary>
    public static Func<string, string> Locator(Terminal terminal, CancellationToken cancellation)
    {
        var found = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        return name => found.GetOrAdd(name, Fetch);

        string Fetch(string name)
        {
            using var hub = Client(terminal);
            using var bar = new PullProgress(terminal);
            return new HubModels(hub).LocateAsync(name, bar, cancellation).GetAwaiter().GetResult();
        }
    }

    private static HubClient Client(Terminal terminal) => new(HubSettings.FromEnvironment()) { OnWarning = text => terminal.Error.WriteLine($"hita: {text}") };

    private static int Pull(
        CommandHost host, ModelPuller puller, PublishedModel model, (string Revision, string Folder, string? Semantic) how, PullProgress bar, bool json)
    {
        var report = puller.PullAsync(model, how.Revision, how.Folder, how.Semantic, bar, bar, host.Cancellation).GetAwaiter().GetResult();
        bar.Dispose();
        if (json)
        {
            JsonOutput.Write(host.Terminal, report);
            return ExitCodes.Success;
        }
        host.Terminal.Line($"{report.Folder}: {model.Name} of {model.Repository}");
        host.Terminal.Fields(
        [
            ("generator", $"{model.GeneratorPreset}, {Wording.Count(report.Generator.ParameterCount)} parameters, {report.Generator.ModelHash}"),
            ("tokenizer", $"{model.TokenizerPreset}, {Wording.Count(report.Tokenizer.ParameterCount)} parameters, {report.Tokenizer.ModelHash}"),
        ]);
        if (!report.Tokenizer.CanEncode)
            host.Terminal.Line("The tokenizer can only decode; give --semantic-encoder dinov2, or a file, to encode and edit images as well.");
        host.Terminal.Line($"Next: hita generate -m {report.Folder}");
        return ExitCodes.Success;
    }

    private static int Fetch(CommandHost host, HubClient hub, HubReference reference, string[] files, PullProgress bar, bool json)
    {
        var fetched = hub.FetchAsync(reference, files, bar, host.Cancellation).GetAwaiter().GetResult();
        bar.Dispose();
        if (json)
            JsonOutput.Write(host.Terminal, fetched);
        else
        {
            foreach (var one in fetched)
                host.Terminal.Line(one.Path);
        }
        return ExitCodes.Success;
    }

    private static int Locate(CommandHost host, HubClient hub, HubReference reference, PullProgress bar, bool json)
    {
        var known = PublishedModels.All.Where(m => m.Repository.Equals(reference.Repository, StringComparison.OrdinalIgnoreCase)).Select(static m => m.Name).ToList();
        if (known.Count > 0)
            throw new HitaException($"{reference.Repository} holds several pipelines; choose one with --preset: {string.Join(", ", known)}.");
        var folder = new HubModels(hub).LocateAsync(HubReference.Scheme + reference, bar, host.Cancellation).GetAwaiter().GetResult();
        bar.Dispose();
        if (json)
            JsonOutput.Write(host.Terminal, new { Folder = folder });
        else
            host.Terminal.Line(folder);
        return ExitCodes.Success;
    }
}
