using System.CommandLine;
using System.Globalization;
using Hita.Cli.Output;
using Hita.Evaluation.Verification;
using Hita.Runtime;
using Hita.Training.Verification;

namespace Hita.Cli.Commands;

/// <summary><c>hita verify</c>: a model against recorded outputs of the published implementation.</summary>
internal static class VerifyCommand
{
    public static Command Create(CommandHost host)
    {
        var vectors = new Argument<string>("VECTORS") { Description = "A safetensors file of recorded stages." };
        var model = new Option<string?>("--model", "-m") { Description = "The model's folder.", HelpName = "DIR" };
        var preset = new Option<string?>("--preset") { Description = "An architecture by name, with --weights-by-name.", HelpName = "NAME" };
        var byName = CommonOptions.WeightsByName();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "verify",
            "Compare every stage of a model with recorded outputs of the published implementation; fails if one differs too much.",
            "hita verify gpt.safetensors --preset tiny --weights-by-name",
            "hita verify train-ultra-dinogan.safetensors --preset tiny-ultra --weights-by-name",
            "hita verify tokenizer-vanilla.safetensors -m models/hita-v")
        {
            vectors, model, preset, byName, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var target = Target(parsed.GetValue(model), parsed.GetValue(preset), CommonOptions.Prefix(parsed, byName));
            return Run(host.Terminal, parsed.GetValue(vectors)!, target, parsed.GetValue(json));
        });
        return command;
    }

    private static Func<string, Action<VerificationStage>?, IReadOnlyList<VerificationStage>> Target(string? folder, string? preset, string? prefix)
    {
        if ((folder is null) == (preset is null))
            throw new HitaException("Give either a model's folder with -m, or an architecture with --preset and --weights-by-name.");
        if (folder is not null)
        {
            return prefix is null
                ? (file, report) => TrainingVerifier.Recognises(file)
                    ? throw new HitaException($"{file} holds training steps, which begin with weights filled by name: give --preset and --weights-by-name instead of a folder.")
                    : VectorVerifier.VerifyFolder(file, folder, report)
                : throw new HitaException("--weights-by-name goes with --preset; a folder has weights of its own.");
        }
        return prefix is null
            ? throw new HitaException($"A preset has no weights to verify: add --weights-by-name, or give the folder of a model with -m.")
            : (file, report) => TrainingVerifier.Recognises(file)
                ? TrainingVerifier.VerifyByName(file, preset!, report)
                : VectorVerifier.VerifyByName(file, preset!, prefix, report);
    }

    private static int Run(
        Terminal terminal, string vectors, Func<string, Action<VerificationStage>?, IReadOnlyList<VerificationStage>> verify, bool json)
    {
        var stages = verify(vectors, json ? null : stage => terminal.Line(Line(stage)));
        var failed = stages.Count(static s => !s.Passed);
        if (json)
            JsonOutput.Write(terminal, new Result(vectors, failed == 0, stages));
        else
            terminal.Line(failed == 0 ? $"All {stages.Count} stages agree." : $"{failed} of {stages.Count} stages differ.");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static string Line(VerificationStage stage) => string.Create(
        CultureInfo.InvariantCulture,
        $"{stage.Name,-28} {stage.Shape,-20} {Measured(stage.Error),8} {stage.Measure,-8} (at most {Measured(stage.Tolerance)})  {(stage.Passed ? "ok" : "DIFFERS")}");

    private static string Measured(double error) => error == 0 ? "0" : error.ToString("0.0e-0", CultureInfo.InvariantCulture);

    private sealed record Result(string Vectors, bool Passed, IReadOnlyList<VerificationStage> Stages);
}
