using Hita.Checkpoints;
using Hita.Data;
using Hita.Generation.Model;
using Hita.Layers;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using Hita.Training;
using Hita.Training.Recipes;
using Hita.Training.Runs;
using Hita.Training.TokenCaches;
using static TorchSharp.torch;

namespace Hita.Studies.Steps;

/// <summary>Builds both trainers in every form, all with the same weights and on the same images.</summary>
internal static class TrainerForms
{
    private const int ReadySteps = 8;

    /// <summary>A tokenizer's trainer in some forms.</summary>
    /// <param name="recipe">What to train, with every number resolved.</param>
    /// <param name="forms">The forms, the library's first.</param>
    public static IReadOnlyList<MeasuredTrainer> Tokenizers(TokenizerRecipe recipe, IReadOnlyList<StepForms> forms) =>
        Build(forms, static trainer => ((TokenizerTrainer)trainer).State, form =>
        {
            var placement = Place(recipe.Compute.Device, form);
            var config = recipe.Model.Architecture;
            var model = new TokenizerModel(config, TokenizerParts.All, placement, recipe.Training.Dropout);
            TokenizerInitializer.Initialize(model, recipe.Seed);
            if (recipe.Training.SemanticEncoderFile is not null || config.Holistic?.SemanticEncoder is { IsStored: false })
                SemanticWeights.Load(model, recipe.Training.SemanticEncoderFile is { } file ? WeightFile.Open(file) : null);
            var assets = TokenizerAssets.Load(recipe.Training, placement, recipe.Seed);
            var trainer = new TokenizerTrainer(model, recipe.Training, assets, recipe.Seed, Lists(form));
            var size = recipe.Data.ImageSize ?? config.ImageSize;
            var data = TrainingData.Open(recipe.Data, recipe.Validation, size);
            var loader = new BatchLoader(data.Train, TrainingData.LoaderOptions(recipe, recipe.Schedule, size));
            var parts = recipe.Schedule.Accumulation;
            var measured = new MeasuredTrainer<TokenizerBatch>(form, trainer, step => form.ReadsAhead
                ? new ImageFeed(loader, step, parts)
                : new SynchronousImages(new SynchronousBatches(data.Train, loader.Options), step, parts), [data]);
            trainer.PartDone = measured.Done;
            return (measured, trainer);
        });

    /// <summary>A generator's trainer in some forms; the codes of images are made by a tokenizer of the same form.</summary>
    /// <param name="recipe">What to train, with every number resolved.</param>
    /// <param name="forms">The forms, the library's first.</param>
    public static IReadOnlyList<MeasuredTrainer> Generators(GeneratorRecipe recipe, IReadOnlyList<StepForms> forms) =>
        Build(forms, static trainer => ((GeneratorTrainer)trainer).State, form =>
        {
            var device = recipe.Compute.Device;
            var model = new GeneratorModel(recipe.Model.Architecture, Placement.For(device, Precision.Float32), recipe.Training.Dropout);
            Hita.Generation.Model.GeneratorInitializer.Initialize(model, recipe.Seed);
            var trainer = new GeneratorTrainer(model, recipe.Training, recipe.Seed, Lists(form));
            var tokenizer = Tokenizer(recipe, form);
            var data = CodeData.Open(recipe, tokenizer);
            List<IDisposable> owned = [data, tokenizer];
            var ready = form.CodesReady ? Ready(data) : null;
            IBatchFeed<GeneratorBatch> Open(long step)
            {
                if (ready is not null)
                    return new ReadyCodes(ready, step);
                return form.ReadsAhead || TokenCache.IsCache(recipe.Data.Source) ? data.Feed(step) : Synchronous(step);
            }

            SynchronousCodes Synchronous(long step)
            {
                var size = recipe.Data.ImageSize ?? tokenizer.Config.ImageSize;
                var images = TrainingData.Open(recipe.Data, recipe.Validation, size);
                owned.Add(images);
                var options = TrainingData.LoaderOptions(recipe, recipe.Schedule, size);
                return new SynchronousCodes(new SynchronousBatches(images.Train, options), tokenizer, device, step, recipe.Schedule.Accumulation);
            }

            var measured = new MeasuredTrainer<GeneratorBatch>(form, trainer, Open, owned);
            trainer.PartDone = measured.Done;
            return (measured, trainer);
        });

    private static List<MeasuredTrainer> Build(
        IReadOnlyList<StepForms> forms, Func<IDisposable, IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>>> state,
        Func<StepForms, (MeasuredTrainer Measured, IDisposable Trainer)> build)
    {
        var built = new List<MeasuredTrainer>();
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>>? first = null;
        foreach (var form in forms)
        {
            var (measured, trainer) = build(form);
            built.Add(measured);
            var own = state(trainer);
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
        return [.. Enumerable.Range(1, ReadySteps).Select(_ => feed.NextBatches(CancellationToken.None))];
    }

    private static Placement Place(string device, StepForms form) =>
        Placement.For(device, Precision.Float32) with { ChannelsLast = form.ChannelsLast, FusedNorm = form.FusedNorm };

    private static PerTensorLists? Lists(StepForms form) => form.FusedLists ? null : new PerTensorLists();
}
