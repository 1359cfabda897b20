using Hita.Checkpoints;
using Hita.Data;
using Hita.Generation.Model;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using Hita.Training;
using Hita.Training.Recipes;
using Hita.Training.Runs;
using Hita.Training.TokenCaches;
using static TorchSharp.torch;

namespace Hita.Studies.Steps;

/// <summary>Builds both stages in every form, all with the same weights and on the same images.</summary>
internal static class StageForms
{
    private const int ReadySteps = 8;

    /// <summary>A tokenizer's stage in some forms.</summary>
    /// <param name="recipe">What to train, with every number resolved.</param>
    /// <param name="forms">The forms, the library's first.</param>
    public static IReadOnlyList<MeasuredStage> Tokenizers(TokenizerRecipe recipe, IReadOnlyList<StepForms> forms) =>
        Build(forms, static stage => ((TokenizerStage)stage).State, form =>
        {
            var placement = Place(recipe.Compute.Device, form);
            var config = recipe.Model.Architecture;
            var model = new TokenizerModel(config, TokenizerParts.All, placement, recipe.Training.Dropout);
            TokenizerInitializer.Initialize(model, recipe.Seed);
            if (recipe.Training.SemanticEncoderFile is { } file)
                TokenizerAssets.LoadSemanticEncoder(model, file);
            var assets = TokenizerAssets.Load(recipe.Training, placement, recipe.Seed);
            var stage = new TokenizerStage(model, recipe.Training, assets, recipe.Seed, Lists(form));
            var size = recipe.Data.ImageSize ?? config.ImageSize;
            var data = TrainingData.Open(recipe.Data, recipe.Validation, size);
            var loader = new BatchLoader(data.Train, LoaderSteps.Options(recipe.Data, recipe.Schedule, recipe.Compute, size, recipe.Seed));
            var parts = recipe.Schedule.Accumulation;
            var measured = new MeasuredStage<TokenizerBatch>(form, stage, step => form.ReadsAhead
                ? new ImageFeed(loader, step, parts)
                : new SynchronousImages(new SynchronousBatches(data.Train, loader.Options), parts), [data]);
            stage.PartDone = measured.Done;
            return (measured, stage);
        });

    /// <summary>A generator's stage in some forms; the codes of images are made by a tokenizer of the same form.</summary>
    /// <param name="recipe">What to train, with every number resolved.</param>
    /// <param name="forms">The forms, the library's first.</param>
    public static IReadOnlyList<MeasuredStage> Generators(GeneratorRecipe recipe, IReadOnlyList<StepForms> forms) =>
        Build(forms, static stage => ((GeneratorStage)stage).State, form =>
        {
            var device = recipe.Compute.Device;
            var model = new GeneratorModel(recipe.Model.Architecture, Placement.For(device, Precision.Float32), recipe.Training.Dropout);
            Hita.Generation.Model.GeneratorInitializer.Initialize(model, recipe.Seed);
            var stage = new GeneratorStage(model, recipe.Training, recipe.Seed, Lists(form));
            var tokenizer = Tokenizer(recipe, form);
            var data = CodeData.Open(recipe, tokenizer);
            List<IDisposable> owned = [data, tokenizer];
            var ready = form.CodesReady ? Ready(data) : null;
            IBatchFeed<GeneratorBatch> Open(long step)
            {
                if (ready is not null)
                    return new ReadyCodes(ready);
                return form.ReadsAhead || TokenCache.IsCache(recipe.Data.Source) ? data.Feed(step) : Synchronous();
            }

            SynchronousCodes Synchronous()
            {
                var size = recipe.Data.ImageSize ?? tokenizer.Config.ImageSize;
                var images = TrainingData.Open(recipe.Data, recipe.Validation, size);
                owned.Add(images);
                var options = LoaderSteps.Options(recipe.Data, recipe.Schedule, recipe.Compute, size, recipe.Seed);
                return new SynchronousCodes(new SynchronousBatches(images.Train, options), tokenizer, device, recipe.Schedule.Accumulation);
            }

            var measured = new MeasuredStage<GeneratorBatch>(form, stage, Open, owned);
            stage.PartDone = measured.Done;
            return (measured, stage);
        });

    private static List<MeasuredStage> Build(
        IReadOnlyList<StepForms> forms, Func<IDisposable, IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>>> state,
        Func<StepForms, (MeasuredStage Measured, IDisposable Stage)> build)
    {
        var built = new List<MeasuredStage>();
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>>? first = null;
        foreach (var form in forms)
        {
            var (measured, stage) = build(form);
            built.Add(measured);
            var own = state(stage);
            Copy(first ??= own, own);
        }
        return built;
    }

    // Fresh weights depend on the layout that they are sampled in.
    private static void Copy(
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> from, IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> to)
    {
        using var frozen = no_grad();
        foreach (var file in from.Keys)
        {
            foreach (var (name, target) in to[file])
                target.copy_(from[file][name]);
        }
    }

    private static ImageTokenizer Tokenizer(GeneratorRecipe recipe, StepForms form)
    {
        using var loaded = ImageTokenizer.Load(TokenizerReference.Find(recipe.Tokenizer), new TokenizerOptions { Device = recipe.Compute.Device });
        var placement = Place(recipe.Compute.Device, form);
        var model = new TokenizerModel(loaded.Config, TokenizerParts.All, placement);
        using var frozen = no_grad();
        var source = loaded.Model.Parameters();
        foreach (var (name, target) in model.Parameters())
            target.copy_(source[name]);
        return new ImageTokenizer(model, placement, loaded.ModelHash);
    }

    private static List<IReadOnlyList<GeneratorBatch>> Ready(CodeData data)
    {
        using var feed = data.Feed(1);
        return [.. Enumerable.Range(1, ReadySteps).Select(step => feed.Take(step, CancellationToken.None))];
    }

    private static Placement Place(string device, StepForms form) =>
        Placement.For(device, Precision.Float32) with { ChannelsLast = form.ChannelsLast, FusedNorm = form.FusedNorm };

    private static PerTensorLists? Lists(StepForms form) => form.FusedLists ? null : new PerTensorLists();
}
