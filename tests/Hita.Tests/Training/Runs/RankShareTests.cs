using Hita.Data;
using Hita.Data.Sources;
using Hita.Runtime;
using Hita.Tests.Data;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Training;
using Hita.Training.Recipes;
using Hita.Training.Runs;
using Hita.Training.TokenCaches;

namespace Hita.Tests.Training.Runs;

/// <summary>How the images of a step are shared out.</summary>
public sealed class RankShareTests
{
    [Theory]
    [InlineData(8, 1, 1, 1)] // One process is left alone.
    [InlineData(8, 1, 4, 4)]
    [InlineData(8, 4, 2, 4)]
    [InlineData(24, 2, 3, 3)]
    [InlineData(24, 4, 3, 6)]
    [InlineData(20, 3, 2, 4)]
    [InlineData(256, 1, 256, 256)]
    public void Parts_of_a_step_divide_it_and_are_shared_out_evenly(int batch, int asked, int ranks, int parts)
    {
        var share = new RankShare(0, ranks);
        var fitted = share.Fit(new ScheduleSection { Steps = 1, BatchSize = batch, Accumulation = asked });
        Assert.Equal((batch, parts), (fitted.BatchSize, fitted.Accumulation));
        Assert.Equal(batch, ranks * share.BatchOf(fitted));
        Assert.Equal(0, share.BatchOf(fitted) % share.PartsOf(fitted));
        Assert.Equal(parts == asked, RankShare.Note(new ScheduleSection { Steps = 1, BatchSize = batch, Accumulation = asked }, fitted) is null);
    }

    [Fact]
    public void What_cannot_be_shared_out_is_refused()
    {
        var refused = Assert.Throws<HitaException>(() => new RankShare(0, 4).Fit(new ScheduleSection { Steps = 1, BatchSize = 10, Accumulation = 2 }));
        Assert.Contains("set schedule.batch_size to a multiple of 4, such as 8.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_keeps_the_parts_that_it_was_begun_with_where_they_divide_the_recipes()
    {
        var (asked, stored) = (new ScheduleSection { Steps = 1, BatchSize = 24, Accumulation = 2 }, new ScheduleSection { Steps = 1, BatchSize = 24, Accumulation = 8 });
        Assert.Equal(8, new RankShare(0, 2).Continue(asked, stored).Accumulation);
        Assert.Equal(2, new RankShare(0, 2).Continue(asked, stored with { Accumulation = 3 }).Accumulation);
        Assert.Equal(2, new RankShare(0, 2).Continue(asked, null).Accumulation);
        // One process is told what differs, as ever.
        Assert.Equal(2, RankShare.Whole.Continue(asked, stored).Accumulation);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ranks_together_learn_from_what_one_process_does(bool cached)
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 7, "ant", "bee");
        using var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer with { ImageSize = 32 }, 1);
        tokenizer.Save(folder["tokenizer"]);
        using (var source = FolderSource.OpenClasses(folder["data"]))
            TokenCacheBuilder.Build(source, tokenizer, folder["cache"], new TokenCacheOptions { Augmentation = new Augmentation { Size = 32, Crop = CropMethod.Center, Flip = true } });
        var recipe = TinyRuns.Generator(folder[cached ? "cache" : "data"], folder["tokenizer"], 8);
        var whole = Steps(null);
        var ranks = Enumerable.Range(0, 2).Select(r => Steps(new RankShare(r, 2))).ToList();
        for (var step = 0; step < whole.Count; step++)
        {
            var together = ranks.SelectMany(r => r[step]).ToList();
            // Part by part, as what is random in a part depends on its number.
            Assert.Equal(whole[step].Select(static b => b.Classes), together.Select(static b => b.Classes));
            Assert.Equal(whole[step].Select(static b => b.Holistic), together.Select(static b => b.Holistic));
            Assert.Equal(whole[step].Select(static b => b.Patches), together.Select(static b => b.Patches));
        }

        // Over the end of the first epoch.
        List<IReadOnlyList<GeneratorBatch>> Steps(RankShare? share)
        {
            using var data = CodeData.Open(recipe, tokenizer, share);
            using var feed = data.Feed(2);
            return [.. Enumerable.Range(0, 4).Select(_ => feed.NextBatches(CancellationToken.None))];
        }
    }
}
