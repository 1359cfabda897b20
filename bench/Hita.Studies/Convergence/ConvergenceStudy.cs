using System.Globalization;
using Hita.Evaluation.Classification;
using Hita.Evaluation.Features;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Generation;
using Hita.Generation.Sampling;
using Hita.Models;
using Hita.Runtime;
using Hita.Studies.Shift;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Studies.Convergence;

/// <summary>
/// Trains the same generator on the codes of two tokenizers, with the same steps and seeds, and measures its samples on the way: how
/// soon does one reach what the other ends with?
/// </summary>
internal sealed record ConvergenceStudy
{
    /// <summary>The generator's recipe, without its tokenizer and data.</summary>
    public required string RecipeFile { get; init; }

    /// <summary>Changes to it, for both.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>The two: the one in question, and the one whose end it is measured by.</summary>
    public required IReadOnlyList<ConvergenceArm> Arms { get; init; }

    /// <summary>The folder that the runs lie in.</summary>
    public required string Output { get; init; }

    /// <summary>Steps of each run.</summary>
    public int Steps { get; init; } = 4000;

    /// <summary>How often on the way samples are measured, the end included.</summary>
    public int Points { get; init; } = 5;

    /// <summary>Seeds of the weights and of the order of the data; each trains both.</summary>
    public IReadOnlyList<int> Seeds { get; init; } = [0];

    /// <summary>Samples at each point.</summary>
    public int Samples { get; init; } = 1000;

    /// <summary>Guidance of the samples; 1 for none.</summary>
    public float Guidance { get; init; } = 1;

    /// <summary>Recognises the classes; null to leave that out.</summary>
    public ImageClassifier? Classifier { get; init; }

    /// <summary>The true images that it learned from; null where there is none.</summary>
    public ClassifierData? ClassifierData { get; init; }

    /// <summary>Whose features the Fréchet distance compares; null to leave that out.</summary>
    public FeatureNetwork? Network { get; init; }

    /// <summary>Real images that it compares with; null where there is no network.</summary>
    public RealImages? Reference { get; init; }

    /// <summary>Whether models that are not there are passed over instead of trained.</summary>
    public bool MeasureOnly { get; init; }

    /// <summary>Trains and measures what is not there yet. What was stopped goes on where it stopped.</summary>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Stops; the run at work is saved first.</param>
    /// <exception cref="HitaException">The recipe is at fault, or a folder holds a run of another recipe.</exception>
    public ConvergenceReport Run(Action<string> say, CancellationToken cancellation)
    {
        CheckArms();
        var rows = new List<ConvergenceRow>();
        foreach (var seed in Seeds)
        {
            var runs = Arms.Select(arm => (Arm: arm, Folder: FolderOf(arm, seed), Run: new Milestones(Recipe(arm, seed), FolderOf(arm, seed)))).ToList();
            foreach (var step in Marks())
            {
                // In turn, so that whatever else the machine does falls on both.
                foreach (var (arm, folder, run) in runs)
                {
                    if (MeasureOnly && !run.Has(step))
                    {
                        say(FormattableString.Invariant($"{arm.Name}-seed{seed}: there is no model of step {step}"));
                        continue;
                    }
                    if (!MeasureOnly)
                        run.TrainTo(step, say, cancellation);
                    rows.Add(Measure(arm, seed, step, folder, run.ModelAt(step), say, cancellation));
                }
            }
        }
        return new ConvergenceReport(RecipeFile, Sets, Steps, Samples, Guidance, Network?.Protocol.Name, Classifier?.Card.ToString(), [.. Arms.Select(static a => a.Name)], rows);
    }

    /// <summary>Trains what is not there yet and measures nothing: <see cref="Run"/> does that later, on any machine.</summary>
    /// <param name="names">Names of arms.</param>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Stops; the run at work is saved first.</param>
    /// <exception cref="HitaException">The recipe is at fault, or no arm has one of the names.</exception>
    public void Train(IReadOnlyList<string> names, Action<string> say, CancellationToken cancellation)
    {
        CheckArms();
        var chosen = names.Select(name => Arms.FirstOrDefault(a => a.Name == name)
            ?? throw new HitaException($"--train-only is '{name}'; the arms are {string.Join(" and ", Arms.Select(static a => a.Name))}.")).ToList();
        foreach (var seed in Seeds)
        {
            foreach (var arm in chosen)
            {
                var run = new Milestones(Recipe(arm, seed), FolderOf(arm, seed));
                foreach (var step in Marks())
                    run.TrainTo(step, say, cancellation);
            }
        }
    }

    /// <summary>The steps at which samples are measured.</summary>
    internal IReadOnlyList<long> Marks()
    {
        var every = Math.Max(1, Steps / Points);
        return [.. Enumerable.Range(1, Points - 1).Select(i => (long)i * every).Where(s => s < Steps), Steps];
    }

    /// <summary>The recipe of a run; what the study varies cannot be set besides.</summary>
    internal GeneratorRecipe Recipe(ConvergenceArm arm, int seed)
    {
        string[] varied = ["tokenizer", "data.source", "seed", "schedule.steps", "schedule.epochs", "checkpoints.every", "validation.every"];
        if (Sets.FirstOrDefault(s => varied.Contains(s.Split('=')[0].Trim(), StringComparer.Ordinal)) is { } taken)
            throw new HitaException($"--set {taken}: the study sets this itself; use --arm, --seeds, --steps and --points.");
        var every = Math.Max(1, Steps / Points);
        return GeneratorTraining.LoadRecipe(
            RecipeFile,
            [
                "samples.count=0", .. Sets, $"tokenizer={arm.Tokenizer}", $"data.source={arm.Codes}",
                FormattableString.Invariant($"seed={seed}"), FormattableString.Invariant($"schedule.steps={Steps}"),
                FormattableString.Invariant($"checkpoints.every={every}"), FormattableString.Invariant($"validation.every={every}"),
            ]);
    }

    private void CheckArms()
    {
        if (Arms.Count != 2 || Arms[0].Name == Arms[1].Name)
            throw new HitaException("Two arms of different names are compared: name them by --arm, twice.");
    }

    private string FolderOf(ConvergenceArm arm, int seed) => Path.Combine(Output, string.Create(CultureInfo.InvariantCulture, $"{arm.Name}-seed{seed}"));

    // Measured at the first point, for all of them.
    private string ReferenceFile(int size) => Path.Combine(Output, string.Create(CultureInfo.InvariantCulture, $"reference-{Network?.Name}-{size}.safetensors"));

    private ConvergenceRow Measure(ConvergenceArm arm, int seed, long step, string folder, string model, Action<string> say, CancellationToken cancellation)
    {
        using var pipeline = NamedModel.OpenPipeline(model, arm.Tokenizer);
        var name = $"{Path.GetFileName(folder)}, step {step.ToString(CultureInfo.InvariantCulture)}";
        var request = new GenerationRequest
        {
            Classes = [0],
            Seed = (ulong)seed,
            Sampling = pipeline.Generator.Sampling with { Guidance = new GuidanceOptions { Scale = Guidance } },
            BatchSize = 16,
        };
        // Both look at the same samples.
        using var kept = new KeptSamples($"{model}-samples.npz");
        double agreement = double.NaN, distance = double.NaN;
        if (Classifier is not null && ClassifierData is not null)
        {
            say($"{name}: recognising samples");
            var origin = new GeneratorOrigin(pipeline, name, EvaluationProtocols.Hita, Samples, request, EvaluationKind.Classes);
            var classes = pipeline.Generator.Classes;
            var names = classes.HasNames ? Enumerable.Range(0, classes.Count).Select(i => classes[i]).ToList() : null;
            agreement = Report(
                $"{model}-classes",
                options => ClassEvaluation.Run(kept.Of(origin), names, Classifier, ClassifierData, new CopyCheckOptions { TrainingCount = 0, HeldOutCount = 0 }, options, progress: null, cancellation),
                EvaluationProtocols.Hita)("class_agreement");
        }
        if (Network is not null && Reference is not null)
        {
            say($"{name}: measuring samples");
            var origin = new GeneratorOrigin(pipeline, name, EvaluationProtocols.Hita, Samples, request);
            distance = Report($"{model}-features", options => FeatureEvaluation.Run(
                kept.Of(origin), Reference.Series(pipeline.Width), Network, options, ReferenceFile(pipeline.Width), progress: null, cancellation), Network.Protocol)($"fd_{Network.Name}");
        }
        // A model that was trained elsewhere may have come without its run.
        var metrics = MeasureOnly && !RunFolder.IsRun(folder) ? null : RunMetrics.Read(folder);
        var config = pipeline.Generator.Config;
        return new ConvergenceRow(
            arm.Name, seed, step, metrics?.At("validation_loss", step) * config.SequenceLength ?? double.NaN, distance, agreement,
            metrics?.Median("step_seconds") ?? double.NaN, config.SequenceLength);
    }

    // A report that is there is not measured again.
    private static Func<string, double> Report(string folder, Func<EvaluationOptions, EvaluationReport> measure, EvaluationProtocol protocol)
    {
        var path = Path.Combine(folder, EvaluationReport.FileName);
        var report = File.Exists(path) ? EvaluationReport.Load(path) : measure(new EvaluationOptions { Folder = folder, Protocol = protocol, PrecisionRecall = false, BatchSize = 16 });
        return name => report.Find(name)?.Value ?? double.NaN;
    }
}
