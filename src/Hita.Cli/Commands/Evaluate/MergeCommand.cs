using System.CommandLine;
using System.Text.Json;
using Hita.Cli.Hosting;
using Hita.Evaluation.Runs;
using Hita.Runtime;

namespace Hita.Cli.Commands.Evaluate;

/// <summary><c>hita evaluate merge</c>: the report of an evaluation whose parts were measured by processes of their own.</summary>
internal static class MergeCommand
{
    private static readonly string[] Shared = ["reconstruction", "generation", "archive", "features", "classes"];

    public static Command Create(CommandHost host)
    {
        var folder = new Argument<string>("DIR") { Description = "The folder that all parts were measured into." };
        var command = new HitaCommand(
            "merge",
            "Make the report of an evaluation that was measured in parts with --shard. Run it where the parts were run, as it opens the same model and data.",
            "hita evaluate merge evaluation")
        {
            folder,
        };
        command.SetAction(parsed =>
        {
            var files = EvaluationShards.Find(parsed.GetValue(folder)!);
            var words = Words(files[0]);
            // What a file says is a command line: only that of an evaluation is taken, and only into this folder.
            if (words is not ["probe", ..] && (words is not ["evaluate", var kind, ..] || !Shared.Contains(kind, StringComparer.Ordinal)))
                throw new HitaException($"{files[0]}: these measurements were not made by a command, so that it is not known what they are of; merge them by the library.");
            host.IsMerging = true;
            try
            {
                return host.Parse([.. WithFolder(words, parsed.GetValue(folder)!)]).Invoke(parsed.InvocationConfiguration);
            }
            finally
            {
                host.IsMerging = false;
            }
        });
        return command;
    }

    private static List<string> Words(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<List<string>>(EvaluationShards.CommandOf(file)) ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static IEnumerable<string> WithFolder(List<string> words, string folder)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] is "-o" or "--output")
                i++;
            else
                yield return words[i];
        }
        yield return "-o";
        yield return folder;
    }
}
