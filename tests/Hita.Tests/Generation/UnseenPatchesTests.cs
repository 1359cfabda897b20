using Hita.Tests.Training;

namespace Hita.Tests.Generation;

public sealed class UnseenPatchesTests
{
    [Theory]
    [InlineData(3, 3, 2, 2)]
    [InlineData(3, 3, 8, 8)]
    [InlineData(2, 2, 4, 3)]
    [InlineData(1, 1, 4, 0)]
    [InlineData(3, 3, 0, 0)]
    public void The_shift_leaves_so_many_patches_unseen_but_one_is_always_sampled(int height, int width, int shift, int unseen)
    {
        var generator = TinyTrainers.Generator with { GridHeight = height, GridWidth = width };
        var tokenizer = TinyTrainers.Tokenizer with { Holistic = TinyTrainers.Tokenizer.Holistic! with { Shift = shift } };
        Assert.Equal(unseen, generator.UnseenPatchesOf(tokenizer));
    }

    [Fact]
    public void Without_holistic_tokens_every_patch_is_seen() =>
        Assert.Equal(0, TinyTrainers.Generator.UnseenPatchesOf(TinyTrainers.Tokenizer with { Holistic = null }));
}
