using System.Globalization;
using Hita.Data;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Studies.Shift;

/// <summary>Trains a tokenizer once for each shift k of the decoder's read-out, and compares what became of the holistic codes.</summary>
internal sealed record ShiftStudy
{
    private const string ShiftKey = "model.architecture.holistic.shift";
    private const string RevivalKey = "training.codebook.revival_interval";

    /// <summary>The file of the tokenizer's recipe.</summary>
    public required string RecipeFile { get; init; }

    /// <summary>Changes to it.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>The folder that the runs lie in.</summary>
    public required string Output { get; init; }

    /// <summary>Steps of each run.</summary>
    public int Steps { get; init; } = 4000;

    /// <summary>The shifts k.</summary>
    public IReadOnlyList<int> Shifts { get; init; } = [0, 4];

    /// <summary>Steps between two revivals of unused entries; 0 for none. Each shift is trained with each of them.</summary>
    public IReadOnlyList<int> Revivals { get; init; } = [0];

    /// <summary>Scenes on which codes are swapped; they are those held out, and as many of them as there are.</summary>
    public int Scenes { get; init; } = 512;

    /// <summary>Trains what is not trained yet, and compares. What was stopped goes on where it stopped.</summary>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Stops; the run at work is saved first.</param>
    /// <exception cref="HitaException">The recipe is at fault, or a folder holds a run of another recipe or length.</exception>
    public ShiftReport Run(Action<string> say, CancellationToken cancellation)
    {
        var wanted = (from revival in Revivals from shift in Shifts select (shift, revival, Recipe: Recipe(shift, revival))).ToList();
        var lines = new List<ShiftLine>();
        foreach (var (shift, revival, recipe) in wanted)
        {
            var name = Name(shift, revival);
            var folder = Path.Combine(Output, name);
            if (!IsDone(recipe, folder))
                TokenizerTraining.Run(recipe, folder, RunFolder.IsRun(folder) ? RunStart.Resume : RunStart.New, new Teller(name, say), cancellation);
            say($"{name}: swapping codes");
            using var tokenizer = ImageTokenizer.Load(Path.Combine(folder, RunFolder.ModelName));
            lines.Add(new ShiftLine(name, shift, revival, RunMetrics.Read(folder), CodeSwap.Measure(tokenizer, HeldOut(recipe), cancellation)));
        }
        var (first, config) = (wanted[0].Recipe, wanted[0].Recipe.Model.Architecture);
        return new ShiftReport(RecipeFile, Sets, Steps, first.Schedule.BatchSize, first.Seed, config.CodebookSize, config.HolisticTokenCount, [.. lines.Select(static l => l.Row())])
        {
            Lines = lines,
        };
    }

    /// <summary>A run's name.</summary>
    public static string Name(int shift, int revival) =>
        string.Create(CultureInfo.InvariantCulture, $"k{shift}{(revival > 0 ? $"-revival{revival}" : "")}");

    /// <summary>The recipe of a run; what the study varies cannot be set besides.</summary>
    internal TokenizerRecipe Recipe(int shift, int revival)
    {
        string[] varied = [ShiftKey, RevivalKey, "schedule.steps", "schedule.epochs"];
        if (Sets.FirstOrDefault(s => varied.Contains(s.Split('=')[0].Trim(), StringComparer.Ordinal)) is { } taken)
            throw new HitaException($"--set {taken}: the study sets this itself; use --shifts, --revival and --steps.");
        // Twenty points of the validation's curve, unless the caller wants others.
        var every = Math.Max(1, Steps / 20);
        var recipe = TokenizerRecipe.Load(
            RecipeFile,
            [
                FormattableString.Invariant($"validation.every={every}"), FormattableString.Invariant($"samples.every={5 * every}"),
                FormattableString.Invariant($"checkpoints.every={Math.Max(every, Math.Min(500, Steps))}"), .. Sets,
                FormattableString.Invariant($"{ShiftKey}={shift}"), FormattableString.Invariant($"{RevivalKey}={revival}"),
            ]);
        if (recipe.Model.Architecture.Holistic is null)
            throw new HitaException($"{RecipeFile}: this tokenizer has no holistic codes, and so no shift.");
        return recipe with { Schedule = recipe.Schedule with { Steps = Steps, Epochs = null } };
    }

    private static bool IsDone(TokenizerRecipe recipe, string folder)
    {
        if (!RunFolder.IsRun(folder))
            return false;
        using var run = RunFolder.Open(folder, RunStart.Resume);
        var stored = TokenizerRecipe.Load(run[RunFolder.RecipeName]);
        // A learning rate that falls to the run's end makes another run of another length.
        if (stored.Schedule.Steps != recipe.Schedule.Steps)
            throw new HitaException($"{folder}: there is a run of {stored.Schedule.Steps} steps here, and {recipe.Schedule.Steps} are asked for; name another folder with -o, or the same --steps.");
        RunResumption.RequireSame(run, stored.Write(), ResolvedRecipes.Of(recipe, stored.Training).Write());
        return run.Checkpoints.Steps is [.., var last] && last >= recipe.Schedule.Steps;
    }

    private List<Imaging.Image> HeldOut(TokenizerRecipe recipe)
    {
        var size = recipe.Data.ImageSize ?? recipe.Model.Architecture.ImageSize;
        var validation = recipe.Validation;
        // The built-in set has no end; of other data, what the run held out is all that is new to it.
        if (recipe.Data.Source == DataSection.Materials && validation.Source is null)
            validation = validation with { Count = Scenes };
        using var data = TrainingData.Open(recipe.Data, validation, size);
        if (data.HeldOut is not { Count: > 1 } source)
            throw new HitaException("Nothing is held out to measure on; set validation.count to 2 or more.");
        var augmentation = new Augmentation { Size = size }.Still;
        return [.. Enumerable.Range(0, Math.Min(Scenes, source.Count)).Select(i => augmentation.Apply(source.Read(i), seed: 0, epoch: 0, i))];
    }

    private sealed class Teller(string name, Action<string> say) : ITrainingObserver
    {
        private DateTime _said = DateTime.UtcNow;
        private long _steps;

        public void Started(RunPlan plan, long from)
        {
            _steps = plan.Steps;
            say(FormattableString.Invariant($"{name}: {plan.Steps} steps{(from > 0 ? $", from step {from}" : "")}"));
        }

        public void Stepped(StepRecord record)
        {
            if (DateTime.UtcNow - _said < TimeSpan.FromSeconds(15) && record.Step != _steps)
                return;
            _said = DateTime.UtcNow;
            double Of(string value) => record.Values.FirstOrDefault(v => v.Key == value).Value;
            say(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: step {record.Step} of {_steps}, {record.ImagesPerSecond:0.0} images/s, loss {Of("loss"):0.0000}, holistic entries in use {100 * Of("holistic_usage"):0.0} %, perplexity {Of("holistic_perplexity"):0.0}"));
        }

        public void Written(long number, string path)
        {
        }

        // That a codebook is hardly used is what this study looks for.
        public void Noted(string sentence) => say($"{name}: {sentence}");

        public void Began(string what)
        {
        }
    }
}
