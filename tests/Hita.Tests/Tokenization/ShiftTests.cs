using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Tests.Tokenization;

/// <summary>The last k patch codes never reach a pixel, every other code does.</summary>
public sealed class ShiftTests
{
    [Fact]
    public void The_last_k_patch_codes_leave_the_image_identical_and_the_one_before_does_not()
    {
        Assert.True(TokenizerPresets.TryGet("tiny", out var config));
        using var tokenizer = ImageTokenizer.CreateByName(config, options: new TokenizerOptions { DecoderOnly = true });
        int n = config.GridSide * config.GridSide, k = config.Holistic!.Shift;
        var patches = Enumerable.Range(0, n).Select(i => i * 37 % config.CodebookSize).ToArray();
        var holistic = Enumerable.Range(0, config.HolisticTokenCount).Select(i => i * 53 % config.CodebookSize).ToArray();

        var image = Decode(patches, holistic);
        for (var i = n - k; i < n; i++)
            Assert.Equal(image, Decode(Changed(patches, i), holistic));
        Assert.NotEqual(image, Decode(Changed(patches, n - k - 1), holistic));
        for (var i = 0; i < holistic.Length; i++)
            Assert.NotEqual(image, Decode(patches, Changed(holistic, i)));

        byte[] Decode(int[] p, int[] h) => tokenizer.Decode([new ImageCodes(h, p, config.GridSide, config.GridSide)])[0].Pixels.ToArray();
        int[] Changed(int[] codes, int at) => [.. codes.Select((c, i) => i == at ? (c + 101) % config.CodebookSize : c)];
    }
}
