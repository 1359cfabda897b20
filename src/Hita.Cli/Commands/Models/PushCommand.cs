using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Hub;
using Hita.Hub.Pushing;
using Hita.Runtime;

namespace Hita.Cli.Commands.Models;

/// <summary><c>hita push</c>: a pipeline, a model or a run to the hub, with its page.</summary>
internal static class PushCommand
{
    private const int MaxSamples = 64;

    public static Command Create(CommandHost host)
    {
        var folder = new Argument<string>("FOLDER") { Description = "A pipeline's, a model's or a training run's folder." };
        var repository = new Argument<string>("REPOSITORY") { Description = "The repository, OWNER/NAME; it is made if it is not there. OWNER/NAME/FOLDER goes into a folder of it." };
        var revision = new Option<string?>("--revision") { Description = "The branch, which is made if it is not there; main if left out.", HelpName = "BRANCH" };
        var message = new Option<string?>("--message") { Description = "The commit's message.", HelpName = "TEXT" };
        var hidden = new Option<bool>("--private") { Description = "Make the repository one that others do not see; one that is there and is public is refused." };
        var license = new Option<string?>("--license") { Description = "The licence of the weights for the page, by the hub's short name, such as mit or cc-by-4.0.", HelpName = "NAME" };
        var report = new Option<string[]>("--report") { Description = "A report of 'hita evaluate', or its folder, whose metrics the page shows; may be given several times.", HelpName = "FILE" };
        var samples = new Option<int>("--samples") { Description = $"Images to generate for the page, of classes from all over the list, 0 to {MaxSamples}; 0 shows those that the folder holds.", HelpName = "COUNT" };
        NumberOptions.Between(samples, 0, MaxSamples);
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be sent, and send nothing." };
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "push",
            "Bring a pipeline, a model or a training run to the Hugging Face hub, with a page about it: one commit with everything, or none. Needs a token that may write, in HF_TOKEN. What the hub has already is not sent again.",
            "hita push models/mine me/my-pipeline --license cc-by-4.0 --samples 8",
            "hita push models/mine me/my-pipeline --dry-run",
            "hita push runs/tokenizer me/my-tokenizer --private --report evaluation/tokenizer")
        {
            folder, repository, revision, message, hidden, license, report, samples, dryRun, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var target = Target(parsed.GetValue(repository)!, parsed.GetValue(revision));
            var found = PushFolder.Open(parsed.GetValue(folder)!);
            var (card, besides) = PushedPage.Make(host, found, parsed.GetValue(license), parsed.GetValue(report) ?? [], parsed.GetValue(dryRun) ? 0 : parsed.GetValue(samples));
            using var hub = new HubClient(HubSettings.FromEnvironment());
            var pusher = new ModelPusher(hub);
            return parsed.GetValue(dryRun)
                ? Plan(host, pusher.PlanAsync(found, target, card, besides, host.Cancellation).GetAwaiter().GetResult(), target, parsed.GetValue(json))
                : Push(host, pusher, found, target, (card, besides), new PushOptions { Message = parsed.GetValue(message), IsPrivate = parsed.GetValue(hidden) }, parsed.GetValue(json));
        });
        return command;
    }

    private static HubReference Target(string text, string? revision)
    {
        var target = HubReference.Parse(text);
        if (revision is null)
            return target;
        if (target.Revision != "main")
            throw new HitaException($"Both '@{target.Revision}' and --revision name a branch; give one of them.");
        // Read as part of a name, so that what is no branch is refused in the same words.
        return target with { Revision = HubReference.Parse($"{target.Repository}@{revision}") is { Path.Length: 0 } named ? named.Revision : throw new HitaException($"--revision is '{PrintableText.Escape(revision)}', which is no branch's name.") };
    }

    private static int Plan(CommandHost host, PushPlan plan, HubReference target, bool json)
    {
        if (json)
        {
            JsonOutput.Write(host.Terminal, plan);
            return ExitCodes.Success;
        }
        host.Terminal.Line($"{target}: {(plan.Exists ? "is there" : "would be made")}");
        foreach (var file in plan.Files)
            host.Terminal.Line($"  {(file.IsThere ? "is there " : "would go ")} {file.Name} ({Wording.Size(file.Size)})");
        Others(host, plan.Removed, "would be removed there", plan.LeftOut);
        var missing = plan.Files.Where(static f => !f.IsThere).ToList();
        host.Terminal.Line(missing.Count == 0 ? "Nothing is to be sent." : $"{Wording.Of(missing.Count, "file")} to be sent, {Wording.Size(missing.Sum(static f => f.Size))}.");
        return ExitCodes.Success;
    }

    private static int Push(
        CommandHost host, ModelPusher pusher, PushFolder folder, HubReference target, (ModelCard Card, IReadOnlyList<PushFile> Besides) page, PushOptions options, bool json)
    {
        PushReport report;
        using (var bar = new PushProgress(host.Terminal))
            report = pusher.PushAsync(folder, target, page.Card, page.Besides, options, bar, host.Cancellation).GetAwaiter().GetResult();
        if (json)
        {
            JsonOutput.Write(host.Terminal, report);
            return ExitCodes.Success;
        }
        Others(host, report.Removed, "removed there", report.LeftOut);
        host.Terminal.Line(report.IsNew
            ? $"{report.Address}: {Wording.Of(report.Files.Count(static f => !f.IsThere), "file")} in commit {report.Commit}"
            : $"{report.Address}: nothing is new, it is commit {report.Commit}");
        host.Terminal.Line($"Next: {(folder.Generator is null ? "hita reconstruct photo.jpg" : "hita generate")} -m {HubReference.Scheme}{target}");
        return ExitCodes.Success;
    }

    private static void Others(CommandHost host, IReadOnlyList<string> removed, string words, IReadOnlyList<string> leftOut)
    {
        foreach (var name in removed)
            host.Terminal.Line($"  {words}: {name}");
        foreach (var name in leftOut)
            host.Terminal.Line($"  left out: {name}");
    }
}
