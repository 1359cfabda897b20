using System.Text.Json;
using Hita.Data;
using Hita.Data.Sources;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Training.Recipes;
using Hita.Training.Runs;
using Hita.Training.TokenCaches;

namespace Hita.Tests.Training.Runs;

/// <summary>Runs of both stages from images to models, and that a resumed one equals one in one piece.</summary>
/// <remarks>Alone, because dropout samples from the tensor library's one generator, which other tests seed and sample from as well.</remarks>
[Collection(Alone.Name)]
public sealed class ResumeTests
{
    [Fact]
    public void A_resumed_tokenizer_run_equals_one_in_one_piece_to_the_bit()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        var recipe = TinyRuns.Tokenizer(folder["data"], 8);
        var straight = new TinyRuns.Snapshot(folder["straight"], folder["killed"], 4);
        TokenizerTraining.Run(recipe, folder["straight"], RunStart.New, straight);
        var resumed = new Listener();
        TokenizerTraining.Run(recipe, folder["killed"], RunStart.Resume, resumed);
        Assert.Equal([5, 6, 7, 8], resumed.Steps.Select(s => s.Step));
        TinyRuns.RequireEqual(folder["straight"], folder["killed"], 8);
        Assert.Contains("discriminator.safetensors", TinyRuns.Checkpoint(folder["killed"], 8).Keys);
        RequireSameLosses(folder["straight"], folder["killed"]);
        Assert.Equal(File.ReadAllBytes(folder["straight/samples/reconstructions-00000008.png"]), File.ReadAllBytes(folder["killed/samples/reconstructions-00000008.png"]));

        using var tokenizer = ImageTokenizer.Load(folder["killed/model"]);
        Assert.Equal(32, tokenizer.Reconstruct(ImageFiles.Noise(32, 32, 1)).Image.Width);
    }

    [Fact]
    public void A_resumed_generator_run_equals_one_in_one_piece_to_the_bit_from_a_cache_and_from_images()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        var config = TinyTrainers.Tokenizer with { ImageSize = 32 };
        using (var tokenizer = ImageTokenizer.Create(config, 1))
        using (var source = FolderSource.OpenClasses(folder["data"]))
        {
            tokenizer.Save(folder["tokenizer"]);
            var options = new TokenCacheOptions { Augmentation = new Augmentation { Size = 32, Crop = CropMethod.Ten }, CommitEvery = 4, BatchSize = 8 };
            TokenCacheBuilder.Build(source, tokenizer, folder["cache"], options);
        }
        foreach (var data in (string[])["cache", "data"])
        {
            var recipe = TinyRuns.Generator(folder[data], folder["tokenizer"], 8);
            var run = folder[$"run-{data}"];
            GeneratorTraining.Run(recipe, run, RunStart.New, new TinyRuns.Snapshot(run, run + "-killed", 4));
            GeneratorTraining.Run(recipe, run + "-killed", RunStart.Resume);
            TinyRuns.RequireEqual(run, run + "-killed", 8);
            RequireSameLosses(run, run + "-killed");
        }

        // What a run leaves is a model that commands take, names included.
        using var pipeline = ImagePipeline.Load(folder["run-cache/model"], folder["tokenizer"]);
        Assert.Equal([1], pipeline.Generator.Classes.FindAll("bee"));
        var images = new List<Image>();
        pipeline.Generate(new GenerationRequest { Classes = [1] }, image => images.Add(image.Image));
        Assert.Equal(32, Assert.Single(images).Width);
    }

    [Fact]
    public void A_run_whose_newest_checkpoint_rotted_goes_on_from_the_one_before_and_ends_equal_to_the_bit()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        var recipe = TinyRuns.Tokenizer(folder["data"], 6) with { Checkpoints = new CheckpointSection { Every = 2 } };
        TokenizerTraining.Run(recipe, folder["straight"], RunStart.New, new TinyRuns.Snapshot(folder["straight"], folder["rotten"], 4));
        var newest = folder["rotten/checkpoints/step-00000004/model.safetensors"];
        NewestCheckpointTests.FlipBytes(newest, (int)new FileInfo(newest).Length - 64, 64);
        var resumed = new Listener();
        TokenizerTraining.Run(recipe, folder["rotten"], RunStart.Resume, resumed);
        Assert.Contains(resumed.Notes, static n => n.StartsWith("The newest checkpoint is damaged (step 4, model.safetensors does not match its checksum)", StringComparison.Ordinal));
        Assert.Equal([3, 4, 5, 6], resumed.Steps.Select(s => s.Step));
        TinyRuns.RequireEqual(folder["straight"], folder["rotten"], 6);
    }

    [Fact]
    public void Only_length_and_cadence_may_change_when_a_run_is_resumed()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        var recipe = TinyRuns.Tokenizer(folder["data"], 2) with { Samples = new ReconstructionSamples { Count = 0 } };
        TokenizerTraining.Run(recipe, folder["run"], RunStart.New);

        Assert.Contains("the run has taken all its 2 steps", Refusal(recipe), StringComparison.Ordinal);
        var refused = Refusal(recipe with { Seed = 3, Training = recipe.Training with { Dropout = 0.2 }, Schedule = recipe.Schedule with { Steps = 3 } });
        Assert.Contains("seed (11 in the run, 3 now), training.dropout (0.1 in the run, 0.2 now) differ:", refused, StringComparison.Ordinal);
        File.Delete(Directory.EnumerateFiles(folder["data/ant"]).First());
        Assert.Contains("the run learned from 15 images", Refusal(recipe with { Schedule = recipe.Schedule with { Steps = 3 } }), StringComparison.Ordinal);
        Hita.Tests.Data.Sets.WriteClasses(folder["data"], 6, "ant", "bee", "cat");
        TokenizerTraining.Run(recipe with { Schedule = recipe.Schedule with { Steps = 3 }, Checkpoints = new CheckpointSection { Every = 1, Keep = 5 } }, folder["run"], RunStart.Resume);
        Assert.Equal(3, TinyRuns.Checkpoint(folder["run"], 3).Keys.Count(k => k is "model.safetensors" or "ema.safetensors" or "optimizer.safetensors"));

        string Refusal(TokenizerRecipe changed) =>
            Assert.Throws<HitaException>(() => TokenizerTraining.Run(changed, folder["run"], RunStart.Resume)).Message;
    }

    [Fact]
    public void A_decay_that_ends_with_the_run_keeps_its_end_when_the_run_is_made_longer()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        var recipe = TinyRuns.Tokenizer(folder["data"], 2) with { Samples = new ReconstructionSamples { Count = 0 } };
        recipe = recipe with
        {
            Training = recipe.Training with { Optimizer = recipe.Training.Optimizer with { Decay = Hita.Training.Optimization.RateDecay.Cosine, FinalRate = 1e-6 } },
        };
        TokenizerTraining.Run(recipe, folder["run"], RunStart.New);
        var longer = new Listener();
        TokenizerTraining.Run(recipe with { Schedule = recipe.Schedule with { Steps = 3 } }, folder["run"], RunStart.Resume, longer);
        Assert.Equal(1e-6, Assert.Single(longer.Steps).Values.Single(v => v.Key == "learning_rate").Value, 12);

        var late = recipe with { Training = recipe.Training with { Optimizer = recipe.Training.Optimizer with { WarmupSteps = 2 } } };
        var refused = Assert.Throws<ConfigException>(() => TokenizerTraining.Run(late, folder["late"], RunStart.New)).Message;
        Assert.Contains("the run has 2 steps and the learning rate rises over 2", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_generator_is_tuned_to_other_classes_and_a_tokenizers_decoder_alone()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        using (var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer with { ImageSize = 32 }, 1))
            tokenizer.Save(folder["tokenizer"]);
        var recipe = TinyRuns.Generator(folder["data"], folder["tokenizer"], 1);
        using (var generator = ImageGenerator.Create(recipe.Model.Architecture with { ClassCount = 7 }, 5))
            generator.Save(folder["generator"]);
        var listener = new Listener();
        GeneratorTraining.Run(recipe with { Model = recipe.Model with { InitFrom = folder["generator"] } }, folder["tuned"], RunStart.New, listener);
        Assert.Contains("The class table is begun anew for 3 classes instead of 7; the row for no class is kept.", listener.Notes);

        var decoder = TinyRuns.Tokenizer(folder["data"], 1);
        decoder = decoder with
        {
            Model = decoder.Model with { InitFrom = folder["tokenizer"] },
            Training = decoder.Training with { Scope = Hita.Training.TokenizerScope.Decoder, Discriminator = null },
        };
        TokenizerTraining.Run(decoder, folder["decoder"], RunStart.New);
        using var before = ImageTokenizer.Load(folder["tokenizer"]);
        using var after = ImageTokenizer.Load(folder["decoder/model"]);
        var image = ImageFiles.Noise(32, 32, 2);
        Assert.Equal(before.Encode([image])[0].Patches, after.Encode([image])[0].Patches);
        Assert.False(before.Reconstruct(image).Image.Pixels.SequenceEqual(after.Reconstruct(image).Image.Pixels));
    }

    [Fact]
    public void Held_out_images_of_more_classes_are_refused_before_the_first_step_and_other_names_are_told()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        Hita.Tests.Data.Sets.WriteClasses(folder["more"], 2, "ant", "bee", "cat", "dog");
        Hita.Tests.Data.Sets.WriteClasses(folder["other"], 2, "ant", "bee", "dog");
        using (var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer with { ImageSize = 32 }, 1))
            tokenizer.Save(folder["tokenizer"]);
        var recipe = TinyRuns.Generator(folder["data"], folder["tokenizer"], 1) with { Samples = new ClassSamples { Count = 0 } };
        var listener = new Listener();
        var refused = Assert.Throws<ConfigException>(() => GeneratorTraining.Run(
            recipe with { Validation = new ValidationSection { Source = folder["more"], Count = 8 } }, folder["refused"], RunStart.New, listener));
        Assert.Equal(["validation.source has 4 classes, and model.architecture.class_count is 3"], refused.Faults);
        Assert.Empty(listener.Steps);
        GeneratorTraining.Run(recipe with { Validation = new ValidationSection { Source = folder["other"], Count = 6 } }, folder["run"], RunStart.New, listener);
        Assert.Contains(listener.Notes, static n => n.Contains("not named as those of data.source", StringComparison.Ordinal));
    }

    [Fact]
    public void An_image_that_cannot_be_read_is_replaced_and_told()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        File.WriteAllText(folder["data/bee/broken.png"], "no image");
        var recipe = TinyRuns.Tokenizer(folder["data"], 1);
        recipe = recipe with { Schedule = new ScheduleSection { Steps = 1, BatchSize = 19 }, Validation = new ValidationSection { Count = 0 } };
        var listener = new Listener();
        TokenizerTraining.Run(recipe, folder["run"], RunStart.New, listener);
        Assert.Contains(listener.Notes, n => n.StartsWith("Images that cannot be read were replaced by others, 1 in all; the first: ", StringComparison.Ordinal) && n.Contains("broken.png", StringComparison.Ordinal));
    }

    private static void RequireSameLosses(string run, string other)
    {
        var (first, second) = (Losses(run), Losses(other));
        Assert.Equal(8, first.Count);
        Assert.Equal(first, second);
        // The steps differ from each other, or equality would say nothing.
        Assert.Equal(8, first.Distinct().Count());
    }

    private static List<(long Step, double Loss, double Norm)> Losses(string run) =>
    [
        .. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(static l => JsonDocument.Parse(l).RootElement)
            .Select(static l => (l.GetProperty("step").GetInt64(), l.GetProperty("loss").GetDouble(), l.GetProperty("grad_norm").GetDouble())),
    ];
}
