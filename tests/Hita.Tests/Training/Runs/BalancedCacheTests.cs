using Hita.Data;
using Hita.Data.Sources;
using Hita.Tests.Data;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Training.Runs;
using Hita.Training.TokenCaches;

namespace Hita.Tests.Training.Runs;

/// <summary>A generator's training on a cache of unequal classes.</summary>
public sealed class BalancedCacheTests
{
    [Fact]
    public void An_epoch_of_a_cache_has_the_classes_equally_often_and_nothing_that_is_held_out()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 14, "many");
        Sets.WriteClasses(folder["data"], 4, "few");
        using var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer with { ImageSize = 32 }, 1);
        tokenizer.Save(folder["tokenizer"]);
        using (var source = FolderSource.OpenClasses(folder["data"]))
            TokenCacheBuilder.Build(source, tokenizer, folder["cache"], new TokenCacheOptions { Augmentation = new Augmentation { Size = 32, Crop = CropMethod.Center, Flip = false } });
        var recipe = TinyRuns.Generator(folder["cache"], folder["tokenizer"], 8);
        using var plain = CodeData.Open(recipe, tokenizer);
        using var balanced = CodeData.Open(recipe with { Data = recipe.Data with { ClassBalance = 1 } }, tokenizer);
        var held = plain.HeldOut(CancellationToken.None).SelectMany(static b => b.Classes).ToList();
        Assert.Equal(2, held.Count);
        Assert.Equal(held, balanced.HeldOut(CancellationToken.None).SelectMany(static b => b.Classes));
        var many = 14 - held.Count(static c => c == 1);
        Assert.Equal((16, 2 * many), (plain.Count, balanced.Count));
        using var feed = balanced.Feed(1);
        var seen = new List<int>();
        for (var step = 1; step <= balanced.StepsPerEpoch; step++)
            seen.AddRange(feed.NextBatches(CancellationToken.None).SelectMany(static b => b.Classes));
        // What does not fill a step is left out.
        Assert.InRange(Math.Abs(seen.Count(static c => c == 0) - seen.Count(static c => c == 1)), 0, balanced.Count - seen.Count);
    }
}
