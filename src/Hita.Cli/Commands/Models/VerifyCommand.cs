using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Runtime;
using Hita.Verification;

namespace Hita.Cli.Commands.Models;

/// <summary><c>hita verify</c>: a model against recorded outputs of the published implementation.</summary>
internal static class VerifyCommand
{
    public static Command Create(CommandHost host)
    {
        var vectors = new Argument<string>("VECTORS") { Description = "A safetensors file of recorded stages." };
        var model = new Option<string?>("--model", "-m") { Description = "The model's folder.", HelpName = "DIR" };
        var preset = new Option<string?>("--preset") { Description = "An architecture by name, with --weights-by-name.", HelpName = "NAME" };
        var byName = CommonOptions.WeightsByName();
        var starts = new Option<int>("--starts")
        {
            Description = "For recorded training steps that agree up to the second update, after which the order of summation matters: how many starts that differ in the last bit to try at most; 0 for none.",
            DefaultValueFactory = static _ => 100,
            HelpName = "N",
        };
        NumberOptions.Between(starts, 0);
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "verify",
            "Compare every stage of a model with recorded outputs of the published implementation; fails if one differs too much.",
            "hita verify gpt.safetensors --preset tiny --weights-by-name",
            "hita verify train-ultra-dinogan.safetensors --preset tiny-ultra --weights-by-name",
            "hita verify tokenizer-vanilla.safetensors -m models/hita-v")
        {
            vectors, model, preset, byName, starts, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var (file, asJson) = (parsed.GetValue(vectors)!, parsed.GetValue(json));
            var (folder, name, prefix) = (parsed.GetValue(model), parsed.GetValue(preset), CommonOptions.Prefix(parsed, byName));
            CheckTarget(folder, name, prefix);
            if (!TrainingVerifier.Recognises(file))
            {
                Action<VerificationStage>? report = asJson ? null : stage => host.Terminal.Line(Line(stage));
                var stages = folder is null ? VectorVerifier.VerifyByName(file, name!, prefix!, report) : VectorVerifier.VerifyFolder(file, folder, report);
                return Finish(host.Terminal, new Result(file, stages), asJson);
            }
            if (folder is not null)
                throw new HitaException($"{file} holds training steps, which begin with weights filled by name: give --preset and --weights-by-name instead of a folder.");
            return Repeat(host, file, name!, parsed.GetValue(starts), asJson);
        });
        return command;
    }

    private static void CheckTarget(string? folder, string? preset, string? prefix)
    {
        if ((folder is null) == (preset is null))
            throw new HitaException("Give either a model's folder with -m, or an architecture with --preset and --weights-by-name.");
        if (folder is not null && prefix is not null)
            throw new HitaException("--weights-by-name goes with --preset; a folder has weights of its own.");
        if (folder is null && prefix is null)
            throw new HitaException("A preset has no weights to verify: add --weights-by-name, or give the folder of a model with -m.");
    }

    private static int Repeat(CommandHost host, string vectors, string preset, int starts, bool json)
    {
        TrainingVerification result;
        ProgressLine? progress = null;
        try
        {
            result = TrainingVerifier.VerifyByName(
                vectors,
                preset,
                starts,
                number => (progress ??= new ProgressLine(host.Terminal, "Trying starts that differ by the last bit", "starts", starts)).Report(number - 1),
                host.Cancellation);
        }
        finally
        {
            progress?.Dispose();
        }
        var outcome = new Result(vectors, result.Stages, result.Rounding, result.Rounding > 0 ? result.ExactStages : null);
        if (!json)
        {
            foreach (var stage in result.Stages)
                host.Terminal.Line(Line(stage));
            if (progress is not null && !outcome.Passed)
                host.Terminal.Line($"None of {starts} starts that differ by the last bit agrees in everything.");
            if (result.Rounding > 0)
            {
                host.Terminal.Line($"These are of start {result.Rounding}, which differs from the recorded one by the last bit of its weights. From the recorded one differ:");
                foreach (var stage in result.ExactStages.Where(static s => !s.Passed))
                    host.Terminal.Line(Line(stage));
            }
        }
        return Finish(host.Terminal, outcome, json);
    }

    private static int Finish(Terminal terminal, Result result, bool json)
    {
        if (json)
            JsonOutput.Write(terminal, result);
        else
            terminal.Line(result.Passed ? $"All {result.Stages.Count} stages agree." : $"{result.Stages.Count(static s => !s.Passed)} of {result.Stages.Count} stages differ.");
        return result.Passed ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static string Line(VerificationStage stage) => string.Create(
        CultureInfo.InvariantCulture,
        $"{stage.Name,-28} {stage.Shape,-20} {Measured(stage.Error),8} {stage.Measure,-8} (at most {Measured(stage.Tolerance)})  {(stage.Passed ? "ok" : "DIFFERS")}");

    private static string Measured(double error) => error == 0 ? "0" : error.ToString("0.0e-0", CultureInfo.InvariantCulture);

    /// <param name="Start">The number of the start of which the stages are; 0 for the recorded one.</param>
    private sealed record Result(
        string Vectors, IReadOnlyList<VerificationStage> Stages, int Start = 0, IReadOnlyList<VerificationStage>? RecordedStartStages = null)
    {
        [JsonPropertyOrder(-1)]
        public bool Passed => Stages.All(static s => s.Passed);
    }
}
