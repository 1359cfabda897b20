using System.CommandLine;
using Hita.Checkpoints;
using Hita.Cli.Hosting;
using Hita.Evaluation.Classification;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;
using Hita.Studies;
using Hita.Studies.Convergence;
using Hita.Studies.Shift;
using Hita.Studies.Steps;

// Measures what is claimed of editing and training, on the built-in set, where the right answers are known.
var model = new Option<string>("--model", "-m") { Description = "A pipeline trained on the built-in set, or a preset to try the study.", DefaultValueFactory = static _ => BundledModels.Materials };
var output = StudyShell.Output();
var threads = StudyShell.Threads();
var seed = new Option<ulong>("--seed") { Description = "The seed of the scenes; not the training's.", DefaultValueFactory = static _ => 20260 };
var count = new Option<int>("--count") { Description = "Pairs or scenes.", DefaultValueFactory = static _ => 500 };

var style = new Command("style", "Style transfer against three baselines, by variant and strength.") { model, output, threads, seed, count };
style.SetAction((parsed, cancellation) => StudyShell.Run(() =>
{
    Compute.UseThreads(parsed.GetValue(threads));
    using var tokenizer = NamedModel.OpenTokenizer(parsed.GetValue(model)!);
    var report = new StyleStudy(tokenizer, parsed.GetValue(seed)).Run(parsed.GetValue(count), StudyShell.Say, cancellation);
    StudyFiles.Write(parsed.GetValue(output)!, report, report.Markdown(), report.Sheet);
}));

var vanilla = new Option<string?>("--vanilla") { Description = "A pipeline of the vanilla family to compare with." };
var candidates = new Option<int>("--candidates") { Description = "Fillings a scene.", DefaultValueFactory = static _ => 8 };
var steps = new Option<int>("--classifier-steps") { Description = "Training steps of the classifier that judges; 0 for none.", DefaultValueFactory = static _ => new ClassifierTrainingOptions().Steps };
var scale = new Option<float>("--cfg-scale") { Description = "Guidance.", DefaultValueFactory = static _ => 1 };
var quick = new Option<bool>("--quick") { Description = "The default settings alone, without the variants." };
var inpaint = new Command("inpaint", "In-painting against mean fill and harmonic fill, with and without ranking.") { model, output, threads, seed, count, vanilla, candidates, steps, scale, quick };
inpaint.SetAction((parsed, cancellation) => StudyShell.Run(() =>
{
    Compute.UseThreads(parsed.GetValue(threads));
    var options = new GeneratorOptions { Threads = parsed.GetValue(threads) ?? 0 };
    using var pipeline = NamedModel.OpenPipeline(parsed.GetValue(model)!, parsed.GetValue(model)!, options, withEncoder: true);
    using var other = parsed.GetValue(vanilla) is { } folder ? NamedModel.OpenPipeline(folder, folder, options, withEncoder: true) : null;
    using var judge = Judge.Train(pipeline.Width, parsed.GetValue(steps), StudyShell.Say, cancellation);
    var study = new InpaintStudy(pipeline, other, judge, parsed.GetValue(seed))
    {
        Candidates = parsed.GetValue(candidates),
        Guidance = parsed.GetValue(scale),
        Variants = !parsed.GetValue(quick),
    };
    var report = study.Run(parsed.GetValue(count), StudyShell.Say, cancellation);
    StudyFiles.Write(parsed.GetValue(output)!, report, report.Markdown(), report.Sheet);
}));

var root = new RootCommand("Measures editing and training on the built-in set, where the right answers are known.")
{
    style, inpaint, TrainingCommand.Create(), ShiftCommand.Create(), ConvergenceCommand.Create(),
};
NumberOptions.ReadStrictly(root);
// A run that is told to stop takes its step to the end and saves.
return root.Parse(args).Invoke(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(5) });
