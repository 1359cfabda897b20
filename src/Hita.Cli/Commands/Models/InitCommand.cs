using System.CommandLine;
using Hita.Checkpoints;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Generation;
using Hita.Models;
using Hita.Tokenization;

namespace Hita.Cli.Commands.Models;

/// <summary><c>hita init</c>: a model folder without a download.</summary>
internal static class InitCommand
{
    public static Command Create(CommandHost host)
    {
        var preset = new Option<string>("--preset") { Description = "The architecture; 'hita presets' lists them.", HelpName = "NAME", Required = true };
        var output = CommonOptions.Output("The model folder to write.", "DIR");
        var byName = CommonOptions.WeightsByName();
        var seed = new Option<ulong>("--seed") { Description = "The seed of fresh weights.", HelpName = "N" };
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "init",
            "Write a model folder for an architecture, with fresh weights as training starts from, or with weights filled from tensor names.",
            "hita init --preset hita-v -o models/hita-v",
            "hita init --preset tiny -o models/tiny --weights-by-name")
        {
            preset, output, byName, seed, overwrite, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var folder = parsed.GetValue(output)!;
            overwrite.Check(
                parsed,
                ((string[])[folder, Path.Combine(folder, TokenizerFolder.PipelinePart), Path.Combine(folder, GeneratorFolder.PipelinePart)]).Select(static f => Path.Combine(f, ModelFolder.ConfigName)));
            var written = ModelCreator.Create(
                parsed.GetValue(preset)!, folder, CommonOptions.Prefix(parsed, byName), parsed.GetValue(seed));
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, written.Select(static w => new Written(w.Folder, w.Kind, w.ParameterCount)));
            else
            {
                foreach (var (place, kind, count) in written)
                    host.Terminal.Line($"{place}: a {Wording.Of(kind)} of {Wording.Count(count)} parameters");
            }
            return ExitCodes.Success;
        });
        return command;
    }

    private sealed record Written(string Folder, ModelKind Kind, long ParameterCount);
}
