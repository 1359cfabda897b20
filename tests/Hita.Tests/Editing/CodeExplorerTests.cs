using Hita.Editing;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using static TorchSharp.torch;

namespace Hita.Tests.Editing;

public sealed class CodeExplorerTests
{
    [Fact]
    public void Swapping_in_the_same_codes_changes_nothing_and_others_something()
    {
        using var tokenizer = EditingModels.Tokenizer();
        var image = EditingModels.Photo(64, 64);
        var same = new CodeExplorer(tokenizer).Explore(image, image);
        Assert.Equal(16, same.Effects.Count);
        Assert.All(same.Effects, static e => Assert.Equal((0, 0), (e.MeanChange, e.Reach)));
        EditingModels.AssertSame(tokenizer.Reconstruct(image).Image, same.Reconstruction);

        var other = new CodeExplorer(tokenizer).Explore(image, EditingModels.Photo(64, 64, 2), [2, 15]);
        var codes = tokenizer.Encode([image, EditingModels.Photo(64, 64, 2)]);
        foreach (var effect in other.Effects)
        {
            Assert.Equal((codes[0].Holistic[effect.Index], (int?)codes[1].Holistic[effect.Index]), (effect.Code, effect.OtherCode));
            var swapped = codes[0].Holistic.ToArray();
            swapped[effect.Index] = codes[1].Holistic[effect.Index];
            EditingModels.AssertSame(tokenizer.Decode([new ImageCodes(swapped, codes[0].Patches, 4, 4)])[0], effect.Changed);
            Assert.Equal(effect.Difference.Average(static d => d), effect.MeanChange, 0.5);
        }
    }

    [Fact]
    public void Dropping_a_code_changes_the_image_and_attention_is_a_share()
    {
        using var tokenizer = EditingModels.FreshTokenizer();
        var reports = new List<EditProgress>();
        var found = new CodeExplorer(tokenizer).Explore(EditingModels.Photo(80, 64), codes: [0, 7, 15], progress: new Direct(reports.Add));
        Assert.Equal([0, 7, 15], found.Effects.Select(static e => e.Index));
        Assert.Equal(new EditProgress(3, 3), reports[^1]);
        Assert.All(found.Effects, static e =>
        {
            Assert.Null(e.OtherCode);
            Assert.Equal(16, e.Attention.Count);
            Assert.All(e.Attention, static a => Assert.True(a >= 0));
            Assert.InRange(e.Attention.Sum(), 0.01, 0.9999);
        });
        // The last holistic codes open the decoder's map: they change pixels.
        Assert.True(found.Effects[^1].MeanChange > 0);
        Assert.Contains("0 to 15", Assert.Throws<HitaException>(() => new CodeExplorer(tokenizer).Explore(EditingModels.Photo(64, 64), codes: [16])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Attention_weights_times_values_are_the_attention()
    {
        using var scope = NewDisposeScope();
        var random = new Random(4);
        Tensor Random(int length) => TensorOps.FromFloats([.. Enumerable.Range(0, 2 * length * 8).Select(_ => random.NextSingle() - 0.5f)], 2, length, 8);
        var (q, k, v) = (Random(3), Random(5), Random(5));
        var expected = Attention.Attend(q, k, v, heads: 1).ToFloats();
        var actual = Attention.Weights(q, k, heads: 1).BatchedProduct(v).ToFloats();
        Assert.All(expected.Zip(actual), static p => Assert.Equal(p.First, p.Second, 1e-5));
        Assert.Equal(6, Attention.Weights(q, k, heads: 2).sum(2).ToFloats().Count(static s => Math.Abs(s - 1) < 1e-5));
    }

    [Fact]
    public void The_page_stands_alone_and_lists_every_code()
    {
        using var folder = new TemporaryFolder();
        using var tokenizer = EditingModels.Tokenizer();
        var found = new CodeExplorer(tokenizer).Explore(EditingModels.Photo(64, 64), EditingModels.Photo(64, 64, 2), [1, 3, 5]);
        var page = File.ReadAllText(ExplorationPage.Write(found, folder["page"], "a <b>.jpg"));
        Assert.DoesNotContain("<b>.jpg", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.Equal(3 + (3 * 3), page.Split("src=\"data:image/jpeg;base64,").Length - 1);
        Assert.Equal(page.Split("src=").Length, page.Split("src=\"data:").Length);
        foreach (var name in (ReadOnlySpan<string>)["image", "reconstruction", "other", "all-changes", "all-attention", "code-003-swapped", "code-003-change", "code-003-attention"])
            Assert.True(File.Exists(folder[$"page/{name}.png"]), name);
        // The strongest comes first.
        var order = found.Effects.OrderByDescending(static e => e.MeanChange).Select(e => page.IndexOf($"<b>{e.Index}</b>", StringComparison.Ordinal)).ToList();
        Assert.Equal(order.Order(), order);
    }

    [Fact]
    public void Heat_grows_brighter_with_the_number()
    {
        var last = -1;
        for (var i = 0; i <= 20; i++)
        {
            var (r, g, b) = HeatMap.Colour(i / 20.0);
            var light = (299 * r) + (587 * g) + (114 * b);
            Assert.True(light > last);
            last = light;
        }
        Assert.Equal(HeatMap.Colour(1), HeatMap.Colour(7));
    }

    private sealed class Direct(Action<EditProgress> action) : IProgress<EditProgress>
    {
        public void Report(EditProgress value) => action(value);
    }
}
