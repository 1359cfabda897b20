using Hita.Runtime;
using Hita.Tokenization;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>What is a tokenizer's own in a run.</summary>
internal sealed class TokenizerRun : TrainingRun<TokenizerRecipe, TokenizerBatch>
{
    private ImageData? _data;

    /// <inheritdoc/>
    protected override string Stage => TokenizerTraining.Stage;

    private ImageData Data => _data ?? throw new InvalidOperationException("The data are not open yet.");

    /// <inheritdoc/>
    public override void Dispose() => _data?.Dispose();

    /// <inheritdoc/>
    protected override TokenizerRecipe Load(string path) => TokenizerRecipe.Load(path);

    /// <inheritdoc/>
    protected override TokenizerRecipe Parse(string text, string source) => TokenizerRecipe.Parse(text, source);

    /// <inheritdoc/>
    protected override IRunData<TokenizerBatch> Open(TokenizerRecipe recipe, RankShare share) => _data = ImageData.Open(recipe, share);

    /// <inheritdoc/>
    protected override TokenizerRecipe WithSchedule(TokenizerRecipe recipe, ScheduleSection schedule) => recipe with { Schedule = schedule };

    /// <inheritdoc/>
    protected override TokenizerRecipe Resolve(TokenizerRecipe recipe, long stepsPerEpoch, TokenizerRecipe? stored) =>
        TokenizerTraining.Resolve(recipe, stepsPerEpoch, stored?.Training);

    /// <inheritdoc/>
    protected override RunPlan Plan(TokenizerRecipe recipe) => RunRecipe.Plan(recipe, recipe.Samples.Every, Data) with
    {
        UsageFrom = UsageFrom(recipe),
        UsageThreshold = recipe.Health.UsageThreshold,
    };

    /// <inheritdoc/>
    protected override Trainer<TokenizerBatch> Create(TokenizerRecipe recipe, ITrainingObserver observer, out IRunTask task)
    {
        var trainer = CreateTrainer(recipe);
        task = new TokenizerTask(trainer, Data.Images, recipe);
        return trainer;
    }

    // With fewer codes than a few times the entries, a low usage says nothing.
    private static long UsageFrom(TokenizerRecipe recipe)
    {
        const long CodesPerEntry = 8;
        var config = recipe.Model.Architecture;
        var patches = config.GridSide * config.GridSide;
        var fewest = config.HolisticTokenCount > 0 ? Math.Min(config.HolisticTokenCount, patches) : patches;
        return Math.Max(200, CodesPerEntry * config.CodebookSize / ((long)fewest * recipe.Schedule.BatchSize));
    }

    private static TokenizerTrainer CreateTrainer(TokenizerRecipe recipe)
    {
        var device = recipe.Compute.Device;
        if (recipe.Model.InitFrom is not { } folder)
            return TokenizerTrainer.Create(recipe.Model.Architecture, recipe.Training, recipe.Seed, device);
        var stored = TokenizerFolder.ReadConfig(TokenizerFolder.Find(folder));
        if (!(stored with { Preset = null }).Equals(recipe.Model.Architecture with { Preset = null }))
            throw new HitaException($"model.init_from: the tokenizer in {folder} has another architecture than the recipe; leave model.preset and model.architecture out to take its own.");
        return TokenizerTrainer.Load(folder, recipe.Training, recipe.Seed, device);
    }
}
