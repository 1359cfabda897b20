using System.CommandLine;
using System.Globalization;
using Hita.Checkpoints;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Evaluation.Classification;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Generation;
using Hita.Materials;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Commands.Evaluate;

/// <summary><c>hita evaluate classes</c>: whether a classifier recognises the classes of generated images.</summary>
internal static class ClassesCommand
{
    private const int DefaultSamples = 2000;
    private const int MaxShown = 8;

    public static Command Create(CommandHost host)
    {
        var models = new ModelArguments();
        var data = new Option<string?>("--data") { Description = $"The images that the generator was trained on; a classifier is trained on them once and kept. May be left out for a generator of the built-in set, such as -m {BundledModels.Materials}.", HelpName = "DATA" };
        var heldOut = new Option<string?>("--held-out") { Description = "Images that neither the classifier nor the generator has seen: they say how well it does, and how near to training images an image lies that is no copy. A tenth of --data, which the classifier then does without, if left out.", HelpName = "DATA" };
        var training = new Option<int>("--training-images") { Description = "Training images searched for copies; 0 skips the search.", HelpName = "N", DefaultValueFactory = static _ => new CopyCheckOptions().TrainingCount };
        var steps = new Option<int>("--classifier-steps") { Description = "Steps to train the classifier for, if it has to be trained.", HelpName = "N", DefaultValueFactory = static _ => new ClassifierTrainingOptions().Steps };
        var precision = CommonOptions.PrecisionOption(Precision.Float32, Precision.BFloat16, Precision.Int8);
        var shared = new EvaluationArguments(EvaluationProtocols.Hita, $"Samples to generate; {DefaultSamples} if left out.");
        var sampling = new SamplingArguments();
        var command = new HitaCommand(
            "classes",
            "Generate samples with a pipeline, count how many a classifier trained on real images recognises, and look for copies of training images.",
            "hita evaluate classes -m materials -o evaluation",
            "hita evaluate classes -m models/own --data materials --cfg-scale 2 -o evaluation",
            "hita evaluate classes -m models/own --data photos/ --samples 500 -o evaluation",
            "hita evaluate classes -m models/own --data photos-train/ --held-out photos-test/ -o evaluation")
        {
            data, heldOut, training, steps, precision,
        };
        NumberOptions.Between(training, 0);
        NumberOptions.Between(steps, 1);
        models.AddTo(command);
        shared.AddTo(command, weights: false);
        sampling.AddTo(command);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            return shared.Together(parsed, host, group =>
            {
                var options = shared.Options(parsed, host, shared.Protocol(parsed));
                var (from, decoder) = models.Parts(parsed);
                var generator = NamedGenerator.Read(from);
                var request = sampling.Request(parsed, generator.Sampling);
                var name = models.Name(parsed);
                using var opened = ClassifierImages.Open(parsed.GetValue(data) ?? BuiltIn(generator.Classes, name), parsed.GetValue(heldOut), host.Cancellation);
                var images = opened.Data;
                using var pipeline = NamedModel.OpenPipeline(generator, NamedTokenizer.Read(decoder), GenerationCommand.GeneratorOptionsOf(parsed, host, precision));
                var origin = new GeneratorOrigin(pipeline, name, options.Protocol, options.SampleCount ?? DefaultSamples, request, EvaluationKind.Classes);
                var classes = pipeline.Generator.Classes;
                var names = classes.HasNames ? Enumerable.Range(0, classes.Count).Select(i => classes[i]).ToList() : null;
                ClassEvaluation.Check(origin, names, images);
                // One rank trains, the others read what it has trained.
                if (!group.IsFirst)
                    group.Barrier();
                using var classifier = Classifier(host, images, parsed.GetValue(steps), shared.IsShared(parsed, host, group) ? options.Folder : null);
                if (group.IsFirst)
                    group.Barrier();
                var copies = new CopyCheckOptions { TrainingCount = parsed.GetValue(training) };
                shared.Measure(parsed, host, group, ClassEvaluation.Prepare(origin, names, classifier, images, copies, options), report => PrintWorst(host.Terminal, report));
            });
        });
        return command;
    }

    // Of the built-in set there is no end, and it needs no file: its generators can be told by their classes.
    private static string BuiltIn(ClassNames classes, string name) =>
        classes.HasNames && Enumerable.Range(0, classes.Count).Select(i => classes[i]).SequenceEqual(MaterialsSet.ClassNames)
            ? EvaluationData.Materials
            : throw new HitaException($"'{name}' was not trained on the built-in set; name the data that it was trained on with --data, a folder of class folders, a tar archive or another set.");

    // In a folder where several processes share an evaluation, they share the classifier too.
    private static ImageClassifier Classifier(CommandHost host, ClassifierData data, int steps, string? sharedFolder)
    {
        var options = new ClassifierTrainingOptions { Steps = steps };
        ProgressLine? line = null;
        try
        {
            var progress = new DirectProgress<ClassifierProgress>(p =>
            {
                line ??= new ProgressLine(host.Terminal, "Training the classifier", "steps", p.StepCount);
                line.Report(p.Steps, string.Create(CultureInfo.InvariantCulture, $"loss {p.Loss:0.000}"));
            });
            var classifier = sharedFolder is null
                ? ClassifierCache.Get(data, options, progress, host.Cancellation)
                : ClassifierCache.GetShared(sharedFolder, data, options, progress, host.Cancellation);
            line?.Dispose();
            host.Terminal.Error.WriteLine($"The classifier: {classifier.Card}");
            return classifier;
        }
        finally
        {
            line?.Dispose();
        }
    }

    private static void PrintWorst(Terminal terminal, EvaluationReport report)
    {
        var worst = report.Classes.Where(static c => c.Recognised < c.Count).OrderBy(static c => (double)c.Recognised / c.Count).Take(MaxShown).ToList();
        if (worst.Count == 0)
            return;
        terminal.Line();
        terminal.Table(
            ["least recognised", "samples", "recognised", "otherwise mostly taken for"],
            [.. worst.Select(static c => (IReadOnlyList<string>)[c.Name, $"{c.Count}", $"{c.Recognised}", c.ConfusedWith ?? ""])]);
    }
}
