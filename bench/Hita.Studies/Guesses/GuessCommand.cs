using System.CommandLine;
using Hita.Checkpoints;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Studies.Guesses;

/// <summary>The command that guesses tokens.</summary>
internal static class GuessCommand
{
    public static Command Create()
    {
        var output = StudyShell.Output();
        var threads = StudyShell.Threads();
        var model = new Option<string>("--model", "-m") { Description = "A pipeline or a generator, trained.", DefaultValueFactory = static _ => BundledModels.Default };
        var count = StudyShell.Count("--count", "Images of each combination.", 13, least: 1);
        var steps = StudyShell.Count("--draft-steps", "Training steps of the small network that guesses; 0 for none.", 1500, least: 0);
        var temperature = new Option<float?>("--temperature") { Description = "Instead of the model's own." };
        var precision = new Option<Precision>("--precision") { Description = "The type of the generator's weights." };
        var times = new Option<bool>("--times") { Description = "Only how long passes take, by their positions." };
        var command = new Command("guesses", "How many tokens a pass gives where some are guessed and all are checked.") { output, threads, model, count, steps, temperature, precision, times };
        command.SetAction((parsed, cancellation) => StudyShell.Run(() =>
        {
            Compute.UseThreads(parsed.GetValue(threads));
            var named = NamedGenerator.Read(parsed.GetValue(model)!);
            using var generator = named.Load(new GeneratorOptions { Threads = parsed.GetValue(threads) ?? 0, Precision = parsed.GetValue(precision) });
            var sampling = named.Sampling;
            if (parsed.GetValue(temperature) is { } t)
                sampling = sampling with { Holistic = sampling.Holistic with { Temperature = t }, Patches = sampling.Patches with { Temperature = t } };
            // Presets have weights by name: good for times alone, of a guided image.
            if (named.IsPreset)
                sampling = sampling with { Guidance = new() { Scale = 2 } };
            var study = new GuessStudy(generator, sampling.Validate()) { DraftSteps = parsed.GetValue(steps) };
            if (parsed.GetValue(times))
            {
                foreach (var time in study.PassTimes(cancellation))
                    Console.WriteLine(FormattableString.Invariant($"{time.Positions} positions: {time.Milliseconds:0.000} ms"));
                return;
            }
            var report = study.Run(parsed.GetValue(count), StudyShell.Say, cancellation);
            StudyFiles.Write(parsed.GetValue(output)!, report, report.Markdown(), sheet: null);
        }));
        return command;
    }
}
