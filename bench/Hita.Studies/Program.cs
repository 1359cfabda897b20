using System.CommandLine;
using Hita.Checkpoints;
using Hita.Cli.Hosting;
using Hita.Evaluation.Classification;
using Hita.Evaluation.Features;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;
using Hita.Studies;
using Hita.Studies.Convergence;
using Hita.Studies.Guesses;
using Hita.Studies.Shift;
using Hita.Studies.Steps;

// Measures what is claimed of editing and training: on the built-in set, where the right answers are known, and on sets of images.
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
var data = new Option<string>("--data") { Description = "The true images of the classifier that judges: materials, or a set; of a set, --held-out is measured.", DefaultValueFactory = static _ => "materials" };
var heldOut = new Option<string?>("--held-out") { Description = "Images of a set that neither the models nor the classifier have seen." };
var network = new Option<string?>("--network") { Description = $"Whose deep features compare images: {string.Join(" or ", FeatureNetwork.Names)}; none if left out." };
var weights = new Option<string?>("--weights") { Description = "The network's weights, where they are not found by themselves." };
var quick = new Option<bool>("--quick") { Description = "The default settings alone, without the variants." };
var inpaint = new Command("inpaint", "In-painting against mean fill and harmonic fill, with and without ranking.") { model, output, threads, seed, count, vanilla, candidates, steps, scale, data, heldOut, network, weights, quick };
inpaint.SetAction((parsed, cancellation) => StudyShell.Run(() =>
{
    Compute.UseThreads(parsed.GetValue(threads));
    var options = new GeneratorOptions { Threads = parsed.GetValue(threads) ?? 0 };
    using var pipeline = NamedModel.OpenPipeline(parsed.GetValue(model)!, parsed.GetValue(model)!, options, withEncoder: true);
    using var other = parsed.GetValue(vanilla) is { } folder ? NamedModel.OpenPipeline(folder, folder, options, withEncoder: true) : null;
    var (known, unseen) = (parsed.GetValue(data)!, parsed.GetValue(heldOut));
    if (known == "materials" != unseen is null)
        throw new HitaException("--data and --held-out go together: a set to know the classes by, and images that nothing was trained on.");
    using var images = unseen is null ? StudyImages.Scenes(parsed.GetValue(seed)) : StudyImages.Of(unseen, parsed.GetValue(seed));
    using var learned = parsed.GetValue(steps) == 0 ? null
        : images.Source is { } source ? ClassifierImages.OpenJudgedBy(known, source, cancellation)
        : ClassifierImages.Open(known, heldOut: null, cancellation);
    using var judge = learned is null ? null : Judge.Train(learned.Data, parsed.GetValue(steps), StudyShell.Say, cancellation);
    using var features = parsed.GetValue(network) is { } name ? FeatureNetwork.Load(name, parsed.GetValue(weights)) : null;
    var study = new InpaintStudy(pipeline, other, judge, images)
    {
        Network = features,
        Candidates = parsed.GetValue(candidates),
        Guidance = parsed.GetValue(scale),
        Variants = !parsed.GetValue(quick),
    };
    var report = study.Run(parsed.GetValue(count), StudyShell.Say, cancellation);
    StudyFiles.Write(parsed.GetValue(output)!, report, report.Markdown(), report.Sheet);
}));

var tokenizers = new Option<string[]>("--tokenizer") { Description = "NAME=FOLDER, a tokenizer to compare; may be given several times.", Required = true };
var pairs = new Option<string>("--held-out") { Description = "Images with classes that no tokenizer was trained on.", Required = true };
var describer = new Option<string>("--network") { Description = $"Whose features judge: {string.Join(" or ", FeatureNetwork.Names)}; one that no tokenizer was trained with is the fairer one.", DefaultValueFactory = static _ => FeatureNetwork.Names[0] };
var transfer = new Command("transfer", "Style transfer on true images by several tokenizers: how much content stays, how far the style moves.") { output, threads, seed, count, tokenizers, pairs, describer, weights };
transfer.SetAction((parsed, cancellation) => StudyShell.Run(() =>
{
    Compute.UseThreads(parsed.GetValue(threads));
    using var images = StudyImages.Of(parsed.GetValue(pairs)!, parsed.GetValue(seed));
    using var features = FeatureNetwork.Load(parsed.GetValue(describer)!, parsed.GetValue(weights));
    var opened = TransferStudy.OpenTokenizers(parsed.GetValue(tokenizers)!);
    var report = new TransferStudy(opened, features, images).Run(parsed.GetValue(count), StudyShell.Say, cancellation);
    foreach (var (_, tokenizer) in opened)
        tokenizer.Dispose();
    StudyFiles.Write(parsed.GetValue(output)!, report, report.Markdown(), report.Sheet);
}));

var root = new RootCommand("Measures editing and training: on the built-in set, where the right answers are known, and on sets of images.")
{
    style, transfer, inpaint, TrainingCommand.Create(), ShiftCommand.Create(), ConvergenceCommand.Create(), GuessCommand.Create(),
};
NumberOptions.ReadStrictly(root);
// A run that is told to stop takes its step to the end and saves.
return root.Parse(args).Invoke(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(5) });
