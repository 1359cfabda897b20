using System.CommandLine;
using Hita.Evaluation.Classification;
using Hita.Evaluation.Features;
using Hita.Runtime;

namespace Hita.Studies.Convergence;

/// <summary>The command that compares how fast a generator learns the codes of two tokenizers.</summary>
internal static class ConvergenceCommand
{
    public static Command Create()
    {
        var output = StudyShell.Output();
        var threads = StudyShell.Threads();
        var recipe = new Option<string>("--recipe") { Description = "The generator's recipe, for both.", DefaultValueFactory = static _ => "recipes/materials-generator.yaml" };
        var sets = StudyShell.Sets("--set", "Changes a value of the recipe, as section.key=value; may be given several times.");
        var arms = new Option<string[]>("--arm") { Description = "NAME=TOKENIZER,CODES: the one in question, then the one whose end it is measured by.", Required = true };
        var steps = StudyShell.Count("--steps", "Steps of each run.", 4000, least: 1);
        var points = StudyShell.Count("--points", "How often samples are measured on the way.", 5, least: 1);
        var seeds = new Option<string>("--seeds") { Description = "Seeds, with commas between them; each trains both.", DefaultValueFactory = static _ => "0" };
        var samples = StudyShell.Count("--samples", "Samples at each point.", 1000, least: 2);
        var scale = new Option<float>("--cfg-scale") { Description = "Guidance.", DefaultValueFactory = static _ => 1 };
        var data = new Option<string>("--data") { Description = "The true images that the classifier learns from: materials, or a set.", DefaultValueFactory = static _ => "materials" };
        var heldOut = new Option<string?>("--held-out") { Description = "True images that judge the classifier; a tenth of --data if left out." };
        var classifierSteps = StudyShell.Count("--classifier-steps", "Training steps of the classifier; 0 for none.", new ClassifierTrainingOptions().Steps, least: 0);
        var network = new Option<string?>("--network") { Description = $"Whose features give the Fréchet distance: {string.Join(" or ", FeatureNetwork.Names)}; none if left out." };
        var reference = new Option<string?>("--reference") { Description = "The true images that the Fréchet distance is measured to: a set, such as materials:7:0..2000." };
        var trainOnly = new Option<string[]>("--train-only")
        {
            Description = "Train the arms of these names and measure nothing: several may be trained at once, on another machine too, and the whole study measures them later.",
            AllowMultipleArgumentsPerToken = true,
        };
        var measureOnly = new Option<bool>("--measure-only") { Description = "Train nothing: measure the models that lie in the folder." };
        var weights = new Option<string?>("--weights") { Description = "The network's weights, where they are not found by themselves." };
        var command = new Command("convergence", "How fast a generator learns the codes of two tokenizers; runs that were stopped go on.")
        {
            output, recipe, sets, arms, steps, points, seeds, samples, scale, data, heldOut, classifierSteps, network, weights, reference, trainOnly, measureOnly, threads,
        };
        command.SetAction((parsed, cancellation) => StudyShell.Run(() =>
        {
            Compute.UseThreads(parsed.GetValue(threads));
            if (parsed.GetValue(network) is not null != parsed.GetValue(reference) is not null)
                throw new HitaException("--network and --reference go together: a distance is by features, and to something.");
            var only = parsed.GetValue(trainOnly) ?? [];
            using var real = parsed.GetValue(reference) is { } set ? RealImages.Of(set) : null;
            using var features = only.Length == 0 && parsed.GetValue(network) is { } name ? FeatureNetwork.Load(name, parsed.GetValue(weights)) : null;
            using var known = only.Length == 0 && parsed.GetValue(classifierSteps) > 0 ? ClassifierImages.Open(parsed.GetValue(data)!, parsed.GetValue(heldOut), cancellation) : null;
            using var classifier = known is null ? null : ClassifierCache.Get(known.Data, new ClassifierTrainingOptions { Steps = parsed.GetValue(classifierSteps) }, progress: null, cancellation);
            var study = new ConvergenceStudy
            {
                RecipeFile = parsed.GetValue(recipe)!,
                Sets = parsed.GetValue(sets) ?? [],
                Arms = [.. parsed.GetValue(arms)!.Select(ConvergenceArm.Parse)],
                Output = parsed.GetValue(output)!,
                Steps = parsed.GetValue(steps),
                Points = parsed.GetValue(points),
                Seeds = StudyShell.Numbers("--seeds", parsed.GetValue(seeds)!),
                Samples = parsed.GetValue(samples),
                Guidance = parsed.GetValue(scale),
                Classifier = classifier,
                ClassifierData = known?.Data,
                Network = features,
                Reference = real,
                MeasureOnly = parsed.GetValue(measureOnly),
            };
            if (only.Length > 0)
            {
                study.Train(only, StudyShell.Say, cancellation);
                return;
            }
            var report = study.Run(StudyShell.Say, cancellation);
            StudyFiles.Write(study.Output, report, report.Markdown(), sheet: null, report.Plots());
        }));
        return command;
    }
}
