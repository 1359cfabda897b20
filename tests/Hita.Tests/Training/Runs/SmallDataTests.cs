using Hita.Runtime;
using Hita.Tests.Data;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Tests.Training.Runs;

/// <summary>Recipes that are written for thousands of images, on data of one's own.</summary>
/// <remarks>Alone, because dropout samples from the tensor library's one generator.</remarks>
[Collection(Alone.Name)]
public sealed class SmallDataTests
{
    [Theory]
    [InlineData(1000, 50_000, 1000)]
    [InlineData(1000, 2000, 1000)]
    [InlineData(1000, 1999, 199)]
    [InlineData(1000, 50, 5)]
    [InlineData(5, 9, 1)]
    [InlineData(4, 8, 4)]
    [InlineData(256, 2, 1)]
    [InlineData(256, 1, 0)]
    [InlineData(0, 1, 0)]
    public void As_many_images_are_held_out_as_the_data_can_spare(int asked, int images, int held)
    {
        Assert.Equal(held, FittedToData.HeldOut(asked, images));
        Assert.Equal(held == asked, FittedToData.HeldOutNote(asked, images) is null);
    }

    [Theory]
    [InlineData(32, 1, 45, 32, 1)]
    [InlineData(256, 8, 50, 48, 8)]
    [InlineData(256, 8, 5, 5, 5)]
    [InlineData(256, 1, 1, 1, 1)]
    public void Steps_are_of_no_more_images_than_there_are(int batch, int parts, int images, int fittedBatch, int fittedParts)
    {
        var asked = new ScheduleSection { Steps = 1, BatchSize = batch, Accumulation = parts };
        var fitted = FittedToData.Schedule(asked, images);
        Assert.Equal((fittedBatch, fittedParts), (fitted.BatchSize, fitted.Accumulation));
        var faults = new FaultCollector();
        fitted.CollectFaults(faults);
        Assert.Empty(faults.Faults);
        Assert.Equal(batch <= images, FittedToData.ScheduleNote(asked, images) is null);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Fifty_images_of_one_class_train_both_stages_with_the_recipes_numbers()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 50, "beach");
        var tokenizer = TinyRuns.Tokenizer(folder["data"], 3);
        tokenizer = tokenizer with
        {
            Validation = new ValidationSection { Count = 1000 },
            Schedule = tokenizer.Schedule with { BatchSize = 64 },
            Training = tokenizer.Training with { Discriminator = null },
            Checkpoints = new CheckpointSection { Every = 2 },
        };
        var told = new Listener();
        TokenizerTraining.Run(tokenizer, folder["run"], RunStart.New, told);
        Assert.Contains("validation.count is 1000, and there are 50 images in all: 5 of them are held out.", told.Notes);
        Assert.Contains("schedule.batch_size is 64, and there are 45 images to learn from: a step takes 44.", told.Notes);
        Assert.Equal([1, 2, 3], told.Steps.Select(static s => s.Step));
        // The run goes on with the recipe as it was given, and with its own.
        TokenizerTraining.Run(tokenizer with { Schedule = tokenizer.Schedule with { Steps = 4 } }, folder["run"], RunStart.Resume);
        TokenizerTraining.Run(TokenizerRecipe.Load(folder["run/recipe.yaml"], ["schedule.steps=5"]), folder["run"], RunStart.Resume);

        File.WriteAllText(folder["generator.yaml"], Generator(folder["run"], folder["data"]));
        var recipe = GeneratorTraining.LoadRecipe(folder["generator.yaml"]);
        Assert.Equal(1, recipe.Model.Architecture.ClassCount);
        var generated = new Listener();
        GeneratorTraining.Run(recipe, folder["generator"], RunStart.New, generated);
        Assert.Equal(2, generated.Steps.Count);
        Assert.Contains(generated.Notes, static n => n.Contains("5 of them are held out", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_single_image_and_a_thousand_classes_train_a_generator()
    {
        using var folder = new TemporaryFolder();
        using (var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer with { ImageSize = 32 }, 1))
            tokenizer.Save(folder["tokenizer"]);
        Sets.WriteClasses(folder["one"], 1, "only");
        Sets.WriteClasses(folder["many"], 1, [.. Enumerable.Range(0, 1000).Select(static i => $"class {i:0000}")]);
        foreach (var (name, classes) in (ReadOnlySpan<(string, int)>)[("one", 1), ("many", 1000)])
        {
            File.WriteAllText(folder[$"{name}.yaml"], Generator(folder["tokenizer"], folder[name]));
            var recipe = GeneratorTraining.LoadRecipe(folder[$"{name}.yaml"]);
            Assert.Equal(classes, recipe.Model.Architecture.ClassCount);
            var told = new Listener();
            GeneratorTraining.Run(recipe, folder[$"{name}-run"], RunStart.New, told);
            Assert.Equal(2, told.Steps.Count);
        }
    }

    private static string Generator(string tokenizer, string data) => $"""
        model:
          architecture:
            width: 32
            layers: 2
            heads: 2
        tokenizer: '{tokenizer}'
        data:
          source: '{data}'
        schedule:
          steps: 2
          batch_size: 64
        validation:
          count: 1000
        samples:
          count: 3
        """;
}
