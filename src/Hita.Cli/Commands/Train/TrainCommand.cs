using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Distributed;
using Hita.Runtime;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Cli.Commands.Train;

/// <summary><c>hita train</c>: both stages, by recipes.</summary>
internal static class TrainCommand
{
    public static Command Create(CommandHost host)
    {
        var command = new HitaCommand(
            "train",
            "Train a tokenizer or a generator from a recipe, in a folder that holds the whole run.",
            "hita train tokenizer recipes/materials-tokenizer.yaml -o runs/tokenizer",
            "hita train generator recipes/materials-generator.yaml -o runs/generator --set tokenizer=runs/tokenizer")
        {
            CreateStage(
                host,
                "tokenizer",
                "Train a tokenizer, which turns images into codes and back.",
                (recipe, sets, run, start, observer, cancellation, group) =>
                    TokenizerTraining.Run(TokenizerRecipe.Load(recipe, sets), run, start, observer, group, cancellation),
                "hita train tokenizer recipes/materials-tokenizer.yaml -o runs/tokenizer",
                "hita train tokenizer recipes/hita-v.yaml --set data.source=photos --set schedule.batch_size=64 -o runs/photos",
                "hita train tokenizer -o runs/tokenizer --resume",
                "hita train tokenizer recipes/cifar10-tokenizer.yaml --init-from models/hita/tokenizer -o runs/tuned"),
            CreateStage(
                host,
                "generator",
                "Train a generator of a tokenizer's codes, on images or on a token cache.",
                (recipe, sets, run, start, observer, cancellation, group) =>
                    GeneratorTraining.Run(GeneratorTraining.LoadRecipe(recipe, sets), run, start, observer, group, cancellation),
                "hita train generator recipes/materials-generator.yaml -o runs/generator --set tokenizer=runs/tokenizer",
                "hita train generator recipes/gpt-b.yaml --set data.source=cache --set tokenizer=models/hita/tokenizer -o runs/gpt-b",
                "hita train generator -o runs/generator --resume"),
        };
        command.SetAction(parsed => new HelpWithExamples().Invoke(parsed));
        return command;
    }

    private delegate void Training(
        string recipe, IReadOnlyList<string> sets, string run, RunStart start, ITrainingObserver observer, CancellationToken cancellation, ProcessGroup group);

    private static HitaCommand CreateStage(CommandHost host, string stage, string description, Training train, params string[] examples)
    {
        var recipe = new Argument<string?>("CONFIG")
        {
            Description = "The recipe, a YAML file; may be left out with --resume, which takes the run's own.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var output = new Option<string?>("--output", "-o") { Description = "The run's folder; runs/ and the recipe's name if left out.", HelpName = "RUN" };
        var set = new Option<string[]>("--set")
        {
            Description = "Change a value of the recipe; may be given several times.",
            HelpName = "KEY=VALUE",
            DefaultValueFactory = static _ => [],
        };
        var resume = new Option<bool>("--resume") { Description = "Continue the run in the folder from its newest checkpoint." };
        var initFrom = new Option<string?>("--init-from") { Description = "Start from the weights of this model folder instead of fresh ones.", HelpName = "MODEL" };
        var ranks = new RankOptions();
        var command = new HitaCommand(stage, description, examples) { recipe, output, set, resume, initFrom };
        ranks.AddTo(command);
        command.SetAction(parsed =>
        {
            var resumes = parsed.GetValue(resume);
            var (file, run) = Places(parsed.GetValue(recipe), parsed.GetValue(output), resumes, stage);
            var sets = new List<string>();
            if (parsed.GetValue(initFrom) is { } model)
                sets.Add($"model.init_from={Quoted(model)}");
            sets.AddRange(parsed.GetValue(set)!);
            if (parsed.GetResult(host.Globals.Device) is { Implicit: false })
                sets.Add($"compute.device={parsed.GetValue(host.Globals.Device)}");
            if (parsed.GetValue(host.Globals.Threads) is { } threads)
                sets.Add($"compute.threads={threads}");
            host.Globals.Prepare(parsed);
            return RankedCommand.Run(host, ranks.Read(parsed), group =>
            {
                var start = resumes ? RunStart.Resume : RunStart.New;
                if (group.IsFirst)
                    Show(host, TrainingDisplay.For(host.Terminal, stage, group.Size > 1), stage, run, (observer, cancellation) => train(file, sets, run, start, observer, cancellation, group));
                else
                    train(file, sets, run, start, new SilentObserver(), host.Cancellation, group);
            });
        });
        return command;
    }

    private static void Show(CommandHost host, TrainingDisplay shown, string stage, string run, Action<ITrainingObserver, CancellationToken> train)
    {
        using var display = shown;
        try
        {
            display.Show(() => train(display, host.Cancellation));
        }
        catch (OperationCanceledException) when (RunFolder.IsRun(run))
        {
            host.Terminal.Error.WriteLine($"hita: stopped; '--resume -o {run}' continues this run.");
            throw;
        }
        host.Terminal.Line($"{Path.Combine(run, RunFolder.ModelName)}: the trained {stage}");
    }

    private static (string Recipe, string Run) Places(string? recipe, string? run, bool resumes, string stage)
    {
        if (recipe is null && !(resumes && run is not null))
            throw new HitaException($"Name the recipe: hita train {stage} CONFIG.yaml -o RUN; recipes/ holds some to begin with.");
        if (recipe is null && !RunFolder.IsRun(run!))
            throw new HitaException($"{run}: there is no run here to resume; name a recipe to begin one.");
        return (recipe ?? Path.Combine(run!, RunFolder.RecipeName), run ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(recipe!)));
    }

    // A path may hold what YAML would take for something else.
    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
