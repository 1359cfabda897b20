using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization.Model;
using Hita.Training.Recipes;
using Hita.Training.Runs;
using Hita.Training.TokenCaches;

namespace Hita.Tests.Runtime;

/// <summary>What older versions wrote still opens.</summary>
public sealed class RenamedKeysTests
{
    private const string OldRecipe = """
        model:
          preset: hita-v
        data:
          source: materials
          most_unreadable: 0.25
        schedule:
          steps: 10
        health:
          most_skipped: 3
        """;

    [Fact]
    public void A_checkpoint_of_an_older_version_is_read()
    {
        var state = ConfigJson.Read<CheckpointState>(
            """{"version":1,"stage":"tokenizer","step":400,"epoch":1,"step_in_epoch":20,"seed":0,"data":"6345 pictures","pictures":6089,"files":{"config.json":566}}""", "state.json");
        Assert.Equal((1, 400L, 6089L, 566L), (state.Version, state.Step, state.Images, state.Files["config.json"]));
    }

    [Fact]
    public void A_token_cache_of_an_older_version_is_read()
    {
        using var folder = new TemporaryFolder();
        var info = new TokenCacheInfo
        {
            ModelHash = "0123",
            CodebookSize = 64,
            HolisticTokenCount = 8,
            GridHeight = 8,
            GridWidth = 8,
            Variants = 1,
            ImageSize = 16,
            Crop = Hita.Data.CropMethod.Center,
            Flip = false,
            TenCropScales = [1.1],
            Source = "a folder",
            Images = 5,
            ClassNames = [],
        };
        File.WriteAllText(folder[TokenCacheInfo.FileName], ConfigJson.Write(info).Replace("\"images\"", "\"pictures\"", StringComparison.Ordinal));
        Assert.Equal(5, TokenCacheInfo.Read(folder.Path).Images);
    }

    [Fact]
    public void A_recipe_of_an_older_version_is_read_and_told_of()
    {
        var recipe = TokenizerRecipe.Parse(OldRecipe, sets: ["health.most_skipped=4"]);
        Assert.Equal((0.25, 4), (recipe.Data.MaxUnreadable, recipe.Health.MaxSkipped));
        Assert.Equal(
            [
                "line 5: data.most_unreadable is called data.max_unreadable now; its value is taken.",
                "line 9: health.most_skipped is called health.max_skipped now; its value is taken.",
                "--set health.most_skipped=4: health.most_skipped is called health.max_skipped now; its value is taken.",
            ],
            recipe.Notes);
        // Written again, it has the present names and nothing is left to tell.
        var written = recipe.Write();
        Assert.DoesNotContain("most_", written, StringComparison.Ordinal);
        Assert.Empty(TokenizerRecipe.Parse(written).Notes);
    }

    [Fact]
    public void A_key_that_is_twice_in_a_section_of_several_kinds_is_a_sentence()
    {
        var thrown = Assert.Throws<CheckpointException>(() => ConfigJson.Read<HolisticConfig>("""{"semantic_encoder":{"width":1,"width":2}}""", "config.json"));
        Assert.Contains("a key is there twice", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_two_names_for_one_key_the_old_one_is_refused()
    {
        var thrown = Assert.Throws<ConfigException>(() => TokenizerRecipe.Parse(OldRecipe + "\n  max_skipped: 5\n"));
        Assert.Contains("line 9: there is no key 'most_skipped' in health; did you mean 'max_skipped'?", thrown.Message, StringComparison.Ordinal);
        var twice = Assert.Throws<CheckpointException>(() => ConfigJson.Read<CheckpointState>("""{"pictures":1,"images":2}""", "state.json"));
        Assert.Contains("there is no key 'pictures'", twice.Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => ConfigJson.Read<CheckpointState>("""{"pictures":1,"pictures":2}""", "state.json"));
        Assert.Throws<CheckpointException>(() => ConfigJson.Read<CheckpointState>("""["pictures" """, "state.json"));
    }
}
