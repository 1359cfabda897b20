using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization.Model;
using Hita.Training;
using Hita.Training.Recipes;

namespace Hita.Tests.Training.Recipes;

public sealed class RecipeTests
{
    private const string Smallest = """
        model:
          preset: tiny
        data:
          source: materials
        schedule:
          steps: 10
        """;

    private static readonly IReadOnlyDictionary<string, int> Derived = new Dictionary<string, int>
    {
        ["codebook_size"] = 1024,
        ["holistic_token_count"] = 32,
        ["grid_height"] = 8,
        ["grid_width"] = 8,
        ["class_count"] = 36,
    };

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Path.Combine(TestFiles.Root, "recipes"), "*.yaml").Select(static f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_recipe_is_whole_and_survives_being_written(string file)
    {
        var path = Path.Combine(TestFiles.Root, "recipes", file);
        Assert.InRange(File.ReadLines(path).Count(), 10, 70);
        Assert.StartsWith("# ", File.ReadLines(path).First(), StringComparison.Ordinal);
        if (File.ReadAllText(path).Contains("\ntokenizer:", StringComparison.Ordinal))
        {
            var recipe = GeneratorRecipe.Load(path, derived: static (_, _) => Derived);
            Assert.Equal(recipe, GeneratorRecipe.Parse(recipe.Write()));
            Assert.Equal(36, recipe.Model.Architecture.ClassCount);
        }
        else
        {
            var recipe = TokenizerRecipe.Load(path);
            Assert.Equal(recipe, TokenizerRecipe.Parse(recipe.Write()));
        }
    }

    [Fact]
    public void The_published_recipes_say_the_published_numbers()
    {
        var ultra = TokenizerRecipe.Load(Path.Combine(TestFiles.Root, "recipes", "hita-u.yaml"));
        Assert.True(TokenizerPresets.TryGet("hita-u", out var preset));
        Assert.Equal(preset, ultra.Model.Architecture);
        Assert.Equal(new TokenizerTrainingOptions().Optimizer, ultra.Training.Optimizer);
        Assert.Equal((256, 50, 4), (ultra.Schedule.BatchSize, ultra.Schedule.Epochs, ultra.Schedule.WarmupEpochs));
        Assert.Equal(Precision.BFloat16, ultra.Training.Precision);
        var large = GeneratorRecipe.Load(Path.Combine(TestFiles.Root, "recipes", "gpt-l.yaml"));
        Assert.True(GeneratorPresets.TryGet("hita-l", out var config));
        Assert.Equal(config, large.Model.Architecture);
        Assert.Equal(new GeneratorTrainingOptions().Optimizer, large.Training.Optimizer);
    }

    [Fact]
    public void What_a_recipe_leaves_out_has_the_published_defaults()
    {
        var recipe = TokenizerRecipe.Parse(Smallest);
        Assert.Equal(new TokenizerTrainingOptions(), recipe.Training);
        Assert.Equal("tiny", recipe.Model.Architecture.Preset);
        Assert.Equal(10, recipe.Schedule.Steps);
    }

    [Fact]
    public void Activation_checkpointing_is_off_until_a_recipe_asks_for_it()
    {
        var path = Path.Combine(TestFiles.Root, "recipes", "gpt-b.yaml");
        Assert.False(GeneratorRecipe.Load(path).Training.ActivationCheckpointing);
        Assert.True(GeneratorRecipe.Load(path, ["training.activation_checkpointing=true"]).Training.ActivationCheckpointing);
    }

    [Theory]
    [InlineData("trainin: {}", "line 7: there is no key 'trainin'; did you mean 'training'?")]
    [InlineData("training:\n  optimizer:\n    lerning_rate: 1", "line 9: there is no key 'lerning_rate' in training.optimizer; did you mean 'learning_rate'?")]
    [InlineData("training:\n  optimizer:\n    decay: cosin", "line 9: training.optimizer.decay is 'cosin', it must be one of constant, cosine; did you mean 'cosine'?")]
    [InlineData("seed: -1", "line 7: seed is '-1', it must be a whole number of 0 or more")]
    [InlineData("validation:\n  count: 2.5", "line 8: validation.count is '2.5', it must be a whole number")]
    [InlineData("validation: [1]", "line 7: validation is a list, it must be a section with keys")]
    [InlineData("checkpoints:\n  every: 0", "checkpoints.every is 0, it must be 1 or more")]
    [InlineData("training:\n  dropout: 2", "training.dropout is 2, 0 to below 1 are possible")]
    [InlineData("training:\n  scope: decoder\n  reconstruction_weight: 0\n  perceptual: null", "training.reconstruction_weight is 0 and perceptual is null, so that nothing teaches the decoder, which scope trains alone")]
    public void A_fault_is_named_with_its_line_and_the_nearest_key(string addition, string fault)
    {
        var thrown = Assert.Throws<ConfigException>(() => TokenizerRecipe.Parse($"{Smallest}\n{addition}", "a.yaml"));
        Assert.Equal($"a.yaml: {fault}", thrown.Message);
    }

    [Fact]
    public void All_faults_are_listed_at_once()
    {
        var thrown = Assert.Throws<ConfigException>(() => TokenizerRecipe.Parse("model:\n  preset: tinny\ndata:\n  sourc: x\nscedule: {}"));
        Assert.Contains("there is no preset 'tinny'; did you mean 'tiny'?", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'source'?", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("data.source is missing", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'schedule'?", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("schedule is missing", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a: [1", "line ")]
    [InlineData("a: 1\na: 2", "line 2")]
    [InlineData("- 1", "a recipe consists of sections")]
    [InlineData("a: 1\n---\nb: 2", "line 3: a recipe is one document")]
    public void What_is_no_recipe_is_refused_in_a_sentence(string text, string part)
    {
        var thrown = Assert.Throws<HitaException>(() => TokenizerRecipe.Parse(text, "a.yaml"));
        Assert.StartsWith("a.yaml: ", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(part, thrown.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_other_stages_recipe_is_refused_in_a_sentence()
    {
        var (tokenizer, generator) = (Path.Combine(TestFiles.Root, "recipes", "materials-tokenizer.yaml"), Path.Combine(TestFiles.Root, "recipes", "materials-generator.yaml"));
        Assert.Equal(
            $"{generator}: this is the recipe of a generator, not of a tokenizer; use 'hita train generator'.",
            Assert.Throws<HitaException>(() => TokenizerRecipe.Load(generator)).Message);
        Assert.Equal(
            $"{tokenizer}: this is the recipe of a tokenizer, not of a generator; use 'hita train tokenizer'.",
            Assert.Throws<HitaException>(() => GeneratorRecipe.Load(tokenizer, ["tokenizer=runs/tokenizer"])).Message);
    }

    [Fact]
    public void A_change_that_cannot_be_read_is_answered_with_one_that_can()
    {
        var refused = Assert.Throws<HitaException>(() => TokenizerRecipe.Parse(Smallest, sets: ["foo"])).Message;
        var example = refused[(refused.LastIndexOf(' ') + 1)..].TrimEnd('.');
        Assert.Equal(2e-4, TokenizerRecipe.Parse(Smallest, sets: [example]).Training.Optimizer.LearningRate);
    }

    [Fact]
    public void Repeated_aliases_do_not_blow_up()
    {
        var lines = new List<string> { "a0: &a0 [x, x, x, x, x, x, x, x, x, x]" };
        for (var i = 1; i < 9; i++)
            lines.Add($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]");
        var thrown = Assert.Throws<HitaException>(() => TokenizerRecipe.Parse(string.Join('\n', lines)));
        Assert.Contains("too large", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_on_the_command_line_win()
    {
        var recipe = TokenizerRecipe.Parse(
            Smallest,
            sets:
            [
                "training.optimizer.learning_rate=2e-4", "data.source='a: b'", "schedule.steps=1_000", "training.perceptual=null",
                "model.architecture.holistic.semantic_encoder=null", "model.architecture.channel_multipliers=[1, 2]", "schedule.steps=20",
            ]);
        Assert.Equal(2e-4, recipe.Training.Optimizer.LearningRate);
        Assert.Equal(0.9, recipe.Training.Optimizer.Beta1);
        Assert.Equal("a: b", recipe.Data.Source);
        Assert.Equal(20, recipe.Schedule.Steps);
        Assert.Null(recipe.Training.Perceptual);
        Assert.Null(recipe.Model.Architecture.Holistic!.SemanticEncoder);
        Assert.Equal([1, 2], recipe.Model.Architecture.ChannelMultipliers);
        Assert.Equal(recipe, TokenizerRecipe.Parse(recipe.Write()));
    }

    [Theory]
    [InlineData("model:\ndata:\n  source: materials\nschedule:\n  steps: 1", "line 1: model is empty, it must be a section with keys")]
    [InlineData("model:\n  preset: tiny\ndata:\nschedule:\n  steps: 1", "line 3: data is empty, it must be a section with keys")]
    [InlineData("model:\n  preset: tiny\ndata:\n  source: materials\nschedule: ~", "line 5: schedule is empty, it must be a section with keys")]
    [InlineData("model:\n  architecture:\ndata:\n  source: materials\nschedule:\n  steps: 1", "line 2: model.architecture is empty, it must be a section with keys")]
    public void A_section_that_must_say_something_and_is_empty_is_told(string text, string fault) =>
        Assert.Equal($"a.yaml: {fault}", Assert.Throws<ConfigException>(() => TokenizerRecipe.Parse(text, "a.yaml")).Message);

    [Fact]
    public void An_empty_section_that_can_be_left_out_has_its_defaults() =>
        Assert.Equal(new ValidationSection(), TokenizerRecipe.Parse(Smallest + "\nvalidation:\ntraining:\n  optimizer:").Validation);

    [Theory]
    [InlineData("schedule.steps=300", 300L, null)]
    [InlineData("schedule.epochs=2.5", null, 2.5)]
    [InlineData("schedule={steps: 7}", 7L, null)]
    public void Setting_one_of_two_keys_that_exclude_each_other_replaces_the_other(string set, long? steps, double? epochs)
    {
        foreach (var stated in (string[])["steps: 10", "epochs: 4"])
        {
            var schedule = TokenizerRecipe.Parse(Smallest.Replace("steps: 10", stated, StringComparison.Ordinal), sets: [set]).Schedule;
            Assert.Equal((steps, epochs), (schedule.Steps, schedule.Epochs));
        }
    }

    [Fact]
    public void The_last_of_two_changes_counts_and_both_in_a_file_are_refused()
    {
        Assert.Equal(3, TokenizerRecipe.Parse(Smallest, sets: ["schedule.steps=2", "schedule.epochs=3"]).Schedule.Epochs);
        Assert.Equal(10, TokenizerRecipe.Parse(Smallest, sets: ["schedule.epochs=null"]).Schedule.Steps);
        Assert.Equal(
            "a.yaml: schedule has both steps and epochs; leave one of them out",
            Assert.Throws<ConfigException>(() => TokenizerRecipe.Parse(Smallest + "\n  epochs: 3", "a.yaml")).Message);
        var warmed = TokenizerRecipe.Parse(Smallest + "\n  warmup_epochs: 0.5", sets: ["training.optimizer.warmup_steps=5"]);
        Assert.Equal((null, 5), (warmed.Schedule.WarmupEpochs, warmed.Training.Optimizer.WarmupSteps));
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    public void Nesting_deeper_than_any_stack_is_refused(string open, string close)
    {
        var value = string.Concat(Enumerable.Repeat(open, 100_000)) + string.Concat(Enumerable.Repeat(close, 100_000));
        Assert.Contains("too large or too deep", Assert.Throws<HitaException>(() => TokenizerRecipe.Parse($"a: {value}")).Message, StringComparison.Ordinal);
        Assert.Contains("too large or too deep", Assert.Throws<HitaException>(() => TokenizerRecipe.Parse(Smallest, sets: [$"a={value}"])).Message, StringComparison.Ordinal);
        Assert.Contains("is not of the form", Assert.Throws<HitaException>(() => TokenizerRecipe.Parse(Smallest, sets: [$"{string.Join('.', Enumerable.Repeat('a', 100_000))}=1"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense", "is not of the form section.key=value")]
    [InlineData("=1", "is not of the form section.key=value")]
    [InlineData("a..b=1", "is not of the form section.key=value")]
    [InlineData("schedule.steps=[", "the value is not YAML")]
    [InlineData("schedule.stepz=1", "--set schedule.stepz=1: there is no key 'stepz' in schedule; did you mean 'steps'?")]
    public void A_wrong_setting_is_named(string set, string part)
    {
        var thrown = Assert.ThrowsAny<HitaException>(() => TokenizerRecipe.Parse(Smallest, sets: [set]));
        Assert.Contains(part, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_generators_architecture_takes_what_it_leaves_open_from_tokenizer_and_data()
    {
        const string Text = """
            model:
              preset: hita-b
              architecture:
                layers: 3
                class_count: 40
            tokenizer: somewhere
            data:
              source: materials
            schedule:
              epochs: 1.5
            """;
        var config = GeneratorRecipe.Parse(Text, derived: static (tokenizer, data) => tokenizer == "somewhere" && data.Source == "materials" ? Derived : throw new InvalidOperationException()).Model.Architecture;
        // The file over the derived over the preset.
        Assert.Equal((768, 3, 40, 32, 8), (config.Width, config.Layers, config.ClassCount, config.HolisticTokenCount, config.GridHeight));
    }
}
